/**
 * Lowering of random numbers.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import philoxCode from "../../../shaders/random/philox.wgsl" with { type: "text" };
import randomCode from "../../../shaders/random/random.wgsl" with { type: "text" };
import { gridFor, type Lowering } from "../kernel.ts";
import { floatBits } from "../bits.ts";
import { fillTemplate } from "../template.ts";

/** What is drawn; Bernoulli's numbers are 0 or, with probability `keep`, 1 / keep. */
export type Distribution = "uniform" | "normal" | "bernoulli";

const WORKGROUP = 64;

/**
 * `count` random numbers: input state, u32 [seed low, seed high, step, 0]; output f32 [count].
 *
 * @param options.keep Probability of a Bernoulli number that is not 0.
 */
export function lowerRandom(
  options: { count: number; stream: number; distribution: Distribution; keep?: number },
): Lowering {
  const { count, stream, distribution, keep = 1 } = options;
  const vector = count % 4 === 0;
  return {
    dispatches: [legacy({
      kernel: `random/${distribution}-${vector ? "x4" : "x1"}`,
      code: philoxCode + fillTemplate(randomCode, { DISTRIBUTION: distribution, VECTOR: vector }),
      uniforms: [count, stream, floatBits(keep)],
      bindings: [{ input: 0 }, { output: 0 }],
      grid: gridFor(Math.ceil(count / 4 / WORKGROUP)),
    })],
  };
}
