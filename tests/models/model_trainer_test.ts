import assert from "node:assert/strict";
import { createTrainer, initializers, layers, type Trainer } from "../../models/mod.ts";
import {
  adam,
  Device,
  input,
  mean,
  type Optimizer,
  relu,
  schedules,
  sgd,
  square,
  sub,
  type Tensor,
} from "../../runtime/mod.ts";

const x = Float32Array.of(-1, 0, 1, 2);
const y = x.map((value) => 2 * value + 1);

/** y = a x + b from four points. */
function line(device: Device, optimizer: Optimizer) {
  return createTrainer(device, {
    inputs: { x: [4, 1], y: [4, 1] },
    model: (scope, { x }) => layers.linear(scope, x, { outputs: 1 }),
    loss: (prediction, { y }) => mean(square(sub(prediction, y))),
    optimizer,
  });
}

/** A network with dropout and batch norm, whose training and evaluation differ. */
function noisy(device: Device) {
  return createTrainer(device, {
    inputs: { x: [4, 3], y: [4, 2] },
    model(scope, { x }) {
      const hidden = relu(layers.batchNorm(scope.child("norm"), layers.linear(scope.child("in"), x, { outputs: 8 })));
      const kept = layers.dropout(scope, hidden, { rate: 0.5 });
      return { hidden, output: layers.linear(scope.child("out"), kept, { outputs: 2 }) };
    },
    loss: ({ output }, { y }) => ({ loss: mean(square(sub(output, y))), largest: mean(output) }),
    optimizer: adam({ learningRate: schedules.linear({ from: 0.05, to: 0.01, steps: 10 }) }),
    seed: 3,
  });
}

const batch = (seed: number) => ({
  x: Float32Array.from({ length: 12 }, (_, i) => Math.sin(7 * i + seed)),
  y: Float32Array.from({ length: 8 }, (_, i) => Math.cos(3 * i + seed)),
});

Deno.test("createTrainer() fits a line with Adam and with gradient descent", async () => {
  using device = await Device.open();
  for (const optimizer of [adam({ learningRate: 0.1 }), sgd({ learningRate: 0.1, momentum: 0.5, nesterov: true })]) {
    using trainer = await line(device, optimizer);
    for (let step = 0; step < 300; step++) trainer.step({ x, y });
    assert.equal(trainer.steps, 300);
    const metrics = await trainer.metrics();
    assert.equal(metrics.length, 300);
    assert.deepEqual(Object.keys(metrics[0]!).sort(), ["gradientNorm", "loss", "step"]);
    assert.equal(metrics.at(-1)!.step, 299);
    assert.ok(metrics[0]!.loss > 0.1 && metrics.at(-1)!.loss < 1e-4, `${optimizer.name}: ${metrics.at(-1)!.loss}`);
    const [value] = await trainer.run({ x: Float32Array.of(10) });
    assert.ok(Math.abs(value! - 21) < 0.1, `${optimizer.name}: ${value}`);
    assert.deepEqual([...(await trainer.read()).keys()], ["weight", "bias"]);
  }
});

Deno.test("metrics of more steps than the engine keeps are returned, in order", async () => {
  using device = await Device.open();
  using trainer = await line(device, sgd({ learningRate: 0.01 }));
  for (let step = 0; step < 1100; step++) trainer.step({ x, y });
  const metrics = await trainer.metrics();
  assert.deepEqual(metrics.map(({ step }) => step), [...Array(1100).keys()]);
  assert.deepEqual(await trainer.metrics(), []);
});

Deno.test("run() evaluates batches of other sizes without what only the loss needs", async () => {
  using device = await Device.open();
  using trainer = await noisy(device);
  for (let step = 0; step < 5; step++) trainer.step(batch(step));
  const { x } = batch(9);
  const whole = await trainer.run({ x });
  assert.deepEqual([whole.hidden.length, whole.output.length], [32, 8]);
  const again = await trainer.run({ x });
  assert.deepEqual(again.output, whole.output, "dropout is off in evaluation");
  for (let row = 0; row < 4; row++) {
    const { output } = await trainer.run({ x: x.slice(3 * row, 3 * row + 3) });
    const want = whole.output.slice(2 * row, 2 * row + 2);
    assert.ok(output.every((value, i) => Math.abs(value - want[i]!) < 1e-5), `row ${row}: ${output}, not ${want}`);
  }
});

Deno.test("a trainer that loads a saved file continues bit for bit", async () => {
  using device = await Device.open();
  using whole = await noisy(device);
  for (let step = 0; step < 6; step++) whole.step(batch(step));
  using first = await noisy(device);
  for (let step = 0; step < 3; step++) first.step(batch(step));
  const file = await first.save();
  using second = await noisy(device);
  second.step(batch(7));
  second.load(file);
  assert.equal(second.steps, 3);
  for (let step = 3; step < 6; step++) second.step(batch(step));
  assert.deepEqual(await second.read(), await whole.read());
  assert.deepEqual((await second.metrics()).slice(1), (await whole.metrics()).slice(3));
});

Deno.test("compile() builds other functions of the parameters", async () => {
  using device = await Device.open();
  using trainer = await noisy(device);
  using program = await trainer.compile((scope) => ({
    outputs: { y: layers.linear(scope.child("out"), input("hidden", { shape: [1, 8] }), { outputs: 2 }) },
  }));
  program.run({ hidden: new Float32Array(8) });
  const [value] = await program.read("y");
  assert.deepEqual(value, (await trainer.read()).get("out.bias")!.data);
});

