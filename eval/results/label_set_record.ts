/**
 * A second label set of the test studies, as stored in `results.json`: its agreement with the first one, and scores
 * under both.
 *
 * @module
 */
import type { Interval } from "./interval.ts";

/** How far two label sets agree on the test studies that have both. */
export interface LabelAgreement {
  /** The label set of training, such as `chexpert`. */
  training: string;
  /** The second set, such as `radiologists`; the reference. */
  test: string;
  /** Test studies that have both. */
  studies: number;
  /** Their patients. */
  subjects: number;
  /** One entry per label, over the studies that have a value in both sets. */
  labels: {
    label: string;
    /** Studies that are positive in the set of training. */
    trainingPositives: number;
    /** Studies that are positive in the second set. */
    testPositives: number;
    /** Cohen's kappa. */
    kappa: Interval;
    /** Share of the second set's positives that the set of training finds. */
    sensitivity: Interval;
    /** Share of the second set's negatives that the set of training finds. */
    specificity: Interval;
  }[];
}

/** AUROC under two label sets, on the same studies and resamples. */
export interface LabelSetScores {
  /** The second label set, as in {@linkcode LabelAgreement}. */
  test: string;
  /** Test studies that have both. */
  studies: number;
  /** One entry per label. */
  labels: ({ label: string } & LabelSetPair)[];
  /** Mean over the labels that have an AUROC under both sets. */
  macro: LabelSetPair & { labels: string[] };
}

/** A score under both sets, and their paired difference. */
export interface LabelSetPair {
  /** Under the label set of training. */
  training: Interval;
  /** Under the second set. */
  test: Interval;
  /** The second minus the first; `null` unless both are defined. */
  difference: Interval;
}
