/**
 * Scaling a loss so that gradients that are stored as float16 do not underflow.
 *
 * Float16 ends at 65,504 above and at 6e-8 below. So the gradients are those of the loss times a power of two, and the optimiser takes the
 * factor out again in float32, which is exact. Where it was too large, infinities reach the parameters' gradients: that step is left out and the
 * factor halved; after some good steps it is doubled. All of this happens on the GPU, in the step itself: nothing is read back, and a run that is
 * restored with its state goes on bit for bit.
 *
 * P. Micikevicius et al.: Mixed precision training (ICLR 2018). PyTorch's GradScaler does the same on the host.
 *
 * @example
 * ```ts
 * import { adam, compile, createLossScale, createSlab, Device, gradients, input, pack, square, sub, sum } from "../mod.ts";
 *
 * using device = await Device.open();
 * using parameters = createSlab(device, { name: "parameters", entries: [{ name: "w", shape: [3] }] });
 * using m = createSlab(device, { name: "m", entries: parameters.states });
 * using v = createSlab(device, { name: "v", entries: parameters.states });
 * using lossScale = createLossScale(device);
 * using program = await compile(device, () => {
 *   const tensors = parameters.states.map((state) => state.tensor);
 *   const loss = sum(square(sub(tensors[0]!, input("target", { shape: [3] }))));
 *   const gradient = pack(gradients(loss, tensors, { scale: lossScale.tensor }));
 *   return { metrics: { loss, norm: adam.update({ parameters, m, v, gradient, lossScale }) } };
 * }, { precision: device.hasHalf ? "f16" : "f32" });
 * program.run({ target: Float32Array.of(1, 2, 3), ...adam.hyperparameters({ learningRate: 0.1, step: 1 }) });
 * ```
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { lowerLossScale } from "../kernels/optimizer/optimizer.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { reshape } from "../ops/view.ts";
import { slice } from "../ops/movement.ts";
import { createState, type State } from "../graph/state.ts";

/** How a loss's scale begins and changes. */
export interface LossScaleOptions {
  /** The first scale, a power of two from 2^-10 to 2^24; 2^8 by default: a loss that is a sum over pixels has large gradients. */
  readonly initial?: number;
  /** Good steps in a row after which it is doubled, 1,000 by default. */
  readonly interval?: number;
}

/** The scale of a loss. Dispose of it to free its memory. */
export interface LossScale extends Disposable {
  /** The scale, and the number of good steps since it last changed: [2]. Belongs to a checkpoint. */
  readonly state: State;
  /** The scale that a step starts with, for `gradients()`: a scalar. */
  readonly tensor: Tensor;
  readonly interval: number;
  /** What {@link state} begins with. */
  readonly initial: Float32Array;
}

/** The smallest scale: gradients that are not finite even so are a fault of something else. */
export const LEAST_LOSS_SCALE = 2 ** -10;

/** The largest one: what is larger helps no gradient that float16 can hold. */
const MOST = 2 ** 24;

/**
 * Makes a loss's scale.
 *
 * @throws {RangeError} for a scale that is no power of two from 2^-10 to 2^24, or an interval that is no positive whole number.
 */
export function createLossScale(device: Device, options: LossScaleOptions = {}): LossScale {
  const { initial: first = 2 ** 8, interval = 1000 } = options;
  if (!(first >= LEAST_LOSS_SCALE && first <= MOST && Number.isInteger(Math.log2(first)))) {
    throw new RangeError(`the scale of a loss must be a power of two from 2^-10 to 2^24, got ${first}`);
  }
  if (!Number.isInteger(interval) || interval < 1) {
    throw new RangeError(`the scale of a loss is doubled after a positive whole number of steps, got ${interval}`);
  }
  const initial = Float32Array.of(first, 0);
  const state = createState(device, { name: "loss scale", shape: [2], data: initial });
  return {
    state,
    tensor: reshape(slice(state.tensor, { starts: [0], sizes: [1] }), []),
    interval,
    initial,
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** Inputs: state, control. */
const lossScaleOp: Op<{ interval: number }> = defineOp({
  name: "loss_scale",
  infer: () => [],
  mutates: [0],
  lower: ({ attributes: { interval } }) => lowerLossScale({ interval, least: LEAST_LOSS_SCALE, most: MOST }),
});

/**
 * Adds the change of a loss's scale to the program that is being compiled; optimisers do.
 *
 * @param control What `gradientNorm()` says of the step.
 */
export function adaptLossScale(lossScale: LossScale, control: Tensor): void {
  apply(lossScaleOp, [lossScale.state.tensor, control], { interval: lossScale.interval });
}
