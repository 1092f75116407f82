/**
 * Evaluates embeddings from elsewhere by the protocol of our own latents.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { describeIndex, isDigits, type PairTable, type StudyIndex } from "../../data/mod.ts";
import type { Embeddings } from "./read_embeddings.ts";
import { JOINT } from "./match_rows.ts";
import { evaluateLatents, type LatentEvaluation } from "../protocol/evaluate_latents.ts";
import { projectLatents } from "../protocol/projection.ts";
import { studyTable } from "../protocol/study_table.ts";
import { scoreLabelSets } from "../protocol/label_sets.ts";
import { withSubgroups } from "../protocol/subgroups.ts";
import { type Results, RESULTS_VERSION, type RunRecord } from "../results/results.ts";

/** Options of {@linkcode evaluateEmbeddings}. */
export interface EvaluateEmbeddingsOptions
  extends Pick<LatentEvaluation, "probe" | "labelledFractions" | "probeSeeds" | "bootstrap" | "workers"> {
  /** The name in the report, which stands for the run and its method. */
  readonly name: string;
  /** The embeddings, read by {@linkcode readEmbeddings}. */
  readonly embeddings: Embeddings;
  /** The data that they are of. */
  readonly index: StudyIndex;
  /** All pairs of the data. */
  readonly pairs: PairTable;
  /** What to record as the configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Command lines that repeat the evaluation. */
  readonly commands: readonly string[];
  /** Versions of software to record with the results. */
  readonly versions: Readonly<Record<string, string>>;
  /** Seconds by stage so far. */
  readonly seconds?: Readonly<Record<string, number>>;
  /** Called with the progress. */
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
}

/**
 * Trains probes on embeddings and scores them, on the labelled subsets, with the intervals and in the format of a run's
 * evaluation.
 *
 * @throws {DataError} if the data have no labels, or no training or test studies.
 */
export async function evaluateEmbeddings(options: EvaluateEmbeddingsOptions): Promise<Results> {
  const { name, index, pairs, embeddings: { views } } = options;
  if (index.labels.length === 0) {
    throw new DataError("there are no label columns, so nothing can be evaluated: name some in dataset.json", {
      file: index.root,
    });
  }
  const started = performance.now();
  const table = studyTable(index, pairs);
  const { evaluations: scored, cases } = await evaluateLatents({
    run: { name, method: name, seed: 0 },
    table,
    views,
    latents: views.every(({ view }) => view === JOINT) ? "aggregate" : "unimodal",
    exclusive: isDigits(index.dataset),
    ...(options.probe ? { probe: options.probe } : {}),
    ...(options.labelledFractions ? { labelledFractions: options.labelledFractions } : {}),
    ...(options.probeSeeds ? { probeSeeds: options.probeSeeds } : {}),
    ...(options.bootstrap ? { bootstrap: options.bootstrap } : {}),
    ...(options.workers ? { workers: options.workers } : {}),
    onProgress: ({ done, total }) => options.onProgress?.({ stage: "probing", done, total }),
  });
  const bootstrap = { workers: options.workers, ...options.bootstrap };
  const grouped = await withSubgroups(scored, {
    cases,
    studyIds: index.studies.ids,
    demographics: index.demographics,
    bootstrap,
  });
  const { evaluations, agreement } = await scoreLabelSets(grouped, { index, cases, bootstrap });
  const probe = (performance.now() - started) / 1000;
  return {
    schema: "mmvm-results",
    version: RESULTS_VERSION,
    title: `${name}: embeddings`,
    createdAt: new Date().toISOString(),
    data: {
      ...describeIndex(index, { pairs, imageSize: 0 }),
      synthetic: index.synthetic,
      ...(agreement ? { labelAgreement: agreement } : {}),
    },
    runs: [embeddingsRecord(options, { ...options.seconds, probe })],
    cases,
    evaluations,
    comparisons: [],
    pictures: [],
    projections: views.flatMap((latents) => projectLatents(latents, { run: name, table, cases })),
  };
}

function embeddingsRecord(options: EvaluateEmbeddingsOptions, seconds: Readonly<Record<string, number>>): RunRecord {
  const { name, embeddings } = options;
  return {
    name,
    method: name,
    seed: 0,
    createdAt: new Date().toISOString(),
    commands: [...options.commands],
    config: {
      ...options.config,
      embeddings: {
        format: embeddings.format,
        dimensions: Object.fromEntries(embeddings.views.map(({ view, dimension }) => [view, dimension])),
        unlistedRows: embeddings.unlisted,
        missingPairs: embeddings.missing,
      },
    },
    versions: { ...options.versions },
    adapter: { description: "none", profile: "none" },
    seconds: { ...seconds },
    parameters: 0,
    training: { step: [], loss: [], reconstruction: [], kl: [], alpha: [], studiesPerSecond: [] },
  };
}
