/**
 * Exports a run's model for a page: shortens the weights, fits the probes, and measures what shortening costs.
 *
 * @module
 */
import type { CheckpointChoice } from "../../training/run/run_checkpoint.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { withTexts } from "../../training/data/run_texts.ts";
import { pairsOfSplit, type PairTable } from "../../data/mod.ts";
import { encodePairs } from "../../eval/runs/encode_pairs.ts";
import { type OpenModel, openModel } from "../../eval/runs/open_model.ts";
import { type StudyTable, studyTable, type ViewLatents } from "../../eval/protocol/study_table.ts";
import { auroc } from "../../eval/metrics/roc.ts";
import type { Device } from "../../runtime/mod.ts";
import type { PageModel, ViewProbes } from "../stored/page_model.ts";
import { readWeights, type WeightStorage } from "../stored/stored_weights.ts";
import { fitProbes, scoreStudies } from "./fit_probes.ts";
import { collectNeighbours } from "./neighbours.ts";
import { storeWeights } from "./store_weights.ts";

/** Options of {@linkcode exportModel}. */
export interface ExportModelOptions {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly directory: string;
  /** The run's data. */
  readonly data: RunData;
  /** Which checkpoint, the last one by default. */
  readonly checkpoint?: CheckpointChoice;
  /** How to store the weights. */
  readonly storage: WeightStorage;
  /** Whether to fit probes and to measure with them what shortening costs. */
  readonly probes: boolean;
  /** Whether to export studies to compare with, pictures included. */
  readonly neighbours: boolean;
  /** Called with the progress. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  /** Called with each warning, one sentence. */
  readonly onWarning?: (message: string) => void;
  /** Aborted to stop. */
  readonly signal?: AbortSignal;
}

/** What shortening the weights changes in the scores of a view's test studies. */
export interface StorageLoss {
  /** Name of the view. */
  readonly view: string;
  /** Macro AUROC with the run's weights; `null` if no label has both classes. */
  readonly before: number | null;
  /** Macro AUROC with the stored weights. */
  readonly after: number | null;
  /** Largest change of a study's probability. */
  readonly largestChange: number;
}

/** An exported model. */
export interface ExportedModel {
  /** Everything but the bytes; the card is empty. */
  readonly model: Omit<PageModel, "card">;
  /** The weights' bytes. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** Latents and pictures of the studies to compare with. */
  readonly neighbours?: Uint8Array<ArrayBuffer>;
  /** What shortening costs, by view with probes. */
  readonly losses: readonly StorageLoss[];
}

/**
 * Exports the model of a run's checkpoint.
 *
 * @throws {DataError} if the run is a classifier or has no checkpoint.
 */
export async function exportModel(device: Device, options: ExportModelOptions): Promise<ExportedModel> {
  const { config, directory, storage } = options;
  const data = await withTexts(options.data, { config, directory, create: false });
  using open = await openModel(device, { ...options, data });
  const { parameters } = open.model;
  const transposed = new Set(
    parameters.specs.flatMap(({ name, layout }) => layout.includes("transpose") ? [name] : []),
  );
  const isTransposed = (name: string) => transposed.has(name);
  const { tensors, bytes } = storeWeights(await parameters.read(), { storage, isTransposed });
  const measured = await measure(open, { ...options, data, stored: { tensors, bytes } });
  const vocabulary = data.texts?.vocabulary;
  return {
    model: {
      format: "mmvm-page-model",
      version: 1,
      run: config.name,
      config: open.model.vae.config,
      storage,
      tensors,
      preprocessing: data.index.source.preprocessing,
      window: config.data.window ?? "full",
      ...(vocabulary ? { words: Array.from({ length: vocabulary.size }, (_, token) => vocabulary.word(token)) } : {}),
      probes: measured.probes,
      ...(measured.neighbours ? { neighbours: measured.neighbours.studies } : {}),
    },
    weights: bytes,
    ...(measured.neighbours ? { neighbours: measured.neighbours.bytes } : {}),
    losses: measured.losses,
  };
}

type MeasureOptions = ExportModelOptions & { readonly stored: ReturnType<typeof storeWeights> };

/** Fits the probes on latents of the run's own weights, then scores the test studies with the stored ones. */
async function measure(open: OpenModel, options: MeasureOptions): Promise<{
  probes: ViewProbes[];
  neighbours?: ReturnType<typeof collectNeighbours>;
  losses: StorageLoss[];
}> {
  const { config, data, storage, stored } = options;
  const { labels } = data.index;
  const { pairs } = open.views;
  const scores = options.probes && labels.length > 0 && !config.training.noEvaluation;
  if (!scores && !options.neighbours) return { probes: [], losses: [] };
  const tested = storage === "f32" ? undefined : pairsOfSplit(data.index, pairs, "test");
  const total = pairs.count + (tested?.count ?? 0);
  const latents = await encodeImages(open, { ...options, pairs, done: 0, total });
  const table = studyTable(data.index, data.pairs.count > 0 ? data.pairs : pairs);
  const neighbours = options.neighbours ? collectNeighbours(latents, { open, data, table }) : undefined;
  const { labelled: fraction = 1, labelledSeed: seed = 0 } = config.training;
  const fit = { table, fraction, seed, exclusive: data.index.dataset === "mnist-pairs" };
  const probes = scores ? latents.map((view) => fitProbes(view, fit)) : [];
  let after = latents;
  if (tested && scores) {
    open.model.write(readWeights(stored.tensors, stored.bytes));
    after = await encodeImages(open, { ...options, pairs: tested, done: pairs.count, total });
  }
  return {
    probes,
    ...(neighbours ? { neighbours } : {}),
    losses: probes.map((view, i) => lossOf(view, { table, before: latents[i]!, after: after[i]! })),
  };
}

/** The latents of the image views. */
async function encodeImages(
  open: OpenModel,
  options: MeasureOptions & { pairs: PairTable; done: number; total: number },
): Promise<ViewLatents[]> {
  const { data, pairs, done: before, total, onProgress, signal } = options;
  const latents = await encodePairs({
    model: open.model,
    data,
    pairs,
    onProgress: ({ done }) => onProgress?.({ done: before + done, total }),
    ...(signal ? { signal } : {}),
  });
  return latents.filter((_, m) => !open.views.texts.includes(m));
}

function lossOf(
  probes: ViewProbes,
  { table, before, after }: { table: StudyTable; before: ViewLatents; after: ViewLatents },
): StorageLoss {
  const [own, stored] = [before, after].map((latents) => scoreStudies(probes, latents, { table, split: "test" }));
  const macro = ({ scores, labels }: ReturnType<typeof scoreStudies>) => {
    const each = scores.flatMap((values, i) => (values && auroc(labels[i]!, values)) ?? []);
    return each.length > 0 ? each.reduce((sum, value) => sum + value, 0) / each.length : null;
  };
  const changes = own!.scores.flatMap((values, i) =>
    values ? Array.from(values, (value, k) => Math.abs(value - stored!.scores[i]![k]!)) : []
  );
  return {
    view: probes.view,
    before: macro(own!),
    after: macro(stored!),
    largestChange: changes.reduce((a, b) => Math.max(a, b), 0),
  };
}
