import { LABEL_STATES, type LabelState } from "../data/index/labels.ts";
import type { Draws } from "./draws.ts";
import { type Finding, FINDINGS, type Severities } from "./findings.ts";

/** What a label file says of each label of a study. No Finding is positive or blank only. */
export type ReportedLabels = Readonly<Record<Finding | "No Finding", LabelState>>;

// Reports deny what matters and pass over the rest in silence: the share of absent findings that are said to be absent.
const DENIED: Readonly<Partial<Record<Finding, number>>> = {
  "Pneumothorax": 0.45,
  "Pleural Effusion": 0.4,
  "Pneumonia": 0.2,
  "Consolidation": 0.2,
  "Edema": 0.15,
  "Cardiomegaly": 0.12,
};

/** Below this severity a finding is easily missed. */
export const MILD = 0.45;

// An opacity of any kind is often also called a lung opacity.
const OPACITIES: readonly Finding[] = ["Consolidation", "Edema", "Pneumonia", "Atelectasis", "Lung Lesion"];

/**
 * What an automatic labeller reads in the report of a study: present findings mostly positive, mild ones often uncertain or
 * passed over, absent ones mostly blank, some negative, a few wrong.
 */
export function reportedLabels(severities: Severities, draws: Draws): ReportedLabels {
  const seen = { ...severities };
  for (const finding of OPACITIES) {
    // Both draws are made whatever the severity is, so that one finding does not move the draws of the next.
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

/** No Finding as the labellers set it: positive where no finding but support devices is positive or uncertain, else blank. */
function withNoFinding(labels: Record<Finding | "No Finding", LabelState>): ReportedLabels {
  const clear = FINDINGS.every((finding) =>
    finding === "Support Devices" ||
    (labels[finding] !== LABEL_STATES.positive && labels[finding] !== LABEL_STATES.uncertain)
  );
  return { ...labels, "No Finding": clear ? LABEL_STATES.positive : LABEL_STATES.blank };
}

/** A second labeller's reading of the same report: it agrees but for a few labels. */
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

/** A radiologist's reading of the images: nearer to the truth, and explicit about most that is absent. */
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
