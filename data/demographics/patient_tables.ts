/**
 * Reads demographics from tables of patients: MIMIC-IV's, or any with similar columns.
 *
 * @module
 */
import { dirname } from "node:path";
import { DataError } from "../../base/errors.ts";
import { isMissing, numericId } from "../index/cells.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { readCsv } from "../readers/csv.ts";
import { findTable } from "../readers/find_table.ts";
import { ageGroup, GROUPS, parseAge, raceGroup, sexGroup, type StudyGroups } from "./demographics.ts";

const SUBJECT = ["subject_id", "subject", "patient_id", "patient", "patientid", "patient id", "deid_patient_id"];
const SEX = ["gender", "sex", "patient gender", "patient sex"];
const AGE = ["anchor_age", "age", "age_at_cxr", "patient age"];
const RACE = ["race", "primary_race", "ethnicity"];
/** The list of images, which has the date of each study. */
const METADATA = ["mimic-cxr-2.0.0-metadata"];

/** What is known of each patient of the data. */
interface Patients {
  readonly sex: Int8Array;
  readonly age: Float64Array;
  readonly anchorYear: Float64Array;
  /** Counts of each race group, patient-major: a patient may be registered differently at each admission. */
  readonly races: Uint16Array;
}

const RACES = GROUPS.race.length;

/**
 * Reads a table of patients, and `admissions.csv` beside it for race, into the groups of the patients' studies.
 * MIMIC-IV states the age in an anchor year; with the dates of the studies (MIMIC-CXR-JPG's metadata) it is the age at
 * the study, otherwise the stated one. Of several races the most frequent one counts.
 *
 * @returns The paths of the tables that were read.
 * @throws {DataError} for a missing column, or if no patient is one of the data's.
 */
export async function readPatientTables(
  index: StudyIndex,
  { path, groups, signal }: { path: string; groups: StudyGroups; signal: AbortSignal | undefined },
): Promise<string[]> {
  const { count, ids } = index.subjects;
  const subjects = new Map(ids.map((id, subject) => [id, subject]));
  const patients: Patients = {
    sex: new Int8Array(count).fill(-1),
    age: new Float64Array(count).fill(NaN),
    anchorYear: new Float64Array(count).fill(NaN),
    races: new Uint16Array(count * RACES),
  };
  const find = (cell: string) => subjects.get(cell) ?? subjects.get(numericId(cell) ?? cell);
  const found = await readPatients(path, { patients, find, signal });
  if (found === 0) {
    throw new DataError(
      `none of its patients is one of the data in ${index.root}; take the table that belongs to this data set`,
      { file: path },
    );
  }
  const admissions = findTable(dirname(path), ["admissions"]);
  if (admissions !== undefined && admissions !== path) await readPatients(admissions, { patients, find, signal });
  const years = patients.anchorYear.some((year) => year > 0) ? await studyYears(index, signal) : undefined;
  fillStudies(index, { patients, years, groups });
  return admissions === undefined || admissions === path ? [path] : [path, admissions];
}

async function readPatients(
  path: string,
  { patients, find, signal }: {
    patients: Patients;
    find: (cell: string) => number | undefined;
    signal: AbortSignal | undefined;
  },
): Promise<number> {
  let found = 0;
  let stated = false;
  const columns = [...SUBJECT, ...SEX, ...AGE, ...RACE, "anchor_year"];
  const slice = (from: number, names: readonly string[]) => (cells: readonly string[]) =>
    cells.slice(from, from + names.length).find((cell) => cell !== "") ?? "";
  const subjectOf = slice(0, SUBJECT);
  const sexOf = slice(SUBJECT.length, SEX);
  const ageOf = slice(SUBJECT.length + SEX.length, AGE);
  const raceOf = slice(SUBJECT.length + SEX.length + AGE.length, RACE);
  await readCsv(path, {
    columns,
    optional: columns,
    onRow: (cells) => {
      const [id, sex, age, race] = [subjectOf(cells), sexOf(cells), ageOf(cells), raceOf(cells)];
      stated ||= id !== "" && (sex !== "" || age !== "" || race !== "");
      const subject = find(id);
      if (subject === undefined) return;
      found++;
      if (sexGroup(sex) >= 0) patients.sex[subject] = sexGroup(sex);
      if (!isMissing(age)) patients.age[subject] = parseAge(age);
      const year = Number(cells.at(-1));
      if (year > 0) patients.anchorYear[subject] = year;
      const group = raceGroup(race);
      if (group >= 0) patients.races[subject * RACES + group]!++;
    },
    // A table of half a million admissions may well have a row that cannot be read.
    onBadRow: () => {},
    signal,
  });
  if (stated) return found;
  throw new DataError(
    "it has no column of patients (subject_id) with one of sex (gender, sex), age (anchor_age, age) or race (race, " +
      "ethnicity)",
    { file: path },
  );
}

/** The year of each study, from MIMIC-CXR-JPG's metadata; `undefined` without it. */
async function studyYears(index: StudyIndex, signal: AbortSignal | undefined): Promise<Float64Array | undefined> {
  const path = findTable(index.root, METADATA);
  if (path === undefined) return undefined;
  const studies = new Map(index.studies.ids.map((id, study) => [id, study]));
  const years = new Float64Array(index.studies.count).fill(NaN);
  await readCsv(path, {
    columns: ["study_id", "StudyDate"],
    optional: ["StudyDate"],
    onRow: ([id, date]) => {
      const study = studies.get(numericId(id!) ?? "");
      if (study !== undefined && /^\d{8}/.test(date!)) years[study] = Number(date!.slice(0, 4));
    },
    onBadRow: () => {},
    signal,
  });
  return years;
}

function fillStudies(
  index: StudyIndex,
  { patients, years, groups }: { patients: Patients; years: Float64Array | undefined; groups: StudyGroups },
): void {
  for (let study = 0; study < index.studies.count; study++) {
    const subject = index.studies.subject[study]!;
    const shift = (years?.[study] ?? NaN) - patients.anchorYear[subject]!;
    groups.age[study] = ageGroup(patients.age[subject]! + (Number.isNaN(shift) ? 0 : shift));
    groups.sex[study] = patients.sex[subject]!;
    const counts = patients.races.subarray(subject * RACES, (subject + 1) * RACES);
    const most = Math.max(...counts);
    groups.race[study] = most > 0 ? counts.indexOf(most) : -1;
  }
}
