/**
 * Unpacks pixels that are uploaded as bytes, a quarter of the size of floats.
 *
 * @module
 */
import { lowerUnpack } from "../kernels/movement/unpack.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";

const unpackOp: Op<{ shape: Shape; first: number }> = defineOp({
  name: "unpack_bytes",
  infer([words], { shape, first }) {
    const bytes = sizeOf(words!.shape) * 4;
    if (words!.dtype !== "u32" || !Number.isInteger(first) || first < 0 || first + sizeOf(shape) > bytes) {
      throw new RangeError(
        `unpackBytes() needs bytes ${first} to ${first + sizeOf(shape) - 1} of u32 words, got ${words!.dtype} ` +
          `${formatShape(words!.shape)}, which is ${bytes} bytes`,
      );
    }
    return [{ shape, dtype: "f32" }];
  },
  lower: ({ attributes: { shape, first } }) => lowerUnpack({ first, count: sizeOf(shape) }),
});

/**
 * Unsigned bytes, four to a u32 word with the lowest first (a `Uint8Array`'s memory), divided by 255.
 *
 * @param options.first The first byte to take, 0 by default: with one buffer for all views of a batch, [M, N, H, W,
 * C] bytes, view m starts at byte m * N * H * W * C.
 * @throws {RangeError} if the words do not hold that many bytes.
 *
 * @example
 * ```ts
 * import { input, unpackBytes } from "../../mod.ts";
 *
 * // run({ pixels: new Uint8Array(65_536) })
 * const pixels = input("pixels", { shape: [2 * 8 * 64 * 64 / 4], dtype: "u32" });
 * const frontal = unpackBytes(pixels, { shape: [8, 64, 64, 1] });
 * const lateral = unpackBytes(pixels, { shape: [8, 64, 64, 1], first: 8 * 64 * 64 });
 * ```
 */
export function unpackBytes(words: Tensor, options: { shape: Shape; first?: number }): Tensor {
  return apply(unpackOp, [words], { shape: options.shape, first: options.first ?? 0 })[0]!;
}
