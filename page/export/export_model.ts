/**
 * Exports a run's model for a page: shortens the weights, fits the probes, and measures what shortening costs.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { CheckpointChoice } from "../../training/run/run_checkpoint.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { withTexts } from "../../training/data/run_texts.ts";
import { isDigits, pairsOfSplit, type PairTable } from "../../data/mod.ts";
import { encodePairs } from "../../eval/runs/encode_pairs.ts";
import { type OpenEncoders, openEncoders } from "../../eval/runs/open_model.ts";
import { type StudyTable, studyTable, type ViewLatents } from "../../eval/protocol/study_table.ts";
import { EncoderInference } from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import { isSupervised } from "../../training/run_trainer.ts";
import type { CombinedScores, PageModel, ViewProbes } from "../stored/page_model.ts";
import { type ModelStorage, readWeights } from "../stored/stored_weights.ts";
import { headProbes, measureCombined, readParameters } from "./classifier_heads.ts";
import { fitProbes, measureProbes } from "./fit_probes.ts";
import { collectNeighbours } from "./neighbours.ts";
import { type StorageLoss, storageLoss } from "./storage_loss.ts";
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
  readonly storage: ModelStorage;
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

/** An exported model. */
export interface ExportedModel {
  /** Everything but the bytes; the card is empty. */
  readonly model: Omit<PageModel, "card">;
  /** The weights' bytes. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** Latents and pictures of the studies to compare with. */
  readonly neighbours?: Uint8Array<ArrayBuffer>;
  /** What shortening the encoders' weights costs, by view with probes; empty if they were not shortened. */
  readonly losses: readonly StorageLoss[];
}

/**
 * Exports the model of a run's checkpoint: a whole VAE, or of other models the encoders.
 *
 * @throws {DataError} if the run has no checkpoint, or no view of images.
 */
export async function exportModel(device: Device, options: ExportModelOptions): Promise<ExportedModel> {
  const { config, directory } = options;
  const data = await withTexts(options.data, { config, directory, create: false });
  using open = await openEncoders(device, { ...options, data });
  const { model, views } = open;
  if (views.names.length === views.texts.length) {
    throw new DataError(
      `${directory} is a run on texts alone: a page takes pictures, so give a run with a view of them`,
    );
  }
  // Encoders alone are float32 as a whole.
  const storage = options.storage === "mixed" && model instanceof EncoderInference ? "f32" : options.storage;
  const transposed = new Set(
    model.parameters.specs.flatMap(({ name, layout }) => layout.includes("transpose") ? [name] : []),
  );
  const isTransposed = (name: string) => transposed.has(name);
  const { tensors, bytes } = storeWeights(await model.parameters.read(), { storage, isTransposed });
  const measured = await measure(open, { ...options, data, stored: { tensors, bytes } });
  const vocabulary = data.texts?.vocabulary;
  return {
    model: {
      format: "mmvm-page-model",
      version: 1,
      run: config.name,
      config: model instanceof EncoderInference ? model.encoders.config : model.vae.config,
      storage,
      tensors,
      preprocessing: data.index.source.preprocessing,
      window: config.data.window ?? "full",
      ...(vocabulary ? { words: Array.from({ length: vocabulary.size }, (_, token) => vocabulary.word(token)) } : {}),
      probes: measured.probes,
      ...(measured.combined ? { combined: measured.combined } : {}),
      ...(measured.neighbours ? { neighbours: measured.neighbours.studies } : {}),
    },
    weights: bytes,
    ...(measured.neighbours ? { neighbours: measured.neighbours.bytes } : {}),
    losses: measured.losses,
  };
}

type MeasureOptions = ExportModelOptions & { readonly stored: ReturnType<typeof storeWeights> };

interface Measured {
  readonly probes: readonly ViewProbes[];
  readonly combined?: CombinedScores;
  readonly neighbours?: ReturnType<typeof collectNeighbours>;
  readonly losses: readonly StorageLoss[];
}

/** Measures on latents of the run's own weights, then encodes the test studies with the stored ones. */
async function measure(open: OpenEncoders, options: MeasureOptions): Promise<Measured> {
  const { config, data, stored } = options;
  const { pairs } = open.views;
  const probed = options.probes && !config.training.noEvaluation;
  const scores = data.index.labels.length > 0 && (probed || isSupervised(config));
  if (!scores && !options.neighbours) return { probes: [], losses: [] };
  const isShortened = probed && stored.tensors.some(({ name, type }) => name.startsWith("encoders.") && type !== "f32");
  const tested = isShortened ? pairsOfSplit(data.index, pairs, "test") : undefined;
  const total = pairs.count + (tested?.count ?? 0);
  const latents = await encodeImages(open, { ...options, pairs, done: 0, total });
  const table = studyTable(data.index, data.pairs.count > 0 ? data.pairs : pairs);
  const neighbours = options.neighbours ? collectNeighbours(latents, { open, data, table }) : undefined;
  const scored = scores ? await scoresOf(latents, { ...options, open, table, probed }) : { probes: [] };
  let after = latents;
  if (tested && scores) {
    open.model.write(readWeights(stored.tensors, stored.bytes));
    after = await encodeImages(open, { ...options, pairs: tested, done: pairs.count, total });
  }
  const losses = tested ? scored.probes : [];
  return {
    ...scored,
    ...(neighbours ? { neighbours } : {}),
    losses: losses.map((view, i) => storageLoss(view, { table, before: latents[i]!, after: after[i]! })),
  };
}

/** The probes of VAEs and of methods that align embeddings, or a classifier's heads. */
async function scoresOf(
  latents: readonly ViewLatents[],
  options: ExportModelOptions & { open: OpenEncoders; table: StudyTable; probed: boolean },
): Promise<Pick<Measured, "probes" | "combined">> {
  const { config, data, open: { views }, table, probed } = options;
  const { labelled: fraction = 1, labelledSeed: seed = 0 } = config.training;
  const fit = { table, fraction, seed, exclusive: isDigits(data.index.dataset) };
  if (!isSupervised(config)) return { probes: latents.map((view) => fitProbes(view, fit)) };
  const parameters = await readParameters(options);
  const numbers = latents.map(({ view }) => views.names.indexOf(view));
  const heads = latents.map((view, i) => headProbes(view, { ...fit, parameters, number: numbers[i]! }));
  const probes = probed ? heads.map((head, i) => measureProbes(head, latents[i]!, table)) : heads;
  const { method } = config.model;
  if (method === "supervised") return { probes };
  const labels = probed ? measureCombined(latents, { probes, numbers, pairs: views.pairs, table }) : heads[0]!.labels;
  return { probes, combined: { name: method === "supervised-joint" ? "joint" : "ensemble", labels } };
}

/** The latents of the image views. */
async function encodeImages(
  open: OpenEncoders,
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
