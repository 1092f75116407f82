/**
 * GFLOP/s of matrix products and of the paper network's convolutions, forward and both gradients, and their share of what the adapter
 * multiplies and adds when it reads nothing:
 *
 *     deno run --allow-read --allow-env --allow-write bench/kernels.ts [FILTER [BATCH]]
 *
 * Multiplications are counted as the direct form does them; Winograd's form does fewer, so its share may exceed 1. Timings are GPU
 * timestamps, medians of 7 samples. On a machine that does other things they say little.
 *
 * @module
 */
import { Device } from "../runtime/device.ts";
import { gridFor } from "../runtime/kernel.ts";
import { fillTemplate } from "../runtime/kernels/template.ts";
import { timeLowering } from "./kernels_time.ts";
import { matmulWork, paperWork, type Work } from "./kernels_work.ts";
import ceilingCode from "./kernels_ceiling.wgsl" with { type: "text" };

/** One line of the benchmark. */
export interface KernelResult {
  readonly kernel: string;
  readonly shape: string;
  readonly variant: string;
  readonly milliseconds: number;
  readonly gflops: number;
  readonly share: number;
}

/** GFLOP/s of multiply-adds in registers. */
export async function measureCeiling(device: Device): Promise<number> {
  const chains = 4;
  const lanes = device.target.profile === "software" ? 8 : 256;
  const groups = device.target.profile === "software" ? 64 : 4096;
  const rounds = device.target.profile === "software" ? 20_000 : 1000;
  const code = fillTemplate(ceilingCode, { LANES: lanes, CHAINS: chains });
  const grid = gridFor(groups);
  const dispatch = { kernel: "ceiling", code, uniforms: [rounds], bindings: [{ output: 0 }], grid };
  const milliseconds = await timeLowering(device, { dispatches: [dispatch] }, {
    inputs: [],
    outputs: [groups * lanes * 4],
  });
  return (groups * lanes * rounds * 16 * chains * 4 * 2) / milliseconds / 1e6;
}

/** Times all work and prints a line for each. */
export async function benchKernels(
  device: Device,
  options: { filter: number; batch: number; print: (line: string) => void },
): Promise<KernelResult[]> {
  const { print } = options;
  const ceiling = await measureCeiling(device);
  print(`GFLOPS ceiling registers ${ceiling.toFixed(1)}`);
  const results: KernelResult[] = [];
  const paper = paperWork(options);
  let [step, flops] = [0, 0];
  for (const work of [...matmulWork(), ...paper]) {
    const result = await timeWork(device, { work, ceiling });
    results.push(result);
    step += work.count * result.milliseconds;
    flops += work.count * work.flops;
    const { kernel, shape, gflops, share, variant, milliseconds } = result;
    print(
      `GFLOPS ${kernel} ${shape} ${gflops.toFixed(1)} ${(100 * share).toFixed(0)}% ${
        milliseconds.toFixed(3)
      }ms ${variant}`,
    );
  }
  print(
    `convolutions of a step, one view of filter ${options.filter}, batch ${options.batch}: ${step.toFixed(1)} ms, ` +
      `${(flops / step / 1e6).toFixed(1)} GFLOP/s, ${(100 * flops / step / 1e6 / ceiling).toFixed(0)}% of the ceiling`,
  );
  return results;
}

async function timeWork(device: Device, options: { work: Work; ceiling: number }): Promise<KernelResult> {
  const { work, ceiling } = options;
  const lowering = work.lower(device.target);
  const milliseconds = await timeLowering(device, lowering, work.sizes);
  const gflops = work.flops / milliseconds / 1e6;
  const variant = lowering.dispatches.map(({ kernel }) => kernel).join("+");
  return { kernel: work.kernel, shape: work.shape, variant, milliseconds, gflops, share: gflops / ceiling };
}

if (import.meta.main) {
  const [filter = 64, batch = 32] = Deno.args.map(Number);
  using device = await Device.open();
  console.log(device.description);
  await benchKernels(device, { filter, batch, print: console.log });
}
