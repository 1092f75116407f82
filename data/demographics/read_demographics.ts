/**
 * Finds and reads the demographics of a data set's patients.
 *
 * @module
 */
import { basename, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { exists, findTable } from "../readers/find_table.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { ATTRIBUTES, type Demographics, type StudyGroups } from "./demographics.ts";
import { ownTables, readOwnColumns } from "./own_columns.ts";
import { readPatientTables } from "./patient_tables.ts";

/**
 * Reads age, sex and race. They come from `file`: MIMIC-IV's `patients.csv` (with `admissions.csv` beside it for race),
 * or any table with a patient column and columns of sex, age or race; or its folder. Without it, they come from
 * `patients.csv` in the data directory, or from the own columns of CheXpert, CheXpert Plus, PadChest and NIH
 * ChestX-ray14.
 *
 * @returns `undefined` if no file is given and the data have none.
 * @throws {DataError} for a file that is missing, has no such columns, or is about none of the data's patients.
 */
export async function readDemographics(
  index: StudyIndex,
  { file, signal }: { file?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Demographics | undefined> {
  const { count } = index.studies;
  const groups: StudyGroups = {
    age: new Int8Array(count).fill(-1),
    sex: new Int8Array(count).fill(-1),
    race: new Int8Array(count).fill(-1),
  };
  const patients = file === undefined ? findTable(index.root, ["patients"]) : patientTable(file);
  const own = patients === undefined ? ownTables(index) : [];
  if (patients === undefined && own.length === 0) return undefined;
  const paths = patients === undefined
    ? await readOwnColumns(index, { tables: own, groups, signal })
    : await readPatientTables(index, { path: patients, groups, signal });
  const known = ATTRIBUTES.filter((attribute) => groups[attribute].some((group) => group >= 0));
  if (known.length === 0) {
    if (file === undefined) return undefined;
    throw new DataError("no patient of the data has an age, sex or race in it", { file });
  }
  return {
    source: paths.map((path) => basename(path)).join(", "),
    groups: new Map(known.map((attribute) => [attribute, groups[attribute]])),
  };
}

/** The table of patients that a path names: the table itself, or a folder that holds MIMIC-IV's. */
function patientTable(path: string): string {
  if (!exists(path, "directory")) return path;
  const found = findTable(path, ["patients", join("hosp", "patients")]);
  if (found !== undefined) return found;
  throw new DataError("the folder has no patients.csv (or patients.csv.gz) of MIMIC-IV; name the table", {
    file: path,
  });
}
