/**
 * Age, sex and race of patients, as groups: no other value is kept, so that results contain counts and rates of groups
 * only.
 *
 * @module
 */
import { isMissing } from "../index/cells.ts";

/** The attributes by which patients are grouped. */
export const ATTRIBUTES = ["age", "sex", "race"] as const;
/** One of {@linkcode ATTRIBUTES}. */
export type Attribute = typeof ATTRIBUTES[number];

/** The groups of each attribute, in the order of tables. */
export const GROUPS: Readonly<Record<Attribute, readonly string[]>> = {
  age: ["under 40", "40 to 59", "60 to 79", "80 or over"],
  sex: ["female", "male"],
  race: ["Asian", "Black", "Hispanic or Latino", "White", "other"],
};

/** The group of every study by attribute: an index into {@linkcode GROUPS}, or -1 if unknown. */
export interface Demographics {
  /** Names of the files that it was read from, without folders. */
  readonly source: string;
  /** One entry per study; an attribute that no study has is absent. */
  readonly groups: ReadonlyMap<Attribute, Int8Array>;
}

/** The groups of all studies while they are read; -1 where nothing is known. */
export type StudyGroups = Readonly<Record<Attribute, Int8Array>>;

/** The group of an age in years; -1 for none. */
export function ageGroup(age: number): number {
  if (!(age >= 0 && age < 130)) return -1;
  return age < 40 ? 0 : age < 60 ? 1 : age < 80 ? 2 : 3;
}

/** Parses an age in years, as numbers or as DICOM writes it (`058Y`, `011M`); NaN if it is none. */
export function parseAge(cell: string): number {
  const [, digits, unit = "Y"] = /^(\d{1,3}(?:\.\d+)?)\s*([YMWD]?)$/i.exec(cell.trim()) ?? [];
  if (digits === undefined) return NaN;
  const years = { Y: 1, M: 1 / 12, W: 7 / 365.25, D: 1 / 365.25, "": 1 }[unit.toUpperCase()];
  return Number(digits) * years!;
}

/** The group of a sex or gender, such as `F` or `Female`; -1 for anything else. */
export function sexGroup(cell: string): number {
  const word = cell.trim().toLowerCase();
  return word === "f" || word === "female" ? 0 : word === "m" || word === "male" ? 1 : -1;
}

const RACES: readonly [RegExp, number][] = [
  [/unknown|unable|declined|refused|not (obtained|reported|specified)/, -1],
  [/hispanic|latino/, 2],
  [/white|caucasian/, 3],
  [/black|african/, 1],
  [/native hawaiian|pacific islander/, 4],
  [/asian/, 0],
];

/**
 * The group of a race or ethnicity in the wording of MIMIC-IV (`BLACK/AFRICAN AMERICAN`, `ASIAN - CHINESE`), CheXpert
 * (`White, non-Hispanic`) or others; -1 if it is unknown or was not stated.
 */
export function raceGroup(cell: string): number {
  if (isMissing(cell)) return -1;
  const text = cell.trim().toLowerCase().replace(/,?\s*(non|not)[- ]hispanic.*$/, "");
  if (text === "") return -1;
  return RACES.find(([pattern]) => pattern.test(text))?.[1] ?? 4;
}
