/**
 * What a page of evidence is made of.
 *
 * @module
 */
import type { EvidenceRecord } from "../../eval/evidence/evidence_record.ts";
import type { Comparison } from "../../eval/results/results.ts";

/** How a finding is drawn. */
export type EvidenceFigure =
  | { /** AUROC of every arm with its interval. */ readonly kind: "intervals" }
  | {
    /** AUROC of every method against a setting of the evaluations. */ readonly kind: "setting";
    readonly key: string;
  }
  | { /** AUROC of every method in each setting, none of which is a number. */ readonly kind: "settings" }
  | { /** AUROC of every method against the labelled fraction. */ readonly kind: "fraction" }
  | { /** Classification and coherence against the error of reconstructions. */ readonly kind: "trade-off" };

/** A question, and what the papers say. */
export interface EvidenceTopic {
  /** Name of the experiment. */
  readonly experiment: string;
  /** Heading. */
  readonly title: string;
  /** What the papers state, without numbers. */
  readonly statement: string;
  /** How it is drawn. */
  readonly figure: EvidenceFigure;
}

/** The results of an experiment on one data set at one scale. */
export interface EvidenceSource {
  /** Path of the record, as the page names it. */
  readonly path: string;
  /** What is kept of the results. */
  readonly record: EvidenceRecord;
  /** Paired differences between its methods. */
  readonly comparisons: readonly Comparison[];
  /** Link to the report, relative to the page; absent if the report is too large or missing. */
  readonly report?: string | undefined;
}

/** The topics, in the order of the page. */
export const EVIDENCE_TOPICS: readonly EvidenceTopic[] = [
  {
    experiment: "table",
    title: "The published order",
    statement: "The papers report MMVM ahead of all other VAEs on MIMIC-CXR, in both views.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "table-extended",
    title: "Later methods and baselines",
    statement: "The papers do not compare with later VAEs, private latents, contrastive methods or DenseNet-121.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "published-order",
    title: "Where the order shows",
    statement:
      "The papers show this order on MIMIC-CXR; here it is looked for on phantoms, with one thing changed at a time.",
    figure: { kind: "settings" },
  },
  {
    experiment: "soft-sharing",
    title: "Soft sharing",
    statement: "The papers anneal alpha towards sharing: with alpha 1 each view is alone.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "missing-views",
    title: "Missing views",
    statement: "The papers state that a view's own encoder needs no other view to be present.",
    figure: { kind: "setting", key: "absent" },
  },
  {
    experiment: "view-quality",
    title: "A poor view",
    statement: "The papers do not say what sharing with a blurred, noisy or black view does to the other one.",
    figure: { kind: "settings" },
  },
  {
    experiment: "label-noise",
    title: "Label noise",
    statement: "VAEs are trained without labels, so that wrong ones reach the probe alone.",
    figure: { kind: "setting", key: "label-noise" },
  },
  {
    experiment: "single-view",
    title: "One view or two",
    statement: "The papers report that training with the other view improves the latents of each.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "label-efficiency",
    title: "Label efficiency",
    statement: "The papers report that probes on VAEs lead supervised classifiers where labels are few.",
    figure: { kind: "fraction" },
  },
  {
    experiment: "ten-percent",
    title: "A tenth of the labels",
    statement: "All methods, with the labels of the same tenth of the patients.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "with-text",
    title: "Reports as a third view",
    statement: "The papers leave reports as further views to later work.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "other-datasets",
    title: "Other data",
    statement: "The papers compare the methods on pictures that are no radiographs, too.",
    figure: { kind: "intervals" },
  },
  {
    experiment: "polymnist",
    title: "Translated PolyMNIST",
    statement:
      "The NeurIPS paper shows MMVM with better latents and more coherent translations than other methods at " +
      "equal errors of reconstruction.",
    figure: { kind: "trade-off" },
  },
];
