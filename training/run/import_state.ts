/**
 * Reads a VAE's state_dict from PyTorch: finds out its network and sizes, and checks every tensor.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { readRegular } from "../../base/regular_file.ts";
import { declareParameters, fileShape, type HostTensor, Vae } from "../../models/mod.ts";
import { decodeSafetensors, SafetensorsError, toFloat32 } from "../../runtime/mod.ts";
import type { ModelConfig } from "./run_config.ts";
import { RUN_SETTINGS } from "./run_settings.ts";

/** Sizes that the tensors' shapes tell; `privateDim` only of MMVAE+, which has priors of its private latents. */
export type StateSizes = Pick<ModelConfig, "network" | "imageSize" | "filterDim" | "latentDim" | "privateDim">;

/** A checked state_dict. */
export interface ImportedState {
  readonly sizes: StateSizes;
  /** Number of encoders. */
  readonly views: number;
  /** Parameters and running statistics. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

const STATE = { maxBytes: 2 ** 32, kind: "a state_dict" };
/** Most mismatches named in one message. */
const SHOWN = 10;

/**
 * Reads the tensors of a state_dict, stored as safetensors.
 *
 * @throws {DataError} for another file.
 */
export async function readTensors(path: string): Promise<Map<string, HostTensor>> {
  const bytes = await readRegular(path, STATE);
  const tensors = new Map<string, HostTensor>();
  try {
    for (const [name, raw] of decodeSafetensors(bytes).tensors) {
      // Batch norm's counter of batches, which nothing here uses.
      if (name.endsWith(".num_batches_tracked")) continue;
      tensors.set(name, { shape: raw.shape, data: toFloat32(raw) });
    }
  } catch (error) {
    if (!(error instanceof SafetensorsError || error instanceof TypeError)) throw error;
    throw new DataError(`this is not a state_dict in the safetensors format: ${error.message}`, { file: path });
  }
  return tensors;
}

/**
 * Reads and checks a state_dict with the authors' names, stored as safetensors.
 *
 * @throws {DataError} naming each tensor that is missing, unknown, of another shape or not finite.
 */
export async function readState(path: string): Promise<ImportedState> {
  return checkState(await readTensors(path), { path });
}

/**
 * Checks a state_dict with the authors' names.
 *
 * @param options.path The file, for messages.
 * @throws {DataError} naming each tensor that is missing, unknown, of another shape or not finite.
 */
export function checkState(tensors: ReadonlyMap<string, HostTensor>, { path }: { path: string }): ImportedState {
  const { views, ...found } = sizesOf(tensors, { file: path });
  const privateDim = tensors.get("private_priors.0")?.shape[0];
  const sizes = { ...found.sizes, ...(privateDim === undefined ? {} : { privateDim }) };
  if (!isPossible(sizes)) {
    const { network, imageSize, filterDim, latentDim } = sizes;
    throw new DataError(
      `the tensors' shapes give ${network} networks of ${filterDim} filters and ${latentDim} latent dimensions at ` +
        `${imageSize} pixels${
          privateDim === undefined ? "" : `, ${privateDim} of them private`
        }, which is no size that ` +
        "a network has",
      { file: path },
    );
  }
  const mismatches = mismatchesOf(tensors, { sizes, views });
  if (mismatches.length > 0) {
    const more = mismatches.length - SHOWN;
    throw new DataError(
      `the tensors do not fit a ${sizes.network} network of ${views} views at ${sizes.imageSize} pixels with ` +
        `${sizes.filterDim} filters and ${sizes.latentDim} latent dimensions, which the first ones are of: ` +
        `${mismatches.slice(0, SHOWN).join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
      { file: path },
    );
  }
  return { sizes, views, tensors };
}

/** Whether sizes are in the ranges of a run's settings. */
function isPossible({ imageSize, filterDim, latentDim, privateDim }: StateSizes): boolean {
  if (privateDim !== undefined && (privateDim < 1 || privateDim >= latentDim)) return false;
  const { imageSize: image, filterDim: filters, latentDim: latents } = RUN_SETTINGS.model;
  return [[image, imageSize], [filters, filterDim], [latents, latentDim]].every(([setting, value]) =>
    (setting as typeof image).schema.safeParse(value).success
  );
}

type Tensors = ReadonlyMap<string, HostTensor>;

/** Network and sizes by the tensors of the first encoder and decoder. */
function sizesOf(tensors: Tensors, { file }: { file: string }): { sizes: StateSizes; views: number } {
  const names = [...tensors.keys()];
  if (names.some((name) => /\.text_generator\./.test(name))) {
    throw new DataError("the state_dict has a text view, and only views of images can be imported", { file });
  }
  const views = count(names, /^encoders\.(\d+)\./);
  const shape = (name: string): readonly number[] => {
    const found = tensors.get(name);
    if (found) return found.shape;
    throw new DataError(
      `the state_dict lacks ${name}, by which the network is known: it must be one of a VAE with encoders.N and ` +
        "decoders.N, named as in the authors' implementation",
      { file },
    );
  };
  const latentDim = shape("encoders.0.feature_compressor.content_mu.weight")[0] ?? 0;
  const first = "encoders.0.feature_extractor";
  if (tensors.has(`${first}.5.weight`)) {
    const filterDim = shape(`${first}.0.weight`)[0] ?? 0;
    const side = Math.round(Math.sqrt((shape(`${first}.5.weight`)[1] ?? 0) / (2 * filterDim)));
    return { sizes: { network: "small", imageSize: 4 * side, filterDim, latentDim }, views };
  }
  const filterDim = shape(`${first}.conv1.weight`)[0] ?? 0;
  // The decoder has a block more for each size, and one layer after them.
  const layers = count(names, /^decoders\.0\.img_generator\.generator\.(\d+)\./);
  const imageSize = { 5: 64, 6: 128, 7: 224 }[layers];
  if (imageSize === undefined) {
    throw new DataError(
      `the first decoder has ${layers} layers in img_generator.generator, but 5, 6 or 7 are needed, for images of ` +
        "64, 128 or 224 pixels",
      { file },
    );
  }
  return { sizes: { network: "residual", imageSize, filterDim, latentDim }, views };
}

/** How many different numbers a pattern's group takes. */
function count(names: readonly string[], pattern: RegExp): number {
  return new Set(names.flatMap((name) => pattern.exec(name)?.[1] ?? [])).size;
}

/** What is wrong with the tensors, a phrase for each. */
function mismatchesOf(tensors: Tensors, { sizes, views }: { sizes: StateSizes; views: number }): string[] {
  const vae = new Vae({
    ...sizes,
    method: sizes.privateDim === undefined ? "independent" : "mmvae-plus",
    views: Array.from({ length: views }, (_, m) => `view ${m}`),
    dropout: 0,
    likelihood: { name: "laplace", scale: 1 },
  });
  const needed = new Map(
    declareParameters((scope) => vae.declare(scope)).map((spec) => [spec.name, fileShape(spec)]),
  );
  const wrong = [...needed].flatMap(([name, shape]) => {
    const found = tensors.get(name);
    if (!found) return [`${name} is missing`];
    if (found.shape.join() !== shape.join()) {
      return [`${name} has shape [${found.shape.join(", ")}], but [${shape.join(", ")}] is needed`];
    }
    return found.data.every(Number.isFinite) ? [] : [`${name} has a value that is not finite`];
  });
  return [...wrong, ...[...tensors.keys()].filter((name) => !needed.has(name)).map((name) => `${name} is unknown`)];
}
