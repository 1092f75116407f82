/**
 * One of the ranks of `bench ranks`: does steps on random images, and rank 0 prints what each part of a step took.
 *
 * @module
 */
import process from "node:process";
import { joinJob } from "../../cli/cluster/join_job.ts";
import { createParallelTrainer, createVaeTrainer, TrainableVae, type VaeTrainerOptions } from "../../models/mod.ts";
import { Device } from "../../runtime/mod.ts";
import { MODEL, type StepParts, type StepTimes } from "./model.ts";

const settings = (step: number) => ({ step, learningRate: 1e-4, beta: 1, alpha: 0 });

/** Wall-clock and processor time. */
interface Moment {
  readonly wall: number;
  readonly processor: number;
}

function now(): Moment {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, processor: (user + system) / 1e6 };
}

function between(from: Moment, to: Moment): StepTimes {
  return { seconds: to.wall - from.wall, processorSeconds: to.processor - from.processor };
}

/** Means, as `deno task plan` gives them. */
function means(all: readonly StepTimes[]): StepTimes {
  const mean = (of: (each: StepTimes) => number) => all.reduce((total, each) => total + of(each), 0) / all.length;
  return { seconds: mean(({ seconds }) => seconds), processorSeconds: mean((each) => each.processorSeconds) };
}

function optionsOf(batchSize: number): VaeTrainerOptions & { pixels: Uint8Array } {
  const { imageSize, views } = MODEL;
  const pixels = Uint8Array.from({ length: views.length * batchSize * imageSize ** 2 }, (_, i) => (i * 40_503) >>> 8);
  return { config: MODEL, batchSize, seed: 1, pixels };
}

/** The steps of a process that trains alone, on the whole batch. */
async function alone(device: Device, batchSize: number, steps: number): Promise<StepTimes> {
  const { pixels, ...options } = optionsOf(batchSize);
  using trainer = await createVaeTrainer(device, options);
  const times: StepTimes[] = [];
  for (let step = 0; step <= steps; step++) {
    const from = now();
    trainer.step({ pixels }, settings(step));
    await device.gpu.queue.onSubmittedWorkDone();
    if (step > 0) times.push(between(from, now()));
  }
  return means(times);
}

/** The steps of one of several ranks, which all call this together. */
async function together(batchSize: number, steps: number): Promise<void> {
  const world = await joinJob({ limit: 600, shareAdapter: true });
  using device = await Device.open();
  const { pixels, ...options } = optionsOf(batchSize / world.size);
  // Set by the exchange of each step.
  let [arrived, met, summed] = [now(), now(), now()];
  const sum = async (values: Float32Array<ArrayBuffer>) => {
    arrived = now();
    // Ranks that are done with their gradients wait for the others here, so that the exchange is that alone.
    await world.sum(new Float32Array(world.size));
    met = now();
    await world.sum(values);
    summed = now();
  };
  const ranks = { rank: world.rank, size: world.size, sum };
  using trainer = await createParallelTrainer(device, { ...options, model: new TrainableVae(options), ranks });
  const parts: Record<keyof StepParts, StepTimes[]> = { gradient: [], waiting: [], exchange: [], update: [], step: [] };
  for (let step = 0; step <= steps; step++) {
    const from = now();
    await trainer.step({ pixels }, settings(step));
    await device.gpu.queue.onSubmittedWorkDone();
    const end = now();
    if (step === 0) continue;
    parts.gradient.push(between(from, arrived));
    parts.waiting.push(between(arrived, met));
    parts.exchange.push(between(met, summed));
    parts.update.push(between(summed, end));
    parts.step.push(between(from, end));
  }
  const own = Object.fromEntries(Object.entries(parts).map(([name, all]) => [name, means(all)]));
  const all = await world.gather(JSON.stringify(own));
  if (world.rank === 0) {
    console.log(JSON.stringify({ bytes: trainer.exchanged * 4, ranks: all.map((each) => JSON.parse(each)) }));
  }
  await world.finalize();
}

const [batch = "0", steps = "1", single] = Deno.args;
if (single === "alone") {
  using device = await Device.open();
  console.log(JSON.stringify(await alone(device, Number(batch), Number(steps))));
} else {
  await together(Number(batch), Number(steps));
}
