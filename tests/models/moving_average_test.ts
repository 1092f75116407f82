/** Moving averages of weights and running statistics. */
import assert from "node:assert/strict";
import { createTrainer, createVaeTrainer, type HostTensor, layers, VaeInference } from "../../models/mod.ts";
import { adam, Device, mean, relu, square, sub } from "../../runtime/mod.ts";
import { assertClose, uniformStream } from "../reference/compare.ts";
import { SIZE, smallConfig } from "./small_vae.ts";

const EMA = "optimizer.ema.";
const settings = (step: number) => ({ step, learningRate: 1e-2, alpha: 0.3, beta: 0.7 });

/** A network with batch norm. */
function noisy(device: Device, average?: { decay: number; warmup?: boolean }) {
  return createTrainer(device, {
    inputs: { x: [4, 3], y: [4, 2] },
    model(scope, { x }) {
      const hidden = relu(layers.batchNorm(scope.child("norm"), layers.linear(scope.child("in"), x, { outputs: 5 })));
      return layers.linear(scope.child("out"), hidden, { outputs: 2 });
    },
    loss: (output, { y }) => mean(square(sub(output, y))),
    optimizer: adam({ learningRate: 0.05 }),
    seed: 3,
    ...(average ? { average } : {}),
  });
}

const batch = (seed: number) => ({
  x: Float32Array.from({ length: 12 }, (_, i) => Math.sin(7 * i + seed)),
  y: Float32Array.from({ length: 8 }, (_, i) => Math.cos(3 * i + seed)),
});

Deno.test("the average follows weights and running statistics, and run() and read() use it", async () => {
  using device = await Device.open();
  using trainer = await noisy(device, { decay: 0.75 });
  const want = new Map<string, Float64Array>();
  for (let step = 0; step < 5; step++) {
    trainer.step(batch(step));
    const rate = 1 - Math.min(0.75, step / (step + 9));
    for (const [name, { data }] of await trainer.parameters.read()) {
      const old = want.get(name);
      want.set(name, Float64Array.from(data, (value, i) => old ? old[i]! + rate * (value - old[i]!) : value));
    }
  }
  const read = await trainer.read();
  assert.ok(read.has("norm.running_var"));
  for (const [name, values] of want) assertClose(read.get(name)!.data, values, { label: name, tolerance: 1e-6 });
  using plain = await noisy(device);
  const found = await trainer.run(batch(1));
  plain.parameters.write(read);
  assert.deepEqual(await plain.run(batch(1)), found);
  plain.parameters.write(await trainer.parameters.read());
  assert.notDeepEqual(await plain.run(batch(1)), found);
});

Deno.test("an average changes no bit of the training, and continues bit for bit from a file", async () => {
  using device = await Device.open();
  using averaged = await noisy(device, { decay: 0.9 });
  using plain = await noisy(device);
  for (let step = 0; step < 4; step++) for (const each of [averaged, plain]) each.step(batch(step));
  assert.deepEqual(await averaged.metrics(), await plain.metrics());
  const saved = await averaged.save();
  using restored = await noisy(device, { decay: 0.9 });
  restored.load(saved);
  for (let step = 4; step < 7; step++) for (const each of [averaged, restored]) each.step(batch(step));
  assert.deepEqual(await restored.save(), await averaged.save());
  assert.deepEqual(await restored.read(), await averaged.read());
});

Deno.test("a state without an average starts it at its parameters", async () => {
  using device = await Device.open();
  using plain = await noisy(device);
  for (let step = 0; step < 3; step++) plain.step(batch(step));
  using averaged = await noisy(device, { decay: 0.9 });
  averaged.load(await plain.save());
  assert.deepEqual(await averaged.read(), await plain.read());
});

Deno.test("inference uses a training state's average", async () => {
  using device = await Device.open();
  const next = uniformStream(4);
  const pixels = Uint8Array.from({ length: 2 * 4 * SIZE * SIZE }, () => 256 * next());
  using trainer = await createVaeTrainer(device, {
    config: smallConfig("poe"),
    batchSize: 4,
    seed: 1,
    average: { decay: 0.5, warmup: false },
  });
  for (let step = 0; step < 3; step++) trainer.step({ pixels }, settings(step));
  const state = await trainer.read();
  const average = new Map(
    [...state].filter(([name]) => name.startsWith(EMA)).map(([name, tensor]) => [
      name.slice(EMA.length),
      tensor,
    ]),
  );
  const encode = async (tensors: ReadonlyMap<string, HostTensor>) => {
    using model = VaeInference.open(device, { config: smallConfig("poe"), batchSize: 4 });
    model.write(tensors);
    return await model.encode(pixels);
  };
  const found = await encode(state);
  assert.deepEqual(found, await encode(average));
  const raw = new Map([...state].filter(([name]) => !name.startsWith(EMA)));
  assert.notDeepEqual(found, await encode(raw));
  assert.equal(trainer.evaluated.count, trainer.parameters.count);
});

Deno.test("a batch without a view does not reach that view's averaged statistics", async () => {
  using device = await Device.open();
  const next = uniformStream(4);
  const pixels = Uint8Array.from({ length: 2 * 2 * 64 * 64 }, () => 256 * next());
  using trainer = await createVaeTrainer(device, {
    config: { ...smallConfig("mmvm"), network: "residual", imageSize: 64 },
    batchSize: 2,
    seed: 1,
    missingViews: true,
    average: { decay: 0.5 },
  });
  const present = (...views: number[]) => Float32Array.from(views);
  trainer.step({ pixels, present: present(1, 1, 1, 1) }, settings(0));
  const before = await trainer.read();
  trainer.step({ pixels, present: present(1, 1, 0, 0) }, settings(1));
  const after = await trainer.read();
  const statistics = [...before.keys()].filter((name) => name.startsWith(EMA) && /running_(mean|var)$/.test(name));
  assert.ok(statistics.length > 10);
  for (const name of statistics) {
    const [old, now] = [before.get(name)!.data, after.get(name)!.data];
    const isSame = now.every((value, i) => Math.abs(value - old[i]!) <= 1e-6 * Math.abs(old[i]!));
    assert.equal(isSame, /coders\.1\./.test(name), name);
  }
});
