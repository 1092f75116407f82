/**
 * Exports the latents of every pair of a data set, with the identifiers of their rows.
 *
 * @module
 */
import { csvCell } from "../../base/csv_cell.ts";
import { batchesInOrder } from "./batches_in_order.ts";
import { type PairTable, SPLITS, type StudyIndex } from "../../data/mod.ts";
import { DataError } from "../../base/errors.ts";
import { encodeSafetensors, type TensorData } from "../../runtime/mod.ts";
import { VaeInference } from "../../models/mod.ts";
import type { OpenEncoders } from "./open_model.ts";
import { presentOf } from "../../training/run_trainer.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { pairHasView, type RunViews } from "../../training/data/run_views.ts";

/** Options of {@linkcode encodeRun}. */
export interface EncodeRunOptions {
  /** The model, opened by {@linkcode openEncoders}. */
  readonly open: OpenEncoders;
  /** The data, opened by {@linkcode openRunData}. */
  readonly data: RunData;
  /** Indices of the model's views; all by default. */
  readonly views?: readonly number[];
  /** Whether to export one joint posterior per pair, aggregated over views, instead of one per view. */
  readonly aggregate?: boolean;
  /** Seed for sampling the components of a mixture; 0 by default. */
  readonly seed?: number;
  /** Called with the progress. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  /** Aborted to stop early. */
  readonly signal?: AbortSignal;
}

/** Latents of all pairs. */
export interface RunLatents {
  /**
   * `mu.VIEW` and `logvar.VIEW`, [pairs, D], of models with private latents the shared dimensions first; or `mu.joint`
   * and `logvar.joint`, [pairs, D], of such models the shared dimensions only. NaN in the rows of pairs without the
   * view. Without posteriors, `mu.VIEW` holds the features and there is no `logvar.VIEW`.
   */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** The pairs, one per row. */
  readonly pairs: PairTable;
}

/**
 * Encodes every pair of the run's data, in all splits, in evaluation mode.
 *
 * @throws {RangeError} if aggregation is requested and the method has no joint posterior.
 * @throws {DataError} naming the pair and dimension of a latent that is not finite.
 */
export async function encodeRun(options: EncodeRunOptions): Promise<RunLatents> {
  const { open: { model, views }, data, aggregate = false } = options;
  const { pairs, names } = views;
  const { batchSize } = model.shape;
  const chosen = options.views ?? names.map((_, m) => m);
  const parts = aggregate ? [{ name: "joint", views: chosen }] : chosen.map((m) => ({ name: names[m]!, views: [m] }));
  const { widths, hasPosteriors } = latentsOf(model);
  const latents = parts.map((part): Latents => {
    // A joint posterior is that of the latent that views share.
    const width = aggregate ? wholeVae(model).vae.sharedDim : widths[part.views[0]!]!;
    const empty = () => new Float32Array(pairs.count * width).fill(NaN);
    return { ...part, width, values: { mu: empty(), ...(hasPosteriors ? { logvar: empty() } : {}) } };
  });
  let done = 0;
  for await (const batch of batchesInOrder(data, { pairs, batchSize, texts: options.open.texts })) {
    options.signal?.throwIfAborted();
    // Copied, because the loader reuses the batch's memory for the next one.
    const { size, step, present } = batch;
    const shown = (row: number, m: number) => present[m * batchSize + row] === 1;
    if (aggregate) {
      const batchLatents = await wholeVae(model).aggregate(batch, {
        views: chosen,
        seed: options.seed ?? 0,
        step,
        ...presentOf(batch, views),
      });
      keep(latents[0]!, { ...batchLatents, done, size, isShown: (row) => chosen.some((m) => shown(row, m)) });
    } else {
      const encoded: { mu: readonly Float32Array[]; logvar?: readonly Float32Array[] } = await model.encode(batch);
      for (const into of latents) {
        const m = into.views[0]!;
        const logvar = encoded.logvar ? { logvar: encoded.logvar[m]! } : {};
        keep(into, { mu: encoded.mu[m]!, ...logvar, done, size, isShown: (row) => shown(row, m) });
      }
    }
    done += size;
    options.onProgress?.({ done, total: pairs.count });
  }
  const tensors = latents.flatMap(({ name, width, values }) =>
    Object.entries(values).map(([part, data]) => [`${part}.${name}`, { shape: [pairs.count, width], data }] as const)
  );
  return { tensors: new Map(tensors), pairs };
}

/** Lengths of the views' latents, and whether they are posteriors with a variance. */
function latentsOf(model: OpenEncoders["model"]): { widths: readonly number[]; hasPosteriors: boolean } {
  if (!(model instanceof VaeInference)) return { widths: model.encoders.widths, hasPosteriors: false };
  const { config, method, views } = model.vae;
  return { widths: new Array(views).fill(config.latentDim), hasPosteriors: method.prior !== "none" };
}

function wholeVae(model: OpenEncoders["model"]): VaeInference {
  if (model instanceof VaeInference) return model;
  throw new RangeError("only a VAE can aggregate its views' posteriors: encode its views instead");
}

/** Values of latents by their part of the posterior. */
interface Rows {
  readonly mu: Float32Array;
  readonly logvar?: Float32Array;
}

/** The latents of all pairs under one name. */
interface Latents {
  readonly name: string;
  /** Numbers of the views that they are of. */
  readonly views: readonly number[];
  readonly width: number;
  readonly values: Rows;
}

function keep(
  into: Latents,
  batch: Rows & { done: number; size: number; isShown: (row: number) => boolean },
): void {
  const { done, size } = batch;
  const { width } = into;
  for (let row = 0; row < size; row++) {
    if (!batch.isShown(row)) continue;
    for (const part of ["mu", "logvar"] as const) {
      const [all, given] = [into.values[part], batch[part]];
      if (!all || !given) continue;
      const values = given.subarray(row * width, (row + 1) * width);
      const dimension = values.findIndex((value) => !Number.isFinite(value));
      if (dimension >= 0) {
        throw new DataError(
          `${part} ${dimension} of the ${into.name} latent of pair ${done + row} is ${values[dimension]}; ` +
            "every latent must be a finite number, so the training has diverged or its checkpoint is damaged",
        );
      }
      all.set(values, (done + row) * width);
    }
  }
}

/** Serialises the latents as a safetensors file. */
export function latentsFile(latents: RunLatents, options: { run: string; method: string }): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(latents.tensors, {
    run: options.run,
    method: options.method,
    rows: "pairs, in the order of ids.csv; NaN if a pair lacks the view",
  });
}

/**
 * Formats the identifiers of the rows as CSV: split, subject, study, and for each view the image, blank if missing; for
 * a text whether there is one, as yes or a blank.
 */
export function idsFile(index: StudyIndex, { views }: { views: RunViews }): string {
  const { names, texts, pairs } = views;
  const lines = [["row", "split", "subject", "study", ...names]];
  for (let pair = 0; pair < pairs.count; pair++) {
    const study = pairs.study[pair]!;
    const cells = names.map((_, view) => {
      if (!pairHasView(views, { index, pair, view })) return "";
      return texts.includes(view) ? "yes" : index.images.ids[pairs.images[pair * pairs.views + view]!]!;
    });
    const subject = index.subjects.ids[index.studies.subject[study]!]!;
    lines.push([`${pair}`, SPLITS[index.splitOfStudy(study)] ?? "", subject, index.studies.ids[study]!, ...cells]);
  }
  return lines.map((cells) => `${cells.map(csvCell).join(",")}\n`).join("");
}
