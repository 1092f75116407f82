/**
 * The statistical model of findings: which ones a study has, and how severe they are.
 *
 * @module
 */
import type { Draws } from "./draws.ts";

/** The findings that are drawn: all labels except No Finding, which is the absence of the others. */
export const FINDINGS = [
  "Atelectasis",
  "Cardiomegaly",
  "Consolidation",
  "Edema",
  "Enlarged Cardiomediastinum",
  "Fracture",
  "Lung Lesion",
  "Lung Opacity",
  "Pleural Effusion",
  "Pleural Other",
  "Pneumonia",
  "Pneumothorax",
  "Support Devices",
] as const;

/** A label with a visible appearance. */
export type Finding = (typeof FINDINGS)[number];

/** Severity of each finding in a study: 0 if it is absent, else in (0, 1]. */
export type Severities = Readonly<Record<Finding, number>>;

/**
 * Latent causes shared by findings, each standard normal. The first four belong to a patient, the others to a study.
 */
export const FACTORS = ["cardiac", "tumour", "frailty", "lung", "acute", "infection", "fluid", "trauma"] as const;
/** One of {@linkcode FACTORS}. */
export type Factor = (typeof FACTORS)[number];
/** A value for each factor. */
export type Factors = Readonly<Record<Factor, number>>;

interface Liability {
  /** The finding is present if its liability, which is standard normal over all studies, exceeds this. */
  threshold: number;
  /** Weights of the shared causes; the remaining variance is specific to the finding. */
  loadings: Partial<Record<Factor, number>>;
  /** Correlation of the specific part between two studies of one patient. */
  persistence: number;
}

// Prevalences (in the margin) follow the order of the real ones, but rare findings are more common, so that a test
// split of a hundred studies has both classes of every label.
const LIABILITIES: Readonly<Record<Finding, Liability>> = {
  "Atelectasis": { threshold: 0.95, loadings: { acute: 0.6, frailty: 0.2 }, persistence: 0.1 }, // 17 %
  "Cardiomegaly": { threshold: 0.85, loadings: { cardiac: 0.75, acute: 0.25 }, persistence: 0.9 }, // 20 %
  "Consolidation": { threshold: 1.15, loadings: { infection: 0.6, acute: 0.5 }, persistence: 0 }, // 12 %
  "Edema": { threshold: 0.92, loadings: { cardiac: 0.5, fluid: 0.55, acute: 0.45 }, persistence: 0 }, // 18 %
  "Enlarged Cardiomediastinum": {
    threshold: 1.15,
    loadings: { cardiac: 0.45, tumour: 0.25, acute: 0.3 },
    persistence: 0.8,
  }, // 12 %
  "Fracture": { threshold: 1.25, loadings: { frailty: 0.45, trauma: 0.6 }, persistence: 0.7 }, // 11 %
  "Lung Lesion": { threshold: 1.1, loadings: { tumour: 0.75, lung: 0.2 }, persistence: 0.9 }, // 14 %
  "Lung Opacity": { threshold: 1.15, loadings: { infection: 0.35, acute: 0.45, lung: 0.35 }, persistence: 0.3 }, // 12 %
  "Pleural Effusion": {
    threshold: 0.75,
    loadings: { cardiac: 0.3, fluid: 0.4, acute: 0.5, tumour: 0.2 },
    persistence: 0.2,
  }, // 23 %
  "Pleural Other": { threshold: 1.25, loadings: { lung: 0.5, frailty: 0.3, tumour: 0.2 }, persistence: 0.9 }, // 11 %
  "Pneumonia": { threshold: 1.05, loadings: { infection: 0.8, acute: 0.3 }, persistence: 0 }, // 15 %
  "Pneumothorax": { threshold: 1.2, loadings: { trauma: 0.55, lung: 0.35, acute: 0.25 }, persistence: 0 }, // 12 %
  "Support Devices": { threshold: 0.5, loadings: { acute: 0.7, cardiac: 0.3 }, persistence: 0.4 }, // 31 %
};

/** Severity of a finding at the threshold. */
const MILDEST = 0.25;

/** Draws the given factors, each standard normal. */
export function drawFactors<F extends Factor>(draws: Draws, names: readonly F[]): Record<F, number> {
  return Object.fromEntries(names.map((name) => [name, draws.normal()])) as Record<F, number>;
}

/**
 * The liability-threshold model: a finding is present if its liability, a standard normal sum of weighted shared
 * causes, a patient-specific part and a study-specific part, exceeds a threshold; the excess determines its severity.
 * Findings therefore co-occur through shared causes, persist between studies of a patient, and are mostly mild.
 */
export function severitiesOf(
  factors: Factors,
  own: { patient: Readonly<Record<Finding, number>>; study: Readonly<Record<Finding, number>> },
): Severities {
  const severities = {} as Record<Finding, number>;
  for (const finding of FINDINGS) {
    const { threshold, loadings, persistence } = LIABILITIES[finding];
    let shared = 0;
    let variance = 0;
    for (const factor of FACTORS) {
      const weight = loadings[factor] ?? 0;
      shared += weight * factors[factor];
      variance += weight * weight;
    }
    const alone = Math.sqrt(persistence) * own.patient[finding] + Math.sqrt(1 - persistence) * own.study[finding];
    const excess = shared + Math.sqrt(1 - variance) * alone - threshold;
    severities[finding] = excess > 0 ? MILDEST + (1 - MILDEST) * (1 - Math.exp(-excess / 0.35)) : 0;
  }
  return severities;
}

/** Whether a study has no finding other than support devices. */
export function showsNothing(severities: Severities): boolean {
  return FINDINGS.every((finding) => finding === "Support Devices" || severities[finding] === 0);
}
