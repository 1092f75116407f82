import assert from "node:assert/strict";
import {
  createParallelTrainer,
  createStepTrainer,
  layers,
  type ParallelTrainer,
  type Ranks,
  type Scope,
  type Trainable,
} from "../../models/mod.ts";
import { Device, input, mean, reshape, square, sub, type Tensor } from "../../runtime/mod.ts";
import golden from "./golden/ddp.json" with { type: "json" };
import { localRanks } from "./local_ranks.ts";

const [STEPS, SAMPLES, SIDE, CHANNELS, OUTPUTS] = [6, 4, 8, 4, 3] as const;

interface Example {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** The numbers of `golden/make_ddp.py`. */
function waves(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i ** 1.5 + phase));
}

/** The network of `golden/make_ddp.py`, with its names. */
function network(samples: number): Trainable<Example> {
  const outputs = (scope: Scope, x: Tensor) => {
    const features = layers.conv(scope.child("0"), x, { channels: CHANNELS, kernel: 3 });
    const normed = layers.batchNorm(scope.child("1"), features, { relu: true });
    return layers.conv(scope.child("3"), normed, { channels: OUTPUTS, kernel: SIDE - 2, bias: true });
  };
  return {
    declare: (scope) => void outputs(scope, input("x", { shape: [1, SIDE, SIDE, 1] })),
    loss(scope) {
      const found = reshape(outputs(scope, input("x", { shape: [samples, SIDE, SIDE, 1] })), [samples, OUTPUTS]);
      return { loss: mean(square(sub(found, input("y", { shape: [samples, OUTPUTS] })))) };
    },
    inputs: ({ x, y }) => ({ values: { x, y } }),
  };
}

function example(step: number, rank: number): Example {
  const phase = 10 * step + 3 * rank;
  return { x: waves(SAMPLES * SIDE * SIDE, phase), y: waves(SAMPLES * OUTPUTS, phase + 0.5) };
}

const settings = (step: number) => ({ step, learningRate: golden.learningRate, alpha: 0, beta: 0 });
const OPTIONS = { seed: 1, epsilon: golden.epsilon, maxNorm: golden.maxNorm };

async function startAsGolden(trainer: Pick<ParallelTrainer<Example>, "read" | "write">): Promise<void> {
  const state = await trainer.read();
  for (const [name, scale, phase] of [["0.weight", 0.3, 1], ["3.weight", 0.1, 2]] as const) {
    state.get(name)!.data.set(waves(state.get(name)!.data.length, phase).map((value) => scale * value));
  }
  state.get("3.bias")!.data.fill(0);
  trainer.write(state);
}

function distance(found: ArrayLike<number>, want: ArrayLike<number>): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(Array.from(want, (value, i) => found[i]! - value)) / norm(Array.from(want));
}

Deno.test("two ranks follow PyTorch's DistributedDataParallel with batch norm and clipping", async () => {
  using device = await Device.open();
  const ranks = localRanks(2);
  const create = (each: Ranks) => createParallelTrainer(device, { ...OPTIONS, model: network(SAMPLES), ranks: each });
  using first = await create(ranks[0]!);
  using second = await create(ranks[1]!);
  const trainers = [first, second];
  for (const trainer of trainers) await startAsGolden(trainer);
  for (let step = 0; step < STEPS; step++) {
    await Promise.all(trainers.map((trainer, rank) => trainer.step(example(step, rank), settings(step))));
  }
  const metrics = await first.readMetrics();
  metrics.forEach(({ values }, step) => {
    const [ofLoss, ofNorm] = step === 0 ? [2e-5, 1e-4] : [3e-3, 3e-3];
    assert.ok(Math.abs(values.loss! / golden.losses[step]! - 1) < ofLoss, `loss ${values.loss} at step ${step}`);
    const norm = values.gradientNorm!;
    assert.ok(Math.abs(norm / golden.norms[step]! - 1) < ofNorm, `norm ${norm} at step ${step}`);
    assert.ok(norm > golden.maxNorm, `the gradient of step ${step} is not clipped`);
  });
  const state = await first.read();
  for (const [name, want] of Object.entries(golden.state)) {
    const error = distance(state.get(name)!.data, want);
    assert.ok(error < 5e-3, `${name} is off by ${error}`);
  }
  const other = await second.read();
  for (const [name, { data }] of state) assert.deepEqual(other.get(name)!.data, data, name);
});

Deno.test("one rank computes the bits of a single process", async () => {
  using device = await Device.open();
  using whole = await createStepTrainer(device, { ...OPTIONS, model: network(SAMPLES) });
  using one = await createParallelTrainer(device, { ...OPTIONS, model: network(SAMPLES), ranks: localRanks(1)[0]! });
  for (let step = 0; step < STEPS; step++) {
    whole.step(example(step, 0), settings(step));
    await one.step(example(step, 0), settings(step));
  }
  assert.deepEqual(await one.readMetrics(), await whole.readMetrics());
  const [a, b] = [await one.read(), await whole.read()];
  assert.deepEqual([...a.keys()], [...b.keys()]);
  for (const [name, { data }] of b) assert.deepEqual(a.get(name)!.data, data, name);
});

Deno.test("all ranks stop after the step in which one was asked to", async () => {
  using device = await Device.open();
  const ranks = localRanks(2);
  using first = await createParallelTrainer(device, { ...OPTIONS, model: network(SAMPLES), ranks: ranks[0]! });
  using second = await createParallelTrainer(device, { ...OPTIONS, model: network(SAMPLES), ranks: ranks[1]! });
  const step = async (number: number, stop: boolean) => {
    await Promise.all([
      first.step(example(number, 0), settings(number)),
      second.step(example(number, 1), settings(number), { stop }),
    ]);
    return [first.stopped, second.stopped];
  };
  assert.deepEqual(await step(0, false), [false, false]);
  assert.deepEqual(await step(1, true), [true, true]);
});
