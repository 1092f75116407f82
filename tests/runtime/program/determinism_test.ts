import assert from "node:assert/strict";
import {
  adam,
  add,
  compile,
  createSlab,
  Device,
  dropout,
  dropout2d,
  gradients,
  input,
  matmul,
  mean,
  mul,
  pack,
  randomNormal,
  randomNormalData,
  relu,
  reshape,
  square,
  sub,
} from "../../../runtime/mod.ts";

const ENTRIES = [
  { name: "first.weight", shape: [6, 16] },
  { name: "first.bias", shape: [16] },
  { name: "second.weight", shape: [16, 3] },
];
const STEPS = 50;

/** Trains a small network with dropout and noise drawn by the engine; returns the bits of its parameters. */
async function train(device: Device, options: { seed: number; from?: { step: number; state: Float32Array[] } }) {
  const { seed, from } = options;
  using parameters = createSlab(device, { name: "parameters", entries: ENTRIES });
  using m = createSlab(device, { name: "m", entries: ENTRIES });
  using v = createSlab(device, { name: "v", entries: ENTRIES });
  parameters.states.forEach((state, i) => {
    // Initial values do not depend on the seed under test.
    const values = randomNormalData(state.size, { seed: 3, stream: i, step: 0 });
    state.write(values.map((value) => 0.3 * value));
  });
  const slabs = [parameters, m, v];
  from?.state.forEach((data, i) => slabs[i]!.whole.write(data));
  using program = await compile(device, () => {
    const [w1, b1, w2] = parameters.states.map((state) => state.tensor);
    const x = add(input("x", { shape: [32, 6] }), mul(0.1, randomNormal([32, 6], { stream: 1 })));
    const hidden = dropout(relu(add(matmul(x, w1!), b1!)), { rate: 0.5, stream: 2 });
    const image = dropout2d(reshape(hidden, [32, 2, 2, 4]), { rate: 0.25, stream: 3 });
    const y = matmul(reshape(image, [32, 16]), w2!);
    const loss = mean(square(sub(y, 1)));
    const norm = adam.update({
      parameters,
      m,
      v,
      gradient: pack(gradients(loss, parameters.states.map((s) => s.tensor))),
    });
    return { metrics: { loss, norm } };
  });
  const x = randomNormalData(32 * 6, { seed: 9, stream: 9, step: 0 });
  const read = () => Promise.all(slabs.map(({ whole }) => whole.read()));
  let middle: Float32Array[] = [];
  for (let step = from?.step ?? 0; step < STEPS; step++) {
    if (step === STEPS / 2) middle = await read();
    program.run({ x, ...adam.hyperparameters({ learningRate: 0.01, step: step + 1 }) }, { step, seed });
  }
  const states = await Promise.all(parameters.states.map((state) => state.read()));
  const losses = (await program.readMetrics()).map(({ values }) => values.loss!);
  return { bits: states.map((data) => [...new Uint32Array(data.buffer)]), losses, middle };
}

Deno.test("equal seeds give bit-equal parameters after 50 steps with dropout, also on a new device", async () => {
  using device = await Device.open();
  const first = await train(device, { seed: 7 });
  assert.ok(first.losses.at(-1)! < first.losses[0]!, "it did not learn");
  assert.deepEqual((await train(device, { seed: 7 })).bits, first.bits);
  using other = await Device.open();
  assert.deepEqual((await train(other, { seed: 7 })).bits, first.bits);
  assert.notDeepEqual((await train(device, { seed: 8 })).bits, first.bits);
});

Deno.test("a resumed run ends bit-equal to an uninterrupted one", async () => {
  using device = await Device.open();
  const whole = await train(device, { seed: 7 });
  const resumed = await train(device, { seed: 7, from: { step: STEPS / 2, state: whole.middle } });
  assert.deepEqual(resumed.bits, whole.bits);
  assert.deepEqual(resumed.losses, whole.losses.slice(STEPS / 2));
});
