/**
 * Dynamic loss scaling, which keeps gradients that are stored as float16 from underflowing.
 *
 * Float16 covers 6e-8 to 65,504. The loss is therefore multiplied by a power of two, which the optimiser divides out
 * again in float32, exactly. If the scale is too large, infinities reach the parameters' gradients: the step is
 * skipped and the scale halved; after a number of good steps it is doubled. All of this happens on the GPU, within
 * the step: nothing is read back, and a run that is restored with its state continues bit for bit.
 *
 * P. Micikevicius et al.: Mixed precision training (ICLR 2018). PyTorch's GradScaler does the same on the host.
 *
 * @example
 * ```ts
 * import { adam, compile, createLossScale, createSlab, Device, gradients } from "../mod.ts";
 * import { input, pack, square, sub, sum } from "../mod.ts";
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

/** Initial value and growth of a loss scale. */
export interface LossScaleOptions {
  /**
   * Initial scale, a power of two from 2^-10 to 2^24; 2^8 by default, because a loss that is a sum over pixels has
   * large gradients.
   */
  readonly initial?: number;
  /** Number of consecutive good steps after which the scale is doubled; 1,000 by default. */
  readonly interval?: number;
}

/** A loss scale. Dispose of it to free its memory. */
export interface LossScale extends Disposable {
  /** The scale and the number of good steps since it last changed, [2]. Part of checkpoints. */
  readonly state: State;
  /** The scale at the start of a step, a scalar for `gradients()`. */
  readonly tensor: Tensor;
  /** Number of consecutive good steps after which the scale is doubled. */
  readonly interval: number;
  /** Initial value of {@link state}. */
  readonly initial: Float32Array;
}

/** The smallest scale: gradients that overflow even then have another cause. */
export const LEAST_LOSS_SCALE = 2 ** -10;

/** The largest scale: larger ones do not help any gradient that float16 can represent. */
const MOST = 2 ** 24;

/**
 * Creates a loss scale.
 *
 * @throws {RangeError} unless the scale is a power of two from 2^-10 to 2^24 and the interval a positive integer.
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
 * Adds the update of a loss scale to the program under construction; called by optimisers.
 *
 * @param control The control values of `gradientNorm()`.
 */
export function adaptLossScale(lossScale: LossScale, control: Tensor): void {
  apply(lossScaleOp, [lossScale.state.tensor, control], { interval: lossScale.interval });
}
