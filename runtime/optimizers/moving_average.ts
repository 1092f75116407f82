/**
 * Exponential moving average of a model's state, which generalises better than the last step's weights.
 *
 * B. T. Polyak, A. B. Juditsky: Acceleration of stochastic approximation by averaging (SIAM J. Control Optim. 1992).
 * PyTorch: `torch.optim.swa_utils.AveragedModel` with an `avg_fn`.
 *
 * @module
 */
import { input } from "../graph/leaf.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Slab } from "../graph/state.ts";
import type { Op } from "../graph/tensor.ts";
import { lowerMovingAverage } from "../kernels/optimizer/optimizer.ts";
import { requireSetting, requireSlabs } from "./gradient_norm.ts";

/** Inputs: average, values, hyper. */
const averageOp: Op<Record<string, never>> = defineOp({
  name: "moving_average",
  infer(inputs) {
    requireSlabs("moving_average", inputs.slice(0, 2));
    return [];
  },
  mutates: [0],
  lower: ({ inputs: [average], target }) => lowerMovingAverage({ length: average!.shape[0]!, target }),
});

const INPUT = "average.hyper";

/**
 * Moves an average towards a slab's values. The program under construction then needs the input returned by
 * {@link averageRate}. If the program changes the values too, the average sees them as they were before.
 *
 * @throws {RangeError} unless both slabs have the same layout.
 */
export function averageInto(average: Slab, values: Slab): void {
  requireSlabs("moving_average", [average.whole, values.whole]);
  apply(averageOp, [average.whole.tensor, values.whole.tensor, input(INPUT, { shape: [1] })], {});
}

/** Settings of a moving average. */
export interface AverageSettings {
  /** Weight of the past, from 0 to below 1; 0.999 averages over about a thousand steps. */
  readonly decay: number;
  /**
   * Start with smaller weights of the past, n / (n + 9) at step n, so that a short run's average is not made of its
   * first steps; true by default. Without it the weight is `decay` from the second step on, as in PyTorch.
   */
  readonly warmup?: boolean;
}

/**
 * The input of a step. The first step copies the values.
 *
 * @param options.step Number of the step, from 0.
 * @throws {RangeError} unless the decay is from 0 to below 1.
 */
export function averageRate({ decay, warmup = true, step }: AverageSettings & { step: number }): Record<
  string,
  Float32Array
> {
  requireSetting("the decay of a moving average", { value: decay, low: 0, high: 1 });
  const past = step === 0 ? 0 : warmup ? Math.min(decay, step / (step + 9)) : decay;
  return { [INPUT]: Float32Array.of(1 - past) };
}
