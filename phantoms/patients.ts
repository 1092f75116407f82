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

/** A patient's build; lengths in centimetres. The same in all studies of the patient. */
export interface Body {
  sex: "F" | "M";
  age: number;
  /** Half the inner width and depth of the thorax at its widest. */
  halfWidth: number;
  halfDepth: number;
  /** Height of the lungs' apices above the hila. */
  apex: number;
  /** Thickness of the soft tissue around the thorax. */
  wall: number;
  /** Size of the breasts, 0 to about 1.3. */
  breast: number;
  /** The healthy heart's size relative to the average. */
  heart: number;
  /** How far the upper spine leans forward. */
  kyphosis: number;
  ribSpacing: number;
  /** How far the first rib lies above the average. */
  ribOffset: number;
  /** How far a rib falls from the spine to its front end. */
  ribDrop: number;
  /** Half the width of the upper mediastinum. */
  mediastinum: number;
  /** How far up the domes of the diaphragm stand. */
  dome: number;
  /** Density of bone relative to the average. */
  bone: number;
  /** Density of aerated lung relative to water. */
  lung: number;
}

/** The hidden state of a patient. */
export interface PatientState {
  index: number;
  subjectId: number;
  split: Split;
  body: Body;
  studyCount: number;
}

/** The hidden state of a study, its labels as reported, and its images. */
export interface StudyState {
  /** Counted from 0 over all patients: what seeds everything about the study. */
  index: number;
  seed: number;
  patient: PatientState;
  /** The patient's studies in the order of time, from 1. */
  ordinal: number;
  studyId: number;
  /** YYYYMMDD, shifted into the future as the real ones are. */
  date: string;
  /** HHMMSS.mmm */
  time: string;
  /** Whether the frontal views were taken at the bedside (AP). */
  portable: boolean;
  severities: Severities;
  labels: {
    /** What each label file says of the study; `null` if it has no row. */
    chexpert: ReportedLabels | null;
    negbio: ReportedLabels | null;
    /** Radiologists labelled test studies only. */
    expert: ReportedLabels | null;
  };
  images: readonly ImageState[];
}

const PATIENT_FACTORS = ["cardiac", "tumour", "frailty", "lung"] as const satisfies readonly Factor[];
const STUDY_FACTORS = ["acute", "infection", "fluid", "trauma"] as const satisfies readonly Factor[];
const DAY_MS = 86_400_000;

/**
 * The first `count` studies of a seed, one after another, patients in order. Study k is the same whatever `count` is.
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
    // A multiplier coprime to ten million makes the ids distinct, in no visible order.
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
  // As in the real files, a few studies have no row, and a few a row that says nothing.
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

// Quadratic irrationals with small continued fractions; one a use, or the uses would move together.
const STEPS = {
  "split": (Math.sqrt(5) - 1) / 2,
  "views": Math.sqrt(2) - 1,
  "position": (Math.sqrt(13) - 3) / 2,
  "row": Math.sqrt(3) - 1,
  "empty row": (Math.sqrt(21) - 3) / 2,
} as const;
/** What is spread evenly rather than drawn independently. */
export type SpreadUse = keyof typeof STEPS;

/** A low-discrepancy number in [0, 1) of an index: any run of indices is spread evenly, so that small sets hold the rare. */
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
