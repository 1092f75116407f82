/**
 * An evaluation of given scores, for tests of what is derived from evaluations.
 *
 * @module
 */
import { scoreClassifier, type ScoredClassifier } from "../../../eval/protocol/score_classifier.ts";
import type { Evaluation } from "../../../eval/results/results.ts";

/** Measures scores, which also stand for those of the validation split. */
export async function scoredEvaluation(
  given: Pick<ScoredClassifier, "labels" | "cases" | "bootstrap"> & { scores: number[][] },
): Promise<Evaluation> {
  const { cases, scores } = given;
  const validation = { labels: cases.labels, scores };
  return {
    run: "demo",
    method: "mmvm",
    seed: 0,
    view: "frontal",
    probe: "logistic-regression",
    latents: "unimodal",
    labelledFraction: 1,
    labelledStudies: 10,
    probeSeed: 0,
    setting: {},
    cases: "test",
    scores,
    ...await scoreClassifier({ ...given, validation, exclusive: false }),
  };
}
