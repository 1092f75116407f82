/**
 * Tables of patients in MIMIC-IV's layout, with the columns that demographics need.
 *
 * @module
 */
import { Draws } from "./draws.ts";
import type { PatientState } from "./patients.ts";
import { bySubjectAndStudy, type TableFile, type WrittenStudy } from "./written_study.ts";

/** Races in MIMIC-IV's wording, about as frequent as there; nothing else about a phantom depends on it. */
const RACES = [
  ...Array<string>(12).fill("WHITE"),
  ...Array<string>(4).fill("BLACK/AFRICAN AMERICAN"),
  "ASIAN - CHINESE",
  "HISPANIC/LATINO - PUERTO RICAN",
  "OTHER",
  "UNKNOWN",
] as const;

/** Creates `patients.csv` and `admissions.csv`, ordered by patient. */
export function patientTables(studies: readonly WrittenStudy[]): TableFile[] {
  const firsts = new Map<number, WrittenStudy["study"]>();
  for (const { study } of bySubjectAndStudy(studies)) {
    const known = firsts.get(study.patient.subjectId);
    if (known === undefined || study.ordinal < known.ordinal) firsts.set(study.patient.subjectId, study);
  }
  const patients = ["subject_id,gender,anchor_age,anchor_year"];
  const admissions = ["subject_id,hadm_id,admittime,race"];
  for (const { patient, date, seed } of firsts.values()) {
    const { subjectId, body } = patient;
    patients.push([subjectId, body.sex, body.age, date.slice(0, 4)].join(","));
    const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)} 00:00:00`;
    // As in MIMIC-IV, patients who were only seen in the emergency department have no admission.
    if (isAdmitted(patient)) {
      admissions.push([subjectId, 20_000_000 + patient.index, day, raceOf(patient, seed)].join(","));
    }
  }
  const file = (name: string, lines: readonly string[]) => ({
    path: `${name}.csv`,
    text: lines.join("\n") + "\n",
    gzip: false,
  });
  return [file("patients", patients), file("admissions", admissions)];
}

function isAdmitted({ index }: PatientState): boolean {
  return index % 10 !== 9;
}

function raceOf({ index }: PatientState, seed: number): string {
  return new Draws("phantom race", seed, index).pick(RACES as unknown as readonly [string, ...string[]]);
}
