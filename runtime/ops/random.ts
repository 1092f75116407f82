/**
 * Random numbers and dropout.
 *
 * Numbers are keyed by (seed, stream, step); see `base/philox.ts`. `program.run()` provides seed and step, so that
 * every step draws new numbers and a repeated step draws the same; the stream distinguishes the ops of a program. Two
 * random ops of equal streams and shapes draw the same numbers, so every layer needs its own stream. With step number
 * s + 2^32 p the numbers are those of part p of step s: ranks and micro-batches draw different ones.
 *
 * @module
 */
import { type Distribution, lowerRandom, lowerRandomBatch } from "../kernels/random/random.ts";
import { randomCounters } from "../graph/leaf.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { requireWord } from "../../base/philox.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { mul } from "./pointwise.ts";

/** Identifies the stream of random numbers. */
export interface StreamOptions {
  /** An integer from 0 to 2^32 - 1, different for every random op of a program. */
  readonly stream: number;
}

interface RandomAttributes extends StreamOptions {
  readonly shape: Shape;
  readonly distribution: Distribution;
  readonly keep: number;
}

const randomOp: Op<RandomAttributes> = defineOp({
  name: "random",
  infer(_, { shape, stream }) {
    requireWord("stream", stream);
    return [{ shape, dtype: "f32" }];
  },
  lower: ({ attributes }) => lowerRandom({ count: sizeOf(attributes.shape), ...attributes }),
  batch: {
    key: ({ distribution, keep }) => `${distribution} ${keep}`,
    lower: (each, layout) => lowerRandomBatch({ ...each[0]!, streams: each.map(({ stream }) => stream), layout }),
  },
});

function random(shape: Shape, options: StreamOptions & { distribution: Distribution; keep?: number }): Tensor {
  const { stream, distribution, keep = 1 } = options;
  return apply(randomOp, [randomCounters()], { shape, stream, distribution, keep })[0]!;
}

/** Uniform numbers in [0, 1) with 24 random bits, equal to `randomUniformData()`'s on the host. */
export function randomUniform(shape: Shape, options: StreamOptions): Tensor {
  return random(shape, { stream: options.stream, distribution: "uniform" });
}

/** Standard normal numbers, equal to `randomNormalData()`'s on the host up to rounding. */
export function randomNormal(shape: Shape, options: StreamOptions): Tensor {
  return random(shape, { stream: options.stream, distribution: "normal" });
}

/**
 * 1 / keep with probability `keep`, otherwise 0: a mask that preserves expectations.
 *
 * @throws {RangeError} unless 0 < keep <= 1.
 */
export function randomBernoulli(shape: Shape, options: StreamOptions & { keep: number }): Tensor {
  const { stream, keep } = options;
  if (!(keep > 0 && keep <= 1)) throw new RangeError(`randomBernoulli() needs 0 < keep <= 1, got ${keep}`);
  return random(shape, { stream, distribution: "bernoulli", keep });
}

/** Options of dropout. */
export interface DropoutOptions extends StreamOptions {
  /** Probability that a value is dropped, from 0 up to but not including 1. */
  readonly rate: number;
}

/**
 * Zeroes each element with probability `rate` and divides the others by 1 - rate. Not to be called in evaluation.
 *
 * N. Srivastava et al.: Dropout (JMLR 2014).
 */
export function dropout(x: Tensor, options: DropoutOptions): Tensor {
  return drop(x, { ...options, name: "dropout", shape: x.shape });
}

/**
 * Zeroes each channel of each sample of [N, ..., C] with probability `rate` and divides the others by 1 - rate.
 *
 * J. Tompson et al.: Efficient object localization using convolutional networks (CVPR 2015).
 */
export function dropout2d(x: Tensor, options: DropoutOptions): Tensor {
  const shape = x.shape.map((size, axis) => (axis === 0 || axis === x.rank - 1 ? size : 1));
  return drop(x, { ...options, name: "dropout2d", shape });
}

function drop(x: Tensor, options: DropoutOptions & { name: string; shape: Shape }): Tensor {
  const { rate, stream, name, shape } = options;
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`${name}() needs 0 <= rate < 1, got ${rate}`);
  return rate === 0 ? x : mul(x, randomBernoulli(shape, { stream, keep: 1 - rate }));
}
