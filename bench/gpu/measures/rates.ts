/**
 * GPU time of every kernel of the papers' step at 224 pixels, beside the time that the static model gives it.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../../base/atomic_file.ts";
import { createVaeTrainer } from "../../../models/mod.ts";
import { Device, type ProfileEntry, summarizeProfile } from "../../../runtime/mod.ts";
import { type CardName, CARDS, peakFlops } from "../../gpu_static/cards.ts";
import { modelStep, type StaticStep } from "../../gpu_static/static_summary.ts";
import { measureCeiling } from "../../kernels.ts";
import { stepWork } from "../../peers/work.ts";
import { DRY_SIZES } from "../exchange.ts";
import { type Measure, nvidiaQuery } from "../measurement.ts";

/** The part of a static model's file that is needed; the rest is what `modelStep()` takes. */
const modelSchema = z.looseObject({ kernels: z.array(z.looseObject({})), dispatches: z.array(z.looseObject({})) });

export const measure: Measure = async ({ dryRun, model, out }, report) => {
  using device = await Device.open();
  if (!device.hasTimestamps) return report({ absent: "the adapter has no timestamp queries" });
  const card = cardOf(`${device.description} ${(await nvidiaQuery("name"))?.name ?? ""}`);
  report({
    card: card ?? null,
    peakGflops: card ? peakFlops(CARDS[card]) / 1e9 : null,
    measuredGflops: dryRun ? null : await measureCeiling(device),
    measuredCopyGigabytesPerSecond: await copyRate(device, dryRun ? 2 ** 20 : 2 ** 29),
  });
  const entries = await profileStep(device, dryRun);
  await writeFileAtomic(join(out, "paper224-profile.json"), JSON.stringify(entries) + "\n");
  const modelled = await modelledTimes(model, card ?? "h100");
  let matched = 0;
  for (const { kernel, calls, milliseconds, share, gflops, gigabytes } of summarizeProfile(entries)) {
    const expected = modelled?.get(kernel);
    const fits = expected !== undefined && expected.calls === calls;
    matched += fits ? 1 : 0;
    report({
      kernel,
      calls,
      milliseconds,
      share,
      gflops,
      gigabytes,
      modelMilliseconds: fits ? expected.milliseconds : null,
      measuredOverModel: fits ? milliseconds / expected.milliseconds : null,
    });
  }
  const total = entries.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / 1e6;
  const modelTotal = modelled && [...modelled.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  report({
    dispatches: entries.length,
    milliseconds: total,
    modelMilliseconds: modelTotal ?? null,
    matchedKernels: matched,
    ...(modelled ? {} : { noModel: `there is no ${model}: deno task bench gpu-static writes it` }),
  });
};

/** The modelled card that an adapter is, if it is one of them. */
function cardOf(description: string): CardName | undefined {
  const known: readonly [RegExp, CardName][] = [
    [/H[12]00/, "h100"],
    [/A100/, "a100"],
    [/7900/, "rx7900xtx"],
    [/4090/, "rtx4090"],
  ];
  return known.find(([pattern]) => pattern.test(description))?.[1];
}

/** The step that the static model compiles, timed dispatch by dispatch; the fastest of some. */
async function profileStep(device: Device, dryRun: boolean): Promise<ProfileEntry[]> {
  const { batchSize, ...sizes } = dryRun ? DRY_SIZES : { batchSize: 32, imageSize: 224 };
  const given = { ...stepWork(dryRun ? "step" : "paper64").config, ...sizes, dropout: 0.5 };
  using trainer = await createVaeTrainer(device, { config: given, batchSize, seed: 0 });
  const batch = { pixels: new Uint8Array(given.views.length * batchSize * given.imageSize ** 2).fill(90) };
  let best: ProfileEntry[] = [];
  const time = (entries: readonly ProfileEntry[]) => entries.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);
  // The first step warms up.
  for (let step = 0; step < (dryRun ? 2 : 6); step++) {
    const entries = await trainer.profile(batch, { learningRate: 1e-4, alpha: 0.5, beta: 1, step });
    if (step <= 1 || time(entries) < time(best)) best = entries;
  }
  return best;
}

/** Milliseconds and dispatches of every kernel by the static model; `undefined` without its file. */
async function modelledTimes(
  file: string,
  card: CardName,
): Promise<Map<string, { milliseconds: number; calls: number }> | undefined> {
  let parsed;
  try {
    parsed = modelSchema.safeParse(JSON.parse(await Deno.readTextFile(file)));
  } catch {
    return undefined;
  }
  if (!parsed.success) return undefined;
  // Written by `bench gpu-static` from a value of this type.
  const step = parsed.data as unknown as StaticStep;
  const times = new Map<string, { milliseconds: number; calls: number }>();
  for (const { kernel, seconds } of modelStep(step, card)) {
    const sum = times.get(kernel) ?? { milliseconds: 0, calls: 0 };
    times.set(kernel, { milliseconds: sum.milliseconds + 1000 * seconds, calls: sum.calls + 1 });
  }
  return times;
}

/** Gigabytes a second, read and written, of copies between two buffers. */
async function copyRate(device: Device, bytes: number): Promise<number> {
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [from, to] = [0, 1].map(() => device.allocate(bytes, { label: "copies", usage }));
  const copy = async (times: number) => {
    const encoder = device.gpu.createCommandEncoder();
    for (let i = 0; i < times; i++) encoder.copyBufferToBuffer(from!, 0, to!, 0, bytes);
    device.gpu.queue.submit([encoder.finish()]);
    await device.finish();
  };
  await copy(1);
  const times = 10;
  const start = performance.now();
  await copy(times);
  const seconds = (performance.now() - start) / 1000;
  for (const buffer of [from, to]) device.free(buffer!);
  return 2 * times * bytes / seconds / 1e9;
}