Deno.test("createTrainer() names what is wrong with a model, a loss or an input", async () => {
  using device = await Device.open();
  const make = (
    options: Partial<{ inputs: Record<string, number[]>; model: () => unknown; loss: (x: Tensor) => Tensor }>,
  ) =>
    createTrainer(
      device,
      {
        inputs: { x: [4, 1] },
        model: (scope, inputs) => layers.linear(scope, inputs.x!, { outputs: 1 }),
        loss: (prediction: Tensor) => mean(prediction),
        optimizer: adam(),
        ...options,
      } as Parameters<typeof createTrainer>[1],
    );
  await assert.rejects(make({ inputs: {} }), /needs inputs/);
  await assert.rejects(make({ inputs: { "a.b": [1] } }), /a\.b/);
  await assert.rejects(make({ loss: (prediction) => prediction }), /loss is a tensor of shape \[4, 1\]; reduce it/);
  await assert.rejects(make({ model: () => ({}) }), /returned none/);
  await assert.rejects(make({ model: () => ({ a: 1 }) }), /a is not one/);
  using trainer = await make({}) as unknown as Trainer<{ x: [4, 1] }, Tensor>;
  assert.throws(() => trainer.step({ x: new Float32Array(3) }), /input x .* 16 bytes, but 12 bytes/);
  await assert.rejects(trainer.run({ x: new Float32Array(0) }), /not a positive multiple/);
  assert.throws(() => trainer.load(new Uint8Array(3)), { name: "SafetensorsError" });
});

Deno.test("adam() and sgd() refuse settings that are out of range", () => {
  assert.throws(() => adam({ learningRate: -1 }), /learningRate must be/);
  assert.throws(() => adam({ beta2: 1 }), /beta2/);
  assert.throws(() => sgd({ learningRate: 0.1, momentum: 1 }), /momentum/);
  const optimizer = adam({ learningRate: schedules.linear({ from: 1, to: 0, steps: 10 }) });
  assert.deepEqual([0, 5, 10].map((step) => optimizer.learningRate(step)), [1, 0.5, 0]);
  const [[rate]] = Object.values(optimizer.inputs({ step: 0, learningRate: 0.5 })) as [Float32Array];
  assert.ok(Math.abs(rate! - 5) < 1e-5, "0.5, divided by 1 - beta1");
});

Deno.test("layers over a scope have PyTorch's names and shapes", async () => {
  using device = await Device.open();
  using trainer = await createTrainer(device, {
    inputs: { image: [2, 6, 6, 1], words: { shape: [2, 3], dtype: "u32" } },
    model(scope, { image, words }) {
      const down = layers.conv2d(scope.child("down"), image, { channels: 4, kernel: 3, stride: 2, padding: 1 });
      const group = layers.groupNorm(scope.child("group"), down, { groups: 2 });
      const up = { channels: 1, kernel: 4, stride: 2, padding: 1 };
      const embedded = layers.embedding(scope.child("table"), words, { words: 5, channels: 4 });
      return {
        group,
        up: layers.convTranspose2d(scope.child("up"), group, up),
        layer: layers.layerNorm(scope.child("layer"), embedded),
      };
    },
    loss: ({ up, layer }) => ({ loss: mean(square(up)), other: mean(layer) }),
    optimizer: adam(),
  });
  const state = await trainer.read();
  assert.deepEqual(Object.fromEntries([...state].map(([name, { shape }]) => [name, shape])), {
    "down.weight": [4, 1, 3, 3],
    "down.bias": [4],
    "group.weight": [4],
    "group.bias": [4],
    "table.weight": [5, 4],
    "up.weight": [4, 1, 4, 4],
    "up.bias": [1],
    "layer.weight": [4],
    "layer.bias": [4],
  });
  const image = Float32Array.from({ length: 72 }, (_, i) => Math.sin(i));
  const values = await trainer.run({ image, words: Uint32Array.of(0, 1, 2, 3, 4, 4) });
  assert.deepEqual([values.group.length, values.up.length, values.layer.length], [72, 72, 24]);
  const row = values.layer.subarray(0, 4);
  assert.ok(Math.abs(row.reduce((a, b) => a + b) / 4) < 1e-5, "layer norm centres each vector");
});

Deno.test("initializers give the distributions that they name", async () => {
  using device = await Device.open();
  const [inputs, outputs] = [300, 200];
  const cases = [
    [initializers.xavierUniform, Math.sqrt(2 / (inputs + outputs))],
    [initializers.xavierNormal, Math.sqrt(2 / (inputs + outputs))],
    [initializers.kaimingUniform, Math.sqrt(2 / inputs)],
    [initializers.kaimingNormal, Math.sqrt(2 / inputs)],
    [initializers.fanInUniform, Math.sqrt(1 / (3 * inputs))],
    [initializers.normal(0.02), 0.02],
    [initializers.zeros, 0],
  ] as const;
  for (const [initializer, deviation] of cases) {
    using trainer = await createTrainer(device, {
      inputs: { x: [1, inputs] },
      model: (scope, { x }) => layers.linear(scope, x, { outputs, initializer, bias: false }),
      loss: (output) => mean(output),
      optimizer: sgd({ learningRate: 0.1 }),
    });
    const { data } = (await trainer.read()).get("weight")!;
    const found = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
    // 60,000 values: the standard error of the deviation is 0.3 %.
    assert.ok(Math.abs(found - deviation) <= 0.015 * deviation, `${found}, not ${deviation}`);
  }
  assert.throws(() => initializers.normal(0), RangeError);
});
