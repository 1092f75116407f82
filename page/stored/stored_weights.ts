/**
 * How a page stores weights: as float32, float16, or 8-bit integers with a scale for each channel.
 *
 * Only tensors of two or more axes are shortened. Biases, scales and running statistics are few, and errors in them
 * move every result.
 *
 * @module
 */
import type { HostTensor } from "../../models/mod.ts";
import { toFloat32 } from "../../runtime/mod.ts";

/** The type of large tensors: float32, float16 or 8-bit integers. */
export type WeightStorage = "f32" | "f16" | "i8";

/**
 * How a model's weights are stored: all of one type, or `mixed`: float32 for encoders, so that latents and scores are
 * the run's own, and float16 for decoders, which only draw.
 */
export type ModelStorage = WeightStorage | "mixed";

/** A tensor among the weights. */
export interface StoredTensor {
  /** Its name in the state_dict. */
  readonly name: string;
  /** Shape in the file's layout. */
  readonly shape: readonly number[];
  /** Type of its elements. */
  readonly type: WeightStorage;
  /** For `i8`: the axis of the channels, whose float32 scales precede the elements. */
  readonly axis?: 0 | 1;
}

const DTYPES = { f32: "F32", f16: "F16", i8: "I8" } as const;
const BYTES = { f32: 4, f16: 2, i8: 1 } as const;

/**
 * Reads the weights.
 *
 * @throws {RangeError} if the bytes are not as long as the tensors' shapes say.
 */
export function readWeights(tensors: readonly StoredTensor[], bytes: Uint8Array): Map<string, HostTensor> {
  const weights = new Map<string, HostTensor>();
  let at = 0;
  const take = (count: number, type: WeightStorage): Float32Array => {
    const end = at + count * BYTES[type];
    if (end > bytes.length) throw new RangeError("the weights are cut off: export the model again");
    const values = toFloat32({ dtype: DTYPES[type], shape: [count], bytes: bytes.subarray(at, end) });
    at = end;
    return values;
  };
  for (const { name, shape, type, axis } of tensors) {
    const scales = axis === undefined ? undefined : take(shape[axis]!, "f32");
    const data = take(shape.reduce((product, length) => product * length, 1), type);
    if (scales) forEachChannel({ shape, axis: axis! }, (channel, i) => data[i]! *= scales[channel]!);
    weights.set(name, { shape, data });
  }
  if (at !== bytes.length) throw new RangeError("the weights are longer than their tensors: export the model again");
  return weights;
}

/** Visits every element of a tensor with the number of its channel. */
export function forEachChannel(
  { shape, axis }: { shape: readonly number[]; axis: number },
  visit: (channel: number, index: number) => void,
): void {
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const channels = shape[axis]!;
  const size = shape.reduce((product, length) => product * length, 1);
  for (let i = 0; i < size; i++) visit(Math.floor(i / inner) % channels, i);
}
