/**
 * Evaluation of supervised classifiers, which predict labels without a probe.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { BootstrapOptions } from "../metrics/bootstrap.ts";
import type { Cases, Evaluation } from "../results/results.ts";
import type { EvaluatedRun } from "./evaluate_latents.ts";
import { type LabelScores, scoreClassifier, storedScores } from "./score_classifier.ts";

/** A supervised classifier's probabilities, by study (see `meanByStudy`). */
export interface SupervisedClassifier {
  /** The run. */
  readonly run: EvaluatedRun;
  /** The classifier's input view, or `ensemble` or `joint` if it combines several. */
  readonly view: string;
  /** Names of the labels. */
  readonly labels: readonly string[];
  /** The test studies. */
  readonly cases: Cases;
  /** Per label, the probability of each test study; `null` if its training labels had only one class. */
  readonly scores: readonly (ArrayLike<number> | null)[];
  /** The validation studies' labels and probabilities, on which thresholds are chosen. */
  readonly validation: {
    readonly labels: readonly (readonly (0 | 1 | null)[])[];
    readonly scores: readonly (ArrayLike<number> | null)[];
  };
  /** Fraction of the training patients whose labels were used, in (0, 1]. */
  readonly labelledFraction: number;
  /** Number of training studies whose labels were used. */
  readonly labelledStudies: number;
  /** Seed of the labelled subset; 0 by default. */
  readonly probeSeed?: number;
  /** True if every study has exactly one label (digits). */
  readonly exclusive?: boolean;
  /** A setting varied by an experiment, recorded with the evaluation. */
  readonly setting?: Evaluation["setting"];
  /** Options of the confidence intervals. */
  readonly bootstrap?: BootstrapOptions;
}

/** Rounds the scores as stored in results.json. */
function stored(classifier: SupervisedClassifier, part: "cases" | "validation"): LabelScores {
  const given = part === "cases" ? classifier.scores : classifier.validation.scores;
  return given.map((values, label) => {
    if (values === null) return null;
    for (const [i, score] of Array.from(values).entries()) {
      if (score >= 0 && score <= 1) continue;
      const study = part === "cases" ? `study ${classifier.cases.studyIds[i]}` : `validation study number ${i}`;
      throw new DataError(
        `run ${classifier.run.name}: the ${classifier.view} classifier's probability of ${
          classifier.labels[label]
        } for ${study} is ${score}; it must lie in [0, 1], so the training has diverged or its checkpoint is damaged`,
      );
    }
    return storedScores(values);
  });
}

/**
 * Measures a supervised classifier by the same protocol as probes: thresholds chosen on validation, patient-level
 * intervals, macro averages with excluded labels listed.
 *
 * @throws DataError naming run, view, label and study of the first probability that is NaN or outside [0, 1].
 * @throws RangeError if labels, scores and cases do not match.
 */
export async function supervisedEvaluation(classifier: SupervisedClassifier): Promise<Evaluation> {
  const { run, labels, cases, exclusive = false } = classifier;
  const scores = stored(classifier, "cases");
  const measured = await scoreClassifier({
    labels,
    cases,
    scores,
    validation: { labels: classifier.validation.labels, scores: stored(classifier, "validation") },
    exclusive,
    bootstrap: classifier.bootstrap ?? {},
  });
  return {
    run: run.name,
    method: run.method,
    seed: run.seed,
    view: classifier.view,
    probe: "supervised",
    latents: "none",
    labelledFraction: classifier.labelledFraction,
    labelledStudies: classifier.labelledStudies,
    probeSeed: classifier.probeSeed ?? 0,
    setting: classifier.setting ?? {},
    cases: cases.id,
    scores: scores.map((values) => values && [...values]),
    ...measured,
  };
}
