/**
 * The record of an experiment that is kept when its runs are gone: macro averages, and their values in every resample.
 *
 * A results file holds every score of every study, some megabytes a run. Comparing methods over seeds needs much less:
 * each resample depends only on its number and the test patients, so that the macro AUROCs of two runs in the same
 * resamples are paired, wherever and whenever the runs were measured. A record has those, some kilobytes an evaluation,
 * and no identifier of a study or patient. It can be committed, and records of the same experiment can be merged.
 *
 * @module
 */
import { isDigits } from "../../data/index/digit_datasets.ts";
import type { DataRecord } from "../results/data_record.ts";
import type { Interval } from "../results/interval.ts";
import type { Evaluation, RunRecord } from "../results/results.ts";

/** Version of the format; files of another version are rejected. */
export const EVIDENCE_VERSION = 1;

/** A run without its curves, and without the paths in its configuration. */
export type EvidenceRun = Pick<RunRecord, "name" | "method" | "seed" | "createdAt" | "config" | "versions" | "adapter">;

/** Test studies on which runs were scored. */
export interface EvidenceTest {
  /** A hash of the studies, their patients and their labels. */
  id: string;
  /** Split of the pairs. */
  split: string;
  /** Number of studies. */
  studies: number;
  /** Number of patients. */
  patients: number;
}

/** An evaluation without the scores of single studies and labels. */
export interface EvidenceEvaluation
  extends Omit<Evaluation, "cases" | "scores" | "metrics" | "accuracy" | "subgroups" | "labelSets"> {
  /** Refers to `tests[].id`. */
  test: string;
  /** Fraction of cases whose highest-scored label is the true one; only for mutually exclusive labels. */
  accuracy?: Interval | undefined;
  /** The macro AUROC in each resample: little-endian float32 in base64, NaN where it is undefined. */
  samples: string;
}

/** One run's place in the published figure of PolyMNIST: what methods trade for better reconstructions. */
export interface TradeOffPoint {
  /** Name of the method. */
  method: string;
  /** Weight of the divergence. */
  beta: number;
  /** Latent dimensions. */
  latentDim: number;
  /** Seed of the run. */
  seed: number;
  /**
   * Divergence at the end of training in nats, before beta: how much the latents of all views say, and 0 where they say
   * nothing; absent in older files.
   */
  divergence?: number | undefined;
  /** Mean squared error of reconstructions over views, of pixels in [0, 1]. */
  error: number;
  /** Accuracy of probes on a single view's latents, mean over views. */
  classification: number;
  /** Share of translations whose digit the judge recognises, mean over ordered pairs of views. */
  coherence: number;
}

/** The whole file. */
export interface EvidenceRecord {
  /** Kind of the file. */
  schema: "mmvm-evidence";
  /** Version of the format. */
  version: typeof EVIDENCE_VERSION;
  /** The experiment, its data and its scale: `table-phantoms-small`. */
  title: string;
  /** When its newest results were made, ISO 8601. */
  createdAt: string;
  /** The data; older records do not say whether they are synthetic. */
  data: Pick<DataRecord, "dataset" | "views" | "labels" | "splits"> & Partial<Pick<DataRecord, "synthetic">>;
  /** Number of resamples of the bootstrap. */
  resamples: number;
  /** The test studies. */
  tests: EvidenceTest[];
  /** The runs. */
  runs: EvidenceRun[];
  /** One evaluation per run, view, setting, labelled fraction and probe seed. */
  evaluations: EvidenceEvaluation[];
  /** The points of a trade-off; empty unless translations were measured. */
  tradeOff: TradeOffPoint[];
  /** Number of runs that the report beside the page shows; absent without a report. */
  reportRuns?: number | undefined;
}

/** The evaluations as those of a results file, without scores and metrics of single labels. */
export function evaluationsOf(record: EvidenceRecord): Evaluation[] {
  return record.evaluations.map(({ samples: _, test, ...rest }) => ({ ...rest, cases: test, scores: [], metrics: [] }));
}

/** The smallest p-value that a comparison of the record's resamples can have: `bootstrapP()` adds one to its count. */
export function leastP({ resamples }: Pick<EvidenceRecord, "resamples">): number {
  return 2 / (resamples + 1);
}

/** Names the data, and says if they only look like a data set of patients: phantoms can be drawn in several layouts. */
export function dataName({ dataset, synthetic = false }: EvidenceRecord["data"]): string {
  const isNamedSo = dataset === "phantoms" || isDigits(dataset);
  return synthetic && !isNamedSo ? `synthetic data in the layout of ${dataset}` : dataset;
}
