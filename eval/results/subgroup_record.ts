/**
 * Scores of subgroups of the test studies, as stored in `results.json`: counts and rates only.
 *
 * @module
 */
import type { Interval } from "./interval.ts";

/** Scores of the groups of one attribute. */
export interface SubgroupRecord {
  /** `age`, `sex` or `race`. */
  attribute: string;
  /** Groups with fewer patients, and rates of fewer studies, are withheld. */
  limits: { subjects: number; studies: number };
  /** Test studies whose group is unknown. */
  unknown: number;
  /** One entry per group that has studies. */
  groups: SubgroupScores[];
  /**
   * Per label, and `null` for the mean over labels: the largest differences of rates between two groups at the
   * validation threshold. Empty with fewer than two groups.
   */
  gaps: SubgroupGap[];
}

/** Scores of one group; all `null` if it has too few patients. */
export interface SubgroupScores {
  /** Name of the group. */
  group: string;
  /** Number of studies. */
  studies: number | null;
  /** Number of patients. */
  subjects: number | null;
  /** Mean AUROC over the labels that have one. */
  macro: Interval | null;
  /** One entry per label. */
  labels: {
    label: string;
    positives: number | null;
    negatives: number | null;
    /** `null` with too few studies of either class. */
    auroc: Interval | null;
    /** True positive rate (sensitivity) at the threshold chosen on validation; `null` with too few positives. */
    truePositiveRate: Interval | null;
    /** False positive rate at the same threshold; `null` with too few negatives. */
    falsePositiveRate: Interval | null;
  }[];
}

/** The difference of a rate between the two groups that differ most. */
export interface SubgroupGap {
  /** The label; `null` for the mean over the labels for which both groups have the rate. */
  label: string | null;
  /** The rate. */
  rate: "true-positive" | "false-positive";
  /** The group with the highest rate. */
  high: string;
  /** The group with the lowest rate. */
  low: string;
  /** Rate of `high` minus that of `low`, with the interval of the same two groups in each resample. */
  difference: Interval;
}
