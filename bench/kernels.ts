/**
 * Measures GFLOP/s of matrix products and of the paper network's convolutions, forward and both gradients, and the
 * fraction they reach of the adapter's multiply-add throughput in registers (the ceiling):
 *
 *     deno task bench kernels [FILTER [BATCH [WORDS]]]
 *
 * WORDS selects lines that contain them. Operations are counted as for direct convolution; Winograd convolution needs
 * fewer, so its fraction may exceed 1. Timings are medians of 7 samples: of GPU timestamps or, on a software adapter,
 * of processor time divided by the number of cores, which equals wall time on an idle machine and excludes other
 * processes on a busy one.
 *
 * @module
 */
import process from "node:process";
import { Device } from "../runtime/device/device.ts";
import { type Dispatch, gridFor, type Lowering, writes } from "../runtime/kernels/kernel.ts";
import { type LoweringSizes, timeLowering } from "../runtime/tuner/time_lowering.ts";
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

/** Work of at least this length is submitted at once, so that submission overhead is negligible. */
const TIMING = { sampleMilliseconds: 40, samples: 7, pick: "median" } as const;
/** Fraction of the step's time covered by the convolutions of the last summary line. */
const MOST_OF_STEP = 0.9;

/** Measures GFLOP/s of multiply-adds in registers. */
export async function measureCeiling(device: Device): Promise<number> {
  const chains = 4;
  const lanes = device.target.profile === "software" ? 8 : 256;
  const groups = device.target.profile === "software" ? 64 : 4096;
  const rounds = device.target.profile === "software" ? 20_000 : 1000;
  const dispatch: Dispatch = {
    kernel: "ceiling",
    code: ceilingCode,
    values: { CHAINS: chains },
    lanes,
    uniforms: { rounds },
    operands: { y: writes({ output: 0 }, "vec4f") },
    grid: gridFor(groups),
  };
  const milliseconds = await timed(device, { dispatches: [dispatch] }, { inputs: [], outputs: [groups * lanes * 4] });
  return (groups * lanes * rounds * 16 * chains * 4 * 2) / milliseconds / 1e6;
}

/** Times all work, printing one line each. */
export async function benchKernels(
  device: Device,
  options: { filter: number; batch: number; words?: string; print: (line: string) => void },
): Promise<KernelResult[]> {
  const { print, words = "" } = options;
  const ceiling = await measureCeiling(device);
  print(`GFLOPS ceiling registers ${ceiling.toFixed(1)}`);
  const results: KernelResult[] = [];
  const step: { milliseconds: number; flops: number }[] = [];
  for (const work of [...matmulWork(), ...paperWork(options)]) {
    if (!`${work.kernel} ${work.shape}`.includes(words)) continue;
    const result = await timeWork(device, { work, ceiling });
    results.push(result);
    step.push({ milliseconds: work.count * result.milliseconds, flops: work.count * work.flops });
    const { kernel, shape, gflops, share, variant, milliseconds } = result;
    print(
      `GFLOPS ${kernel} ${shape} ${gflops.toFixed(1)} ${percent(share)} ${milliseconds.toFixed(3)}ms ${variant}`,
    );
  }
  print(summary(step, { ...options, ceiling }));
  return results;
}

/** Summarises all convolutions of a step, and those that take most of its time. */
function summary(
  step: readonly { milliseconds: number; flops: number }[],
  options: { filter: number; batch: number; ceiling: number },
): string {
  const total = sumOf(step);
  const most: { milliseconds: number; flops: number }[] = [];
  for (const work of step.toSorted((a, b) => b.milliseconds - a.milliseconds)) {
    if (sumOf(most).milliseconds < MOST_OF_STEP * total.milliseconds) most.push(work);
  }
  const figures = ({ milliseconds, flops }: { milliseconds: number; flops: number }) =>
    `${milliseconds.toFixed(1)} ms, ${(flops / milliseconds / 1e6).toFixed(1)} GFLOP/s, ` +
    `${percent(flops / milliseconds / 1e6 / options.ceiling)} of the ceiling`;
  return `convolutions of a step, one view of filter ${options.filter}, batch ${options.batch}: ${figures(total)}\n` +
    `those that take ${percent(MOST_OF_STEP)} of it: ${figures(sumOf(most))}`;
}

function sumOf(works: readonly { milliseconds: number; flops: number }[]): { milliseconds: number; flops: number } {
  return works.reduce(
    (sum, each) => ({ milliseconds: sum.milliseconds + each.milliseconds, flops: sum.flops + each.flops }),
    { milliseconds: 0, flops: 0 },
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}

async function timeWork(device: Device, options: { work: Work; ceiling: number }): Promise<KernelResult> {
  const { work, ceiling } = options;
  const lowering = work.lower(device.target);
  const milliseconds = await timed(device, lowering, work.sizes);
  const gflops = work.flops / milliseconds / 1e6;
  const variant = lowering.dispatches.map(({ kernel }) => kernel).join("+");
  return { kernel: work.kernel, shape: work.shape, variant, milliseconds, gflops, share: gflops / ceiling };
}

function timed(device: Device, lowering: Lowering, sizes: LoweringSizes): Promise<number> {
  const cores = navigator.hardwareConcurrency;
  const clock = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000 / cores;
  };
  return timeLowering(device, lowering, { ...sizes, ...TIMING, ...(device.isFallback ? { clock } : {}) });
}

if (import.meta.main) {
  const [filter = 64, batch = 32] = Deno.args.slice(0, 2).map(Number);
  using device = await Device.open();
  console.log(device.description);
  await benchKernels(device, { filter, batch, words: Deno.args[2] ?? "", print: console.log });
}
