/**
 * The global norm of all gradients, clipping by it, and the decision to leave out a step whose gradients are not finite.
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

/** How large a norm may be, and what happens to gradients with Inf or NaN. */
export interface ClippingSettings {
  /** Gradients whose norm is larger are scaled down to it; no clipping by default. */
  readonly maxNorm?: number;
  /** Leave parameters and moments unchanged in a step whose gradient norm is Inf or NaN; true by default. */
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
 * The norm of a packed gradient over the parameters of a slab; what lies between them does not count.
 *
 * @param options.name The optimiser's; the program then has an input `<name>.limits`, which {@link clippingInput} gives.
 * @param options.lossScale What the gradient was multiplied by: its first element, a power of two.
 * @returns The norm of the gradient before that, and what the update kernels need: their factor, and whether to leave the step out.
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
