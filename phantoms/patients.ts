/**
 * Patients and studies: the hidden state from which images, labels and metadata are derived.
 *
 * @module
 */
import type { Split } from "../data/index/study_index.ts";
import { Draws } from "./draws.ts";
import {
  drawFactors,
  type Factor,
  type Finding,
  FINDINGS,
  type Severities,
  severitiesOf,
  showsNothing,
} from "./findings.ts";
import { imagesOf, type ImageState } from "./exposures.ts";
import { expertReading, type ReportedLabels, reportedLabels, secondReading } from "./reports.ts";

/** A patient's build, the same in all studies; lengths in centimetres. */
export interface Body {
  /** Sex, as radiographs show it. */
  sex: "F" | "M";
  /** Age in years. */
  age: number;
  /** Half the inner width and depth of the thorax at its widest level. */
  halfWidth: number;
  /** Half the inner depth of the thorax at its widest level. */
  halfDepth: number;
  /** Height of the lungs' apices above the hila. */
  apex: number;
  /** Thickness of the soft tissue around the thorax. */
  wall: number;
  /** Size of the breasts, 0 to about 1.3. */
  breast: number;
  /** The healthy heart's size relative to the average. */
  heart: number;
  /** Forward curvature of the upper spine. */
  kyphosis: number;
  /** Distance between neighbouring ribs. */
  ribSpacing: number;
  /** Height of the first rib above the average. */
  ribOffset: number;
  /** Drop of a rib from the spine to its front end. */
  ribDrop: number;
  /** Half the width of the upper mediastinum. */
  mediastinum: number;
  /** Height of the domes of the diaphragm. */
  dome: number;
  /** Density of bone relative to the average. */
  bone: number;
  /** Density of aerated lung relative to water. */
  lung: number;
}

/** The hidden state of a patient. */
export interface PatientState {
  /** Number of the patient, from 0. */
  index: number;
  /** Identifier in file names. */
  subjectId: number;
  /** Split of the patient. */
  split: Split;
  /** The patient's build. */
  body: Body;
  /** Number of the patient's studies. */
  studyCount: number;
}

/** The hidden state of a study, its labels as reported, and its images. */
export interface StudyState {
  /** Index over all patients, from 0; seeds everything about the study. */
  index: number;
  /** Seed of the whole set. */
  seed: number;
  /** The patient. */
  patient: PatientState;
  /** Number of the study among the patient's, in order of time, from 1. */
  ordinal: number;
  /** Identifier in file names. */
  studyId: number;
  /** YYYYMMDD, shifted into the future like real dates. */
  date: string;
  /** HHMMSS.mmm */
  time: string;
  /** Whether the frontal views were taken at the bedside (AP). */
  portable: boolean;
  /** Severity of each finding, in [0, 1]. */
  severities: Severities;
  /** Labels of the study, as the label files have them. */
  labels: {
    /** The study's labels in each label file; `null` if the file has no row for it. */
    chexpert: ReportedLabels | null;
    negbio: ReportedLabels | null;
    /** Radiologists labelled test studies only. */
    expert: ReportedLabels | null;
  };
  /** The images of the study. */
  images: readonly ImageState[];
}

const PATIENT_FACTORS = ["cardiac", "tumour", "frailty", "lung"] as const satisfies readonly Factor[];
const STUDY_FACTORS = ["acute", "infection", "fluid", "trauma"] as const satisfies readonly Factor[];
const DAY_MS = 86_400_000;

/**
 * Generates the first `count` studies of a seed, in order of patients. Study k does not depend on `count`.
 *
 * @example
 * ```ts
 * for (const study of phantomStudies(1, 10)) console.log(study.studyId, study.severities.Edema);
 * ```
 */
export function* phantomStudies(seed: number, count: number): Generator<StudyState> {
  let index = 0;
  for (let patientIndex = 0; index < count; patientIndex++) {
    for (const study of studiesOfPatient(seed, { patientIndex, firstStudy: index })) {
      if (index === count) return;
      index++;
      yield study;
    }
  }
}

function* studiesOfPatient(
  seed: number,
  { patientIndex, firstStudy }: { patientIndex: number; firstStudy: number },
): Generator<StudyState> {
  const draws = new Draws("phantom patient", seed, patientIndex);
  const traits = drawFactors(draws, PATIENT_FACTORS);
  const own = ownParts(draws);
  const body = drawBody(draws, traits.frailty);
  const studyCount = draws.pick([1, 1, 1, 1, 2, 2, 2, 3, 4, 5]);
  const patient: PatientState = {
    index: patientIndex,
    // A multiplier coprime to ten million makes the ids distinct but unordered.
    subjectId: 10_000_000 + (offset(seed, "subject") + patientIndex * 7_368_787) % 10_000_000,
    split: splitOf(seed, patientIndex),
    body,
    studyCount,
  };
  let day = Date.UTC(2110, 0, 1) + draws.below(80 * 365) * DAY_MS;
  for (let ordinal = 0; ordinal < studyCount; ordinal++) {
    day += (1 + draws.below(400)) * DAY_MS;
    const index = firstStudy + ordinal;
    yield drawStudyState(seed, { index, ordinal: ordinal + 1, patient, traits, own, day });
  }
}

