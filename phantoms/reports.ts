/**
 * Label noise: what labellers and radiologists report of a study's true findings.
 *
 * @module
 */
import { LABEL_STATES, type LabelState } from "../data/index/labels.ts";
import type { Draws } from "./draws.ts";
import { type Finding, FINDINGS, type Severities } from "./findings.ts";

/** The reported state of each label of a study. No Finding is only ever positive or blank. */
export type ReportedLabels = Readonly<Record<Finding | "No Finding", LabelState>>;

// Fraction of absent findings that reports explicitly deny; others are not mentioned.
const DENIED: Readonly<Partial<Record<Finding, number>>> = {
  "Pneumothorax": 0.45,
  "Pleural Effusion": 0.4,
  "Pneumonia": 0.2,
  "Consolidation": 0.2,
  "Edema": 0.15,
  "Cardiomegaly": 0.12,
};

/** Severity below which a finding is easily missed. */
export const MILD = 0.45;

// These are often also reported as a lung opacity.
const OPACITIES: readonly Finding[] = ["Consolidation", "Edema", "Pneumonia", "Atelectasis", "Lung Lesion"];

/**
 * Draws what an automatic labeller extracts from the report of a study: present findings are mostly positive, mild ones
 * often uncertain or not mentioned, absent ones mostly blank, some negative, and a few wrong.
 */
export function reportedLabels(severities: Severities, draws: Draws): ReportedLabels {
  const seen = { ...severities };
  for (const finding of OPACITIES) {
    // Both draws are made for any severity, so that one finding does not shift the draws of the next.
    const named = draws.chance(0.4);
    if (named && severities[finding] > MILD) seen["Lung Opacity"] = Math.max(seen["Lung Opacity"], severities[finding]);
  }
  const labels = {} as Record<Finding | "No Finding", LabelState>;
  for (const finding of FINDINGS) labels[finding] = reportedState(finding, seen[finding], draws.uniform());
  return withNoFinding(labels);
}

function reportedState(finding: Finding, severity: number, luck: number): LabelState {
  if (severity > 0) {
    const mild = severity < MILD;
    const uncertain = mild ? 0.3 : 0.05;
    const silent = mild ? 0.15 : 0.03;
    if (luck < uncertain) return LABEL_STATES.uncertain;
    return luck < uncertain + silent ? LABEL_STATES.blank : LABEL_STATES.positive;
  }
  if (luck < 0.008) return LABEL_STATES.positive;
  if (luck < 0.025) return LABEL_STATES.uncertain;
  return luck < 0.025 + (DENIED[finding] ?? 0.04) ? LABEL_STATES.negative : LABEL_STATES.blank;
}

/**
 * Sets No Finding like the labellers: positive if no finding except support devices is positive or uncertain, else
 * blank.
 */
function withNoFinding(labels: Record<Finding | "No Finding", LabelState>): ReportedLabels {
  const clear = FINDINGS.every((finding) =>
    finding === "Support Devices" ||
    (labels[finding] !== LABEL_STATES.positive && labels[finding] !== LABEL_STATES.uncertain)
  );
  return { ...labels, "No Finding": clear ? LABEL_STATES.positive : LABEL_STATES.blank };
}

/** A second labeller's reading of the same report, which differs in a few labels. */
export function secondReading(labels: ReportedLabels, draws: Draws): ReportedLabels {
  const second = { ...labels };
  for (const finding of FINDINGS) {
    const luck = draws.uniform();
    if (labels[finding] === LABEL_STATES.blank) continue;
    if (luck < 0.02) second[finding] = LABEL_STATES.blank;
    else if (luck < 0.05 && labels[finding] !== LABEL_STATES.negative) {
      second[finding] = labels[finding] === LABEL_STATES.positive ? LABEL_STATES.uncertain : LABEL_STATES.positive;
    }
  }
  return withNoFinding(second);
}

/** A radiologist's reading of the images: closer to the truth, and explicit about most absent findings. */
export function expertReading(severities: Severities, draws: Draws): ReportedLabels {
  const labels = {} as Record<Finding | "No Finding", LabelState>;
  for (const finding of FINDINGS) {
    const luck = draws.uniform();
    const severity = severities[finding];
    if (severity > 0) {
      labels[finding] = severity < MILD && luck < 0.15 ? LABEL_STATES.uncertain : LABEL_STATES.positive;
    } else labels[finding] = luck < 0.5 ? LABEL_STATES.negative : LABEL_STATES.blank;
  }
  return withNoFinding(labels);
}
