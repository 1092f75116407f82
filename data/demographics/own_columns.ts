/**
 * Reads demographics from the tables of data sets that state them for each image.
 *
 * @module
 */
import { imageFinder } from "../index/image_finder.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { findChexpert } from "../readers/chexpert_folders.ts";
import { findChexpertPlus } from "../readers/chexpert_plus/read_chexpert_plus.ts";
import { readCsv } from "../readers/csv.ts";
import { findNih } from "../readers/nih/read_nih.ts";
import { findPadchest } from "../readers/padchest/read_padchest.ts";
import { ageGroup, parseAge, raceGroup, sexGroup, type StudyGroups } from "./demographics.ts";

const IMAGE = ["Path", "path_to_image", "ImageID", "Image Index"];
const SEX = ["Sex", "PatientSex_DICOM", "Patient Gender", "Patient Sex"];
const AGE = ["Age", "Patient Age"];
const RACE = ["race", "ethnicity"];
/** PadChest has the year of birth and the date of the study. */
const DATES = ["PatientBirth", "StudyDate_DICOM"];

/** The tables of a data set that may have columns of age, sex or race. */
export function ownTables(index: StudyIndex): string[] {
  switch (index.dataset) {
    case "chexpert":
      return findChexpert(index.root)?.tables.map(({ path }) => path) ?? [];
    case "chexpert-plus":
      return [findChexpertPlus(index.root)].filter((path) => path !== undefined);
    case "padchest":
      return [findPadchest(index.root)].filter((path) => path !== undefined);
    case "nih":
      return [findNih(index.root)].filter((path) => path !== undefined);
    default:
      return [];
  }
}

/** Reads the tables into the groups of the images' studies; returns the tables' paths. */
export async function readOwnColumns(
  index: StudyIndex,
  { tables, groups, signal }: { tables: readonly string[]; groups: StudyGroups; signal: AbortSignal | undefined },
): Promise<string[]> {
  const finder = imageFinder(index);
  const columns = [...IMAGE, ...SEX, ...AGE, ...DATES, ...RACE];
  const place = (name: string) => columns.indexOf(name);
  const first = (cells: readonly string[], names: readonly string[]) =>
    names.map((name) => cells[place(name)]!).find((cell) => cell !== "") ?? "";
  for (const path of tables) {
    await readCsv(path, {
      columns,
      optional: columns,
      onRow: (cells) => {
        const image = finder.image(first(cells, IMAGE));
        if (image === undefined) return;
        const study = index.images.study[image]!;
        const [birth, date] = DATES.map((name) => Number(cells[place(name)]!.slice(0, 4)));
        const age = birth! > 0 && date! > 0 ? date! - birth! : parseAge(first(cells, AGE));
        // CheXpert Plus states Hispanic origin in a column of its own.
        const [race, ethnicity] = RACE.map((name) => raceGroup(cells[place(name)]!));
        if (groups.age[study]! < 0) groups.age[study] = ageGroup(age);
        if (groups.sex[study]! < 0) groups.sex[study] = sexGroup(first(cells, SEX));
        if (groups.race[study]! < 0) groups.race[study] = ethnicity === HISPANIC ? HISPANIC : race!;
      },
      onBadRow: () => {},
      signal,
    });
  }
  return [...tables];
}

/** The group of Hispanic or Latino patients, whatever their race. */
const HISPANIC = raceGroup("Hispanic");
