/**
 * Lowering of random numbers.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import distributionsCode from "../../../shaders/random/distributions.wgsl" with { type: "text" };
import philoxCode from "../../../shaders/random/philox.wgsl" with { type: "text" };
import randomCode from "../../../shaders/random/random.wgsl" with { type: "text" };
import { f32, floats, gridFor, type Lowering, reads, vec4us, writes } from "../kernel.ts";

/** What is drawn; Bernoulli's numbers are 0 or, with probability `keep`, 1 / keep. */
export type Distribution = "uniform" | "normal" | "bernoulli";

/**
 * `count` random numbers: input state, u32 [seed low, seed high, step, part]; output f32 [count].
 *
 * @param options.keep Probability of a Bernoulli number that is not 0.
 */
export function lowerRandom(
  options: { count: number; stream: number; distribution: Distribution; keep?: number },
): Lowering {
  const { count, stream, distribution, keep = 1 } = options;
  const vector = count % 4 === 0;
  return {
    dispatches: [{
      kernel: `random/${distribution}-${vector ? "x4" : "x1"}`,
      code: [philoxCode, distributionsCode, randomCode].join("\n"),
      values: {
        NORMAL: distribution === "normal",
        BERNOULLI: distribution === "bernoulli",
        VECTOR: vector,
        BATCH: false,
      },
      uniforms: { count, stream, keep: f32(keep) },
      operands: { state: reads({ input: 0 }, "u32"), out: writes({ output: 0 }, floats(vector ? 4 : 1)) },
      grid: gridFor(Math.ceil(count / 4 / DEFAULT_LANES)),
    }],
  };
}

/**
 * Random numbers of several streams in one slab: input state as of {@link lowerRandom}; output f32 [length], with the
 * numbers of `streams[i]` from element `offsets[i]` (a multiple of 4) on. The padding between them is overwritten.
 */
export function lowerRandomBatch(
  options: {
    streams: readonly number[];
    layout: { readonly offsets: readonly number[]; readonly length: number };
    distribution: Distribution;
    keep?: number;
  },
): Lowering {
  const { streams, layout: { offsets, length }, distribution, keep = 1 } = options;
  const count = Math.ceil(length / 4);
  return {
    dispatches: [{
      kernel: `random_batch/${distribution}`,
      code: [philoxCode, distributionsCode, randomCode].join("\n"),
      values: { NORMAL: distribution === "normal", BERNOULLI: distribution === "bernoulli", VECTOR: true, BATCH: true },
      uniforms: {
        count: 4 * count,
        keep: f32(keep),
        ranges: streams.length,
        // First block and stream of each range.
        table: vec4us(streams.flatMap((stream, i) => [offsets[i]! / 4, stream, 0, 0])),
      },
      operands: { state: reads({ input: 0 }, "u32"), out: writes({ output: 0 }, "vec4f") },
      grid: gridFor(Math.ceil(count / DEFAULT_LANES)),
    }],
  };
}
