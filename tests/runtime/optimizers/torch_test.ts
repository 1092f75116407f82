/**
 * Optimisers, clipping, schedules and averages against PyTorch; `golden/make_optimizers.py` makes the numbers.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  adam,
  adamw,
  averageInto,
  averageRate,
  compile,
  createSlab,
  Device,
  input,
  type Optimizer,
  pack,
  plateauReductions,
  schedules,
  sgd,
  weightsOnly,
} from "../../../runtime/mod.ts";
import { assertClose } from "../../reference/compare.ts";
import golden from "./golden/optimizers.json" with { type: "json" };

const ENTRIES = [{ name: "weight", shape: [2, 3] }, { name: "bias", shape: [3] }];
const RATE = 0.02;

/** The numbers of `make_optimizers.py`. */
function waves(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i ** 1.5 + phase));
}

async function trajectory(device: Device, optimizer: Optimizer, decay?: number) {
  using parameters = createSlab(device, { name: "parameters", entries: ENTRIES });
  using average = createSlab(device, { name: "average", entries: ENTRIES });
  const moments = optimizer.moments.map((name) => createSlab(device, { name, entries: ENTRIES }));
  parameters.states.forEach((state, i) => state.write(waves(state.size, i)));
  using step = await compile(device, () => {
    const gradient = pack(ENTRIES.map(({ name, shape }) => input(name, { shape })));
    return { metrics: { norm: optimizer.update({ parameters, moments, gradient }) } };
  });
  using averaging = await compile(device, () => {
    averageInto(average, parameters);
    return {};
  });
  for (let n = 0; n < golden.steps; n++) {
    const gradients = parameters.states.map(({ name, size }, i) =>
      [name, waves(size, 10 * n + 3 * i + 5).map((value) => 2 * Math.exp(-n / 6) * value)] as const
    );
    step.run({ ...Object.fromEntries(gradients), ...optimizer.inputs({ step: n }) });
    if (decay !== undefined) averaging.run(averageRate({ decay, warmup: false, step: n }));
  }
  const { states } = decay === undefined ? parameters : average;
  const values = (await Promise.all(states.map((state) => state.read()))).flatMap((data) => [...data]);
  const norms = (await step.readMetrics()).map((entry) => entry.values.norm!);
  for (const slab of moments) slab[Symbol.dispose]();
  return { values, norms };
}

const CASES: Record<keyof typeof golden.optimizers, { optimizer: Optimizer; average?: number }> = {
  adamw: { optimizer: adamw({ learningRate: RATE, weightDecay: 0.1 }) },
  "adamw weights only": { optimizer: adamw({ learningRate: RATE, weightDecay: 0.1, decays: weightsOnly }) },
  "adam l2 weights only": {
    optimizer: adam({ learningRate: RATE, weightDecay: 0.1, decoupled: false, decays: weightsOnly }),
  },
  sgd: { optimizer: sgd({ learningRate: RATE, momentum: 0.9, weightDecay: 0.1 }) },
  "sgd nesterov weights only": {
    optimizer: sgd({ learningRate: RATE, momentum: 0.9, nesterov: true, weightDecay: 0.1, decays: weightsOnly }),
  },
  "adamw clipped": { optimizer: adamw({ learningRate: RATE, weightDecay: 0.1, maxNorm: golden.maxNorm }) },
  "sgd averaged": { optimizer: sgd({ learningRate: 0.1 }), average: 0.8 },
};

Deno.test("optimisers, clipping and averages follow PyTorch's for twelve steps", async () => {
  using device = await Device.open();
  for (const [name, { optimizer, average }] of Object.entries(CASES)) {
    const found = await trajectory(device, optimizer, average);
    const want: { values: number[]; norms?: number[] } = golden.optimizers[name as keyof typeof CASES];
    assertClose(found.values, want.values, { label: name, tolerance: 2e-6 });
    if (want.norms) assertClose(found.norms, want.norms, { label: `norms of ${name}`, tolerance: 1e-6 });
  }
});

Deno.test("a clipped trajectory has steps on both sides of the largest norm", () => {
  const { norms } = golden.optimizers["adamw clipped"];
  assert.ok(norms.some((norm) => norm > golden.maxNorm) && norms.some((norm) => norm < golden.maxNorm));
});

Deno.test("schedules equal PyTorch's", () => {
  const { cosine, delay, exponential, warmup } = schedules;
  const falling = delay(cosine({ from: 0.1, to: 0.001, steps: 15 }), { steps: 5 });
  const made = {
    cosine: cosine({ from: 0.1, to: 0.001, steps: 20 }),
    exponential: exponential({ from: 0.1, to: 0.001, steps: 20 }),
    "warm-up and cosine": warmup(falling, { steps: 5 }),
  };
  for (const [name, schedule] of Object.entries(made)) {
    const want = golden.schedules[name as keyof typeof made];
    want.forEach((rate, step) => assert.ok(Math.abs(schedule(step) - rate) < 1e-15, `${name}, step ${step}`));
  }
});

Deno.test("plateauReductions() reduces where PyTorch's ReduceLROnPlateau does", () => {
  const losses = golden.plateau.losses.map((loss) => loss ?? NaN);
  const found = losses.map((_, i) => 0.1 * 0.5 ** plateauReductions(losses.slice(0, i + 1), { patience: 2 }));
  assert.deepEqual(found, golden.plateau.rates);
  assert.ok(new Set(found).size > 2, "the losses have several plateaus");
});

Deno.test("plateauReductions() takes falling negative losses for improvements", () => {
  assert.equal(plateauReductions([-1, -2, -3, -4, -5], { patience: 1 }), 0);
  assert.equal(plateauReductions([-1, -1, -1], { patience: 1 }), 1);
  assert.equal(plateauReductions([], { patience: 0 }), 0);
  assert.throws(() => plateauReductions([1], { patience: -1 }), /patience of a plateau must be a whole number/);
});

Deno.test("averageRate() starts as a plain mean would and ends at 1 - decay", () => {
  const rate = (step: number, warmup?: boolean) =>
    averageRate({ decay: 0.999, step, ...(warmup === undefined ? {} : { warmup }) })["average.hyper"]![0]!;
  assert.equal(rate(0), 1);
  assert.equal(rate(1), Math.fround(0.9));
  assert.equal(rate(1, false), Math.fround(1 - 0.999));
  assert.equal(rate(1e6), Math.fround(1 - 0.999));
  assert.throws(() => averageRate({ decay: 1, step: 0 }), /the decay of a moving average .* got 1/);
});

Deno.test("weight decay without exemptions, or with a decay of zero, adds no operand", async () => {
  using device = await Device.open();
  using parameters = createSlab(device, { name: "parameters", entries: ENTRIES });
  const dispatches = async (optimizer: Optimizer) => {
    const moments = optimizer.moments.map((name) => createSlab(device, { name, entries: ENTRIES }));
    using program = await compile(device, () => {
      const gradient = pack(ENTRIES.map(({ name, shape }) => input(name, { shape })));
      return { metrics: { norm: optimizer.update({ parameters, moments, gradient }) } };
    });
    for (const slab of moments) slab[Symbol.dispose]();
    return program.dispatchCount;
  };
  const plain = await dispatches(adam());
  assert.equal(await dispatches(adamw({ weightDecay: 0.1, decays: weightsOnly })), plain);
  assert.equal(await dispatches(adam({ maxNorm: 1 })), plain);
});
