/**
 * Distributions of initial parameters, by the number of inputs and outputs of a unit.
 *
 * X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010).
 * K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers (ICCV 2015).
 *
 * @example
 * ```ts
 * import { createTrainer, initializers, layers } from "../mod.ts";
 * import { adam, Device, mean, relu } from "../../runtime/mod.ts";
 *
 * using device = await Device.open();
 * using trainer = await createTrainer(device, {
 *   inputs: { x: [8, 4] },
 *   model: (scope, { x }) =>
 *     relu(layers.linear(scope, x, { outputs: 2, initializer: initializers.kaimingNormal })),
 *   loss: (y) => mean(y),
 *   optimizer: adam(),
 * });
 * ```
 *
 * @module
 */
import type { Initializer } from "./scope.ts";

/** Number of inputs and outputs of a unit: for convolutions, channels times the kernel's positions. */
export interface Fans {
  /** Values that one output depends on. */
  readonly fanIn: number;
  /** Outputs that depend on one value. */
  readonly fanOut: number;
}

/** Chooses the distribution of a layer's weights. */
export type Initialization = (fans: Fans) => Initializer;

/** All zeros. */
export function zeros(): Initializer {
  return { kind: "zeros" };
}

/** All ones. */
export function ones(): Initializer {
  return { kind: "ones" };
}

/** Uniform in +-1/sqrt(fanIn): PyTorch's default for linear and convolutional layers. */
export function fanInUniform({ fanIn }: Fans): Initializer {
  return { kind: "uniform", fanIn };
}

/** Uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio), for tanh and sigmoid. */
export function xavierUniform({ fanIn, fanOut }: Fans): Initializer {
  return { kind: "uniform", fanIn: (fanIn + fanOut) / 6 };
}

/** Normal with variance 2 / (fanIn + fanOut) (Glorot and Bengio). */
export function xavierNormal({ fanIn, fanOut }: Fans): Initializer {
  return { kind: "normal", deviation: Math.sqrt(2 / (fanIn + fanOut)) };
}

/** Uniform in +-sqrt(6 / fanIn) (He et al.), for ReLU. */
export function kaimingUniform({ fanIn }: Fans): Initializer {
  return { kind: "uniform", fanIn: fanIn / 6 };
}

/** Normal with variance 2 / fanIn (He et al.), for ReLU. */
export function kaimingNormal({ fanIn }: Fans): Initializer {
  return { kind: "normal", deviation: Math.sqrt(2 / fanIn) };
}

/** Normal with variance 2 / fanOut (He et al., equation 14), for ReLU: it keeps the variance of gradients. */
export function kaimingNormalFanOut({ fanOut }: Fans): Initializer {
  return { kind: "normal", deviation: Math.sqrt(2 / fanOut) };
}

/**
 * Normal with mean zero.
 *
 * @throws {RangeError} unless the standard deviation is positive and finite.
 */
export function normal(deviation: number): () => Initializer {
  if (!(deviation > 0 && Number.isFinite(deviation))) {
    throw new RangeError(`the standard deviation of initial values must be positive and finite, got ${deviation}`);
  }
  return () => ({ kind: "normal", deviation });
}
