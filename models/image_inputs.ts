/**
 * Image batches as inputs of a program.
 *
 * @module
 */
import { input, type Tensor, unpackBytes } from "../runtime/mod.ts";

/**
 * Bytes, view-major [M, N, S, S], 0 black to 255 white; or, for a model with `floatImages`, one array per view, [N, S,
 * S] in [0, 1].
 */
export type Pixels = Uint8Array | readonly Float32Array[];

/** The images of a batch. */
export interface ImageShape {
  /** Names of the views. */
  readonly views: readonly string[];
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Images of each view. */
  readonly batchSize: number;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
}

/** Declares the program's image inputs: floats in [0, 1], one tensor per view, [N, S, S, 1]. */
export function imageTensors({ views, imageSize, batchSize, floatImages }: ImageShape): Tensor[] {
  const shape = [batchSize, imageSize, imageSize, 1];
  if (floatImages) return views.map((_, m) => input(`image ${m}`, { shape }));
  const size = batchSize * imageSize * imageSize;
  const pixels = input("pixels", { shape: [Math.ceil(size * views.length / 4)], dtype: "u32" });
  return views.map((_, m) => unpackBytes(pixels, { shape, first: m * size }));
}

/** The values of the inputs that {@link imageTensors} declares. */
export function pixelInputs(pixels: Pixels): Record<string, Uint8Array | Float32Array> {
  if (pixels instanceof Uint8Array) return { pixels: padded(pixels) };
  return Object.fromEntries(pixels.map((image, m) => [`image ${m}`, image]));
}

/** Padded to whole words: WebGPU writes buffers in units of four bytes. */
function padded(pixels: Uint8Array): Uint8Array {
  if (pixels.byteLength % 4 === 0) return pixels;
  const whole = new Uint8Array(Math.ceil(pixels.byteLength / 4) * 4);
  whole.set(pixels);
  return whole;
}
