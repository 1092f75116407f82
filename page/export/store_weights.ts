/**
 * Shortens weights for a page: rounds them to float16, or quantises them to 8 bits.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import type { HostTensor } from "../../models/mod.ts";
import { forEachChannel, type ModelStorage, type StoredTensor } from "../stored/stored_weights.ts";

/** Weights as a page stores them. */
export interface StoredWeights {
  /** The tensors, in the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
  /** All of their bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Largest number that 8 bits store; -128 is not used, so that the range is symmetric. */
const LEVELS = 127;
/** Shares of a channel's largest weight that are tried as the largest one stored; beyond it weights are clipped. */
const CLIPS = [1, 0.95, 0.9, 0.85, 0.8, 0.7];
const LARGEST_F16 = 65504;

/**
 * Stores weights; tensors that a type cannot hold keep float32.
 *
 * @param options.isTransposed Whether a tensor is the weight of a transposed convolution, whose output channels are its
 * second axis; they are the first one of all others.
 */
export function storeWeights(
  tensors: ReadonlyMap<string, HostTensor>,
  { storage, isTransposed }: { storage: ModelStorage; isTransposed: (name: string) => boolean },
): StoredWeights {
  const parts: Uint8Array[] = [];
  const stored = [...tensors].map(([name, tensor]): StoredTensor => {
    const { shape, data } = tensor;
    const fits = data.every((value) => Math.abs(value) <= LARGEST_F16);
    const type = storage !== "mixed" ? storage : name.startsWith("encoders.") ? "f32" : "f16";
    if (shape.length < 2 || type === "f32" || !fits) {
      parts.push(bytesOf(data));
      return { name, shape, type: "f32" };
    }
    const axis = isTransposed(name) ? 1 : 0;
    if (type === "f16") {
      parts.push(bytesOf(roundToHalf(tensor, axis)));
      return { name, shape, type: "f16" };
    }
    const { scales, values } = quantise(tensor, axis);
    parts.push(bytesOf(scales), bytesOf(values));
    return { name, shape, type: "i8", axis };
  });
  return { tensors: stored, bytes: concatBytes(parts) };
}

/**
 * Rounds to float16 and carries each rounding error over to the next weight of the output channel, so that a channel's
 * errors sum to almost nothing. Pixels that lie side by side are nearly equal, and features after a ReLU positive:
 * errors that cancel out in the sum of the weights mostly do so in a channel's results.
 */
function roundToHalf({ shape, data }: HostTensor, axis: 0 | 1): Float16Array {
  const values = new Float16Array(data.length);
  const carried = new Float64Array(shape[axis]!);
  forEachChannel({ shape, axis }, (channel, i) => {
    const wanted = data[i]! + carried[channel]!;
    values[i] = wanted;
    carried[channel] = wanted - values[i]!;
  });
  return values;
}

function bytesOf(data: Float32Array | Float16Array | Int8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Quantises to 8 bits, with the scale for each channel that makes its squared error smallest. */
function quantise({ shape, data }: HostTensor, axis: 0 | 1): { scales: Float32Array; values: Int8Array } {
  const at = { shape, axis };
  const largest = new Float32Array(shape[axis]!);
  forEachChannel(at, (channel, i) => largest[channel] = Math.max(largest[channel]!, Math.abs(data[i]!)));
  const scales = new Float32Array(largest.length);
  const errors = new Float64Array(largest.length).fill(Infinity);
  for (const clip of CLIPS) {
    const tried = largest.map((value) => value * clip / LEVELS || 1);
    const sums = new Float64Array(largest.length);
    forEachChannel(at, (channel, i) => {
      sums[channel]! += (data[i]! - level(data[i]!, tried[channel]!) * tried[channel]!) ** 2;
    });
    sums.forEach((sum, channel) => {
      if (sum < errors[channel]!) [errors[channel], scales[channel]] = [sum, tried[channel]!];
    });
  }
  const values = new Int8Array(data.length);
  forEachChannel(at, (channel, i) => values[i] = level(data[i]!, scales[channel]!));
  return { scales, values };
}

function level(value: number, scale: number): number {
  return Math.max(-LEVELS, Math.min(LEVELS, Math.round(value / scale)));
}
