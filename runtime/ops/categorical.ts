/**
 * The categorical likelihood of token sequences.
 *
 * @module
 */
import {
  lowerCategoricalGradient,
  lowerCategoricalMode,
  lowerCategoricalNll,
  type Sequences,
} from "../kernels/categorical/categorical.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, type Shape, sizeOf, type TensorSpec } from "../graph/shape.ts";
import { sum } from "./reduce.ts";

type None = Record<string, never>;

function sequencesOf({ shape }: TensorSpec): Sequences {
  const words = shape.at(-1)!;
  const samples = shape[0]!;
  return { samples, words, positions: sizeOf(shape) / samples / words };
}

/** Inputs logits, tokens, lengths; outputs each position's negative log-likelihood and log-sum-exp. */
const nllOp: Op<None> = defineOp({
  name: "categorical_nll",
  infer([logits, tokens, lengths]) {
    requireSequences(logits!, { tokens: tokens!, lengths: lengths! });
    const { samples, positions } = sequencesOf(logits!);
    const shape = [samples, positions];
    return [{ shape, dtype: "f32" }, { shape, dtype: "f32" }];
  },
  lower: ({ inputs: [logits], target }) => lowerCategoricalNll({ ...sequencesOf(logits!), target }),
  vjp: ({ inputs: [logits, tokens, lengths], outputs: [, normalizers], cotangents: [g] }) => [
    g && apply(gradientOp, [logits!, tokens!, lengths!, normalizers!, g], {})[0]!,
  ],
});

const gradientOp: Op<None> = defineOp({
  name: "categorical_nll_gradient",
  infer: ([logits]) => [{ shape: logits!.shape, dtype: "f32" }],
  lower: ({ inputs: [logits] }) => lowerCategoricalGradient(sequencesOf(logits!)),
});

function requireSequences(logits: TensorSpec, { tokens, lengths }: { tokens: TensorSpec; lengths: TensorSpec }): void {
  requireFloat("categoricalNll", [logits]);
  const { shape } = logits;
  const isText = shape.length === 3 || (shape.length === 4 && shape[1] === 1);
  if (!isText) {
    throw new RangeError(
      `categoricalNll() needs logits [samples, positions, words] or [samples, 1, positions, words], got ` +
        formatShape(shape),
    );
  }
  const { samples, positions } = sequencesOf(logits);
  requireWords("tokens", { given: tokens, shape: [samples, positions] });
  requireWords("lengths", { given: lengths, shape: [samples] });
}

function requireWords(name: string, { given, shape }: { given: TensorSpec; shape: Shape }): void {
  if (given.dtype !== "u32" || formatShape(given.shape) !== formatShape(shape)) {
    throw new TypeError(
      `categoricalNll() needs ${name} of u32 ${formatShape(shape)}, got ${given.dtype} ${formatShape(given.shape)}`,
    );
  }
}

/**
 * -log p of token sequences, each token drawn from the softmax of its position's logits, summed over the positions
 * before each sequence's length: padding has no influence, whatever its tokens and logits are. One kernel forward and
 * one backward; the softmax itself is never stored. Only first derivatives are supported.
 *
 * A token that is no word (V or more) makes its sequence's result NaN.
 *
 * @param logits [N, L, V] or, as a feature map, [N, 1, L, V].
 * @param tokens u32 [N, L].
 * @param options.lengths Number of tokens that count in each sequence, u32 [N]; more than L counts as L.
 * @returns [N]
 * @throws {TypeError | RangeError} naming the argument whose shape or type does not fit.
 */
export function categoricalNll(logits: Tensor, tokens: Tensor, options: { lengths: Tensor }): Tensor {
  return sum(apply(nllOp, [logits, tokens, options.lengths], {})[0]!, { axes: 1 });
}

const modeOp: Op<None> = defineOp({
  name: "categorical_mode",
  infer([logits]) {
    requireFloat("categoricalMode", [logits!]);
    if (logits!.shape.length === 0) throw new RangeError("categoricalMode() needs logits [..., words], got a scalar");
    return [{ shape: logits!.shape.slice(0, -1), dtype: "f32" }];
  },
  lower: ({ inputs: [logits] }) => {
    const words = logits!.shape.at(-1)!;
    return lowerCategoricalMode({ rows: sizeOf(logits!.shape) / words, words });
  },
});

/**
 * The most probable outcome under a softmax of logits [..., V]: the number of the largest one, of equal ones the first.
 * It has no gradient.
 *
 * @returns [...], whole numbers below V as f32.
 */
export function categoricalMode(logits: Tensor): Tensor {
  return apply(modeOp, [logits], {})[0]!;
}