function drawStudyState(
  seed: number,
  { index, ordinal, patient, traits, own, day }: {
    index: number;
    ordinal: number;
    patient: PatientState;
    traits: Record<(typeof PATIENT_FACTORS)[number], number>;
    own: Record<Finding, number>;
    day: number;
  },
): StudyState {
  const draws = new Draws("phantom study", seed, index);
  const factors = { ...traits, ...drawFactors(draws, STUDY_FACTORS) };
  const severities = severitiesOf(factors, { patient: own, study: ownParts(draws) });
  const sick = 0.6 * factors.acute + 0.3 * factors.frailty + draws.normal() * 0.8 +
    (showsNothing(severities) ? -0.4 : 0.1);
  const portable = sick > 0.35;
  const chexpert = reportedLabels(severities, draws);
  const negbio = secondReading(chexpert, draws);
  const expert = expertReading(severities, draws);
  // As in the real files, a few studies have no row, and a few have an empty one.
  const hasRow = spread(seed, "row", index) >= 0.01;
  const saysNothing = spread(seed, "empty row", index) < 0.01;
  const seconds = draws.below(86_400);
  const digits = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return {
    index,
    seed,
    patient,
    ordinal,
    studyId: 50_000_000 + (offset(seed, "study") + index * 6_183_911) % 10_000_000,
    date: new Date(day).toISOString().slice(0, 10).replaceAll("-", ""),
    time: `${digits(seconds / 3600)}${digits(seconds / 60 % 60)}${digits(seconds % 60)}.${
      String(draws.below(1000)).padStart(3, "0")
    }`,
    portable,
    severities,
    labels: {
      chexpert: hasRow ? (saysNothing ? silent(chexpert) : chexpert) : null,
      negbio: hasRow ? (saysNothing ? silent(negbio) : negbio) : null,
      expert: patient.split === "test" ? expert : null,
    },
    images: imagesOf(seed, { index, portable, variety: (use) => spread(seed, use, index) }),
  };
}

function silent(labels: ReportedLabels): ReportedLabels {
  return Object.fromEntries(Object.keys(labels).map((label) => [label, 0])) as ReportedLabels;
}

function ownParts(draws: Draws): Record<Finding, number> {
  return Object.fromEntries(FINDINGS.map((finding) => [finding, draws.normal()])) as Record<Finding, number>;
}

function drawBody(draws: Draws, frailty: number): Body {
  const sex = draws.chance(0.48) ? "F" : "M";
  const size = draws.around(sex === "F" ? 0.96 : 1.03, 0.035);
  const habitus = draws.normal();
  return {
    sex,
    age: Math.round(Math.max(18, Math.min(91, draws.around(58 + 9 * frailty, 11)))),
    halfWidth: size * draws.around(13.4, 0.35),
    halfDepth: size * draws.around(9.3, 0.4) + 0.3 * habitus,
    apex: size * draws.around(12.2, 0.4),
    wall: Math.max(1.6, 2.8 + 0.8 * habitus),
    breast: sex === "F" ? Math.max(0.3, draws.around(0.8, 0.2) + 0.1 * habitus) : 0,
    heart: draws.around(1, 0.055),
    kyphosis: Math.max(0, draws.around(0.9 + 0.3 * frailty, 0.35)),
    ribSpacing: size * draws.around(2.35, 0.08),
    ribOffset: draws.between(-0.9, 0.9),
    ribDrop: draws.around(7.5, 0.9),
    mediastinum: draws.around(2.5, 0.28),
    dome: draws.around(0, 0.7) + 0.35 * habitus,
    bone: draws.around(1, 0.1) - 0.06 * frailty,
    lung: draws.around(0.27, 0.02),
  };
}

// Quadratic irrationals with small continued fraction coefficients; one per use, to keep the uses uncorrelated.
const STEPS = {
  "split": (Math.sqrt(5) - 1) / 2,
  "views": Math.sqrt(2) - 1,
  "position": (Math.sqrt(13) - 3) / 2,
  "row": Math.sqrt(3) - 1,
  "empty row": (Math.sqrt(21) - 3) / 2,
  "report": (Math.sqrt(29) - 5) / 2,
} as const;
/** Quantities that are evenly distributed rather than drawn independently. */
export type SpreadUse = keyof typeof STEPS;

/**
 * A low-discrepancy sequence in [0, 1): any range of indices is evenly distributed, so that small sets contain rare
 * cases.
 */
export function spread(seed: number, use: SpreadUse, index: number): number {
  return (offset(seed, use) / 1e7 + index * STEPS[use]) % 1;
}

function offset(seed: number, key: string): number {
  return new Draws("phantom offset", seed, key).below(10_000_000);
}

function splitOf(seed: number, patientIndex: number): Split {
  const place = spread(seed, "split", patientIndex);
  return place < 0.74 ? "train" : place < 0.84 ? "validate" : "test";
}
