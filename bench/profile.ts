/**
 * Profiles the GPU time of one training step of a VAE: `deno task bench profile`. Prints a table by kernel and writes a
 * trace for chrome://tracing and https://ui.perfetto.dev.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { choice, flag, integer, number, parseArguments, path } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { formatTable } from "../cli/terminal/table.ts";
import { createVaeTrainer, METHOD_NAMES, RESIDUAL_SIZES } from "../models/mod.ts";
import { Device, PRECISIONS, type ProfileEntry, summarizeProfile, traceOf } from "../runtime/mod.ts";

const OPTIONS = {
  method: choice(METHOD_NAMES as [string, ...string[]], { help: "the model", default: "mmvm" }),
  imageSize: integer({ min: 28, help: `pixels a side: ${RESIDUAL_SIZES.join(", ")}`, default: 64 }),
  filterDim: integer({ min: 1, help: "filters of the first layer", default: 8 }),
  latentDim: integer({ min: 1, help: "latent dimensions", default: 32 }),
  batchSize: integer({ min: 1, help: "pairs per step", default: 8 }),
  dropout: number({ min: 0, max: 0.99, help: "probability of dropout, 0.5 in the papers", default: 0.5 }),
  precision: choice(PRECISIONS, { help: "how feature maps and their gradients are stored", default: "f32" }),
  repeats: integer({ min: 1, help: "number of steps to time; the fastest is reported", default: 5 }),
  byOp: flag({ help: "list a kernel's shapes separately" }),
  out: path({ help: "file for the trace", default: "bench/results/profile.json" }),
};

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "bench profile",
    summary: "Times every kernel of one training step on the GPU.",
    options: OPTIONS,
  }, args);
  using device = await Device.open();
  const { batchSize, dropout, imageSize, filterDim, latentDim, method, precision } = values;
  const views = ["frontal", "lateral"];
  using trainer = await createVaeTrainer(device, {
    config: {
      method,
      views,
      network: "residual",
      imageSize,
      filterDim,
      latentDim,
      dropout,
      likelihood: { name: "laplace", scale: 0.75 },
    },
    batchSize,
    seed: 0,
    precision,
  });
  const batch = { pixels: noise(views.length * batchSize * imageSize * imageSize) };
  const settings = { learningRate: 1e-4, alpha: 0.5, beta: 1 };
  let step = 0;
  const next = () => ({ ...settings, step: step++ });
  const run = () => trainer.step(batch, next());
  run();
  await device.finish();
  const wall = await fastest(values.repeats, async () => {
    run();
    await device.finish();
  });
  let entries: ProfileEntry[] = [];
  for (let i = 0; i < values.repeats; i++) {
    const times = await trainer.profile(batch, next());
    if (i === 0 || totalTime(times) < totalTime(entries)) entries = times;
  }
  const title =
    `${method}, ${imageSize} px, filter ${filterDim}, latent ${latentDim}, batch ${batchSize}, ${precision}`;
  console.log(`${device.description} (${device.target.profile} kernels)\n${title}\n`);
  console.log(table(values.byOp ? entries.map(withShapes) : entries));
  console.log(summary(entries, { wall, batchSize, arena: trainer.memory.arena }));
  await mkdir(dirname(values.out), { recursive: true });
  await writeFile(values.out, JSON.stringify(traceOf(entries, { name: title })));
  console.log(`trace: ${values.out}`);
}

function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) >>> 24);
}

async function fastest(repeats: number, work: () => Promise<void>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function totalTime(entries: readonly ProfileEntry[]): number {
  return entries.reduce((total, { nanoseconds }) => total + nanoseconds, 0);
}

function withShapes(entry: ProfileEntry): ProfileEntry {
  return { ...entry, kernel: `${entry.kernel} ${entry.shape}` };
}

const WIDTH = 72;

function table(entries: readonly ProfileEntry[]): string {
  const rows = summarizeProfile(entries).map(({ kernel, calls, milliseconds, share, gflops, gigabytes }) => [
    kernel.length > WIDTH ? `${kernel.slice(0, WIDTH - 1)}…` : kernel,
    calls,
    ...[milliseconds.toFixed(3), `${(100 * share).toFixed(1)}%`, gflops.toFixed(2), gigabytes.toFixed(2)]
      .map((text) => text.padStart(8)),
  ]);
  const heads = ["ms", "share", "GFLOP/s", "GB/s"].map((text) => text.padStart(8));
  return formatTable(["kernel", "calls", ...heads], rows);
}

function summary(
  entries: readonly ProfileEntry[],
  options: { wall: number; batchSize: number; arena: number },
): string {
  const { wall, batchSize, arena } = options;
  const flops = entries.reduce((total, entry) => total + entry.flops, 0);
  const gpu = totalTime(entries) / 1e6;
  return `${entries.length} dispatches, ${gpu.toFixed(1)} ms on the GPU, ${(flops / 1e9).toFixed(2)} GFLOP ` +
    `(${(flops / gpu / 1e6).toFixed(1)} GFLOP/s); a replayed step takes ${wall.toFixed(1)} ms, readback included: ` +
    `${(1000 * batchSize / wall).toFixed(1)} pairs/s; arena ${(arena / 2 ** 20).toFixed(1)} MiB`;
}

if (import.meta.main) await runCli(main);
