/**
 * The global gradient norm, clipping by it, and skipping of steps with non-finite gradients.
 *
 * R. Pascanu, T. Mikolov, Y. Bengio: On the difficulty of training recurrent neural networks (ICML 2013).
 *
 * @module
 */
import { lowerGradientNorm, normChunks, type Stretch } from "../kernels/optimizer/optimizer.ts";
import { input, tensor } from "../graph/leaf.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import type { Slab } from "../graph/state.ts";
import { formatShape, type TensorSpec } from "../graph/shape.ts";

/** Clipping, and handling of gradients with Inf or NaN. */
export interface ClippingSettings {
  /** Largest norm, to which larger gradients are scaled down; no clipping by default. */
  readonly maxNorm?: number;
  /** Skip the update if the gradient norm is Inf or NaN; true by default. */
  readonly skipNonFinite?: boolean;
}

/** @throws {RangeError} naming the slab, if a tensor is not as long as the slab of parameters. */
export function requireSlabs(op: string, slabs: readonly TensorSpec[]): void {
  requireFloat(op, slabs);
  const [parameters] = slabs;
  for (const { shape } of slabs) {
    if (shape.length !== 1 || shape[0] !== parameters?.shape[0]) {
      throw new RangeError(
        `${op}.update() needs slabs of one layout for parameters, moments and the packed gradient, got ${
          slabs.map((slab) => formatShape(slab.shape)).join(", ")
        }`,
      );
    }
  }
}

interface NormAttributes {
  readonly parameters: readonly Stretch[];
  readonly scaled: boolean;
}

/** Inputs: gradients, chunks, limits, the loss's scale if there is one; outputs: norm, control. */
const gradientNormOp: Op<NormAttributes> = defineOp({
  name: "gradient_norm",
  infer: () => [{ shape: [], dtype: "f32" }, { shape: [2], dtype: "f32" }],
  lower: ({ inputs: [gradients], attributes, target }) =>
    lowerGradientNorm({ length: gradients!.shape[0]!, ...attributes, target }),
});

/**
 * The norm of a packed gradient over the parameters of a slab, excluding padding.
 *
 * @param options.name The optimiser's name; the program then has an input `<name>.limits`, returned by {@link
 * clippingInput}.
 * @param options.lossScale The factor of the gradient: the state's first element, a power of two.
 * @returns The norm of the unscaled gradient, and the control values of the update kernels: a factor, and whether to
 * skip the step.
 */
export function gradientNorm(
  gradient: Tensor,
  options: { parameters: Slab; name: string; lossScale?: Tensor },
): { norm: Tensor; control: Tensor } {
  const parameters = options.parameters.states.map(({ offset, size }): Stretch => [offset, size]);
  const chunks = normChunks(parameters);
  const table = tensor(chunks.flat(), { shape: [chunks.length, 2], dtype: "u32" });
  const limits = input(`${options.name}.limits`, { shape: [2] });
  const { lossScale } = options;
  const inputs = [gradient, table, limits, ...(lossScale ? [lossScale] : [])];
  const [norm, control] = apply(gradientNormOp, inputs, { parameters, scaled: lossScale !== undefined });
  return { norm: norm!, control: control! };
}

/**
 * The values of the input that {@link gradientNorm} declares.
 *
 * @throws {RangeError} unless the largest norm is positive.
 */
export function clippingInput(settings: ClippingSettings): Float32Array {
  const { maxNorm = Infinity, skipNonFinite = true } = settings;
  if (!(maxNorm > 0)) throw new RangeError(`maxNorm must be positive, got ${maxNorm}`);
  return Float32Array.of(maxNorm, skipNonFinite ? 1 : 0);
}

/** @throws {RangeError} unless the value is a finite number in [low, high) (or at least `low`). */
export function requireSetting(name: string, options: { value: number; low: number; high?: number }): void {
  const { value, low, high = Infinity } = options;
  if (!(value >= low && value < high)) {
    throw new RangeError(
      `${name} must be a number from ${low}${high < Infinity ? ` to below ${high}` : " up"}, got ${value}`,
    );
  }
}
