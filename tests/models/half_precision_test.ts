/** Models whose feature maps and gradients are stored as float16, against the same models over float32. */
import assert from "node:assert/strict";
import {
  Classifier,
  ClassifierInference,
  createClassifierTrainer,
  createVaeTrainer,
  type HostTensor,
  type StepTrainer,
  Vae,
  type VaeBatch,
  type VaeConfig,
  VaeInference,
} from "../../models/mod.ts";
import { TrainingState } from "../../models/training_state.ts";
import { declareParameters } from "../../models/layers/parameters.ts";
import { Scope } from "../../models/layers/scope.ts";
import { type ComputeType, Device, input, type Precision, type Tensor } from "../../runtime/mod.ts";
import { HALF_TERMS } from "../../runtime/kernels/matmul/half_products.ts";
import { traced } from "../../runtime/graph/op.ts";
import { planProgram } from "../../runtime/plan/program_plan.ts";
import { normalData, relativeError } from "../reference/compare.ts";

const SAMPLES = 8;
const VIEWS = ["a", "b"] as const;
const SIZE = 64;
/** Unit roundoff of float16 (relative). */
const ROUNDOFF = 2 ** -11;

function config(network: "residual" | "small"): VaeConfig {
  return {
    method: "mmvm",
    views: VIEWS,
    network,
    imageSize: SIZE,
    filterDim: 4,
    latentDim: 6,
    dropout: 0,
    // Smooth, unlike the Laplace likelihood, whose gradient jumps where a pixel is reconstructed exactly.
    likelihood: { name: "gaussian", scale: 0.75 },
  };
}

/** Smooth images with a little noise. */
const pixels = VIEWS.map((_, m) => {
  const noise = normalData(SAMPLES * SIZE * SIZE, { seed: 3 + m, deviation: 0.02 });
  return noise.map((value, i) => {
    const [n, y, x] = [Math.floor(i / SIZE ** 2), Math.floor(i / SIZE) % SIZE, i % SIZE];
    return value + 0.5 + 0.3 * Math.sin((x + 3 * n) / 9 + m) + 0.15 * Math.cos(y / 7 + n);
  });
});
const noise = normalData(VIEWS.length * SAMPLES * 6, { seed: 9 });

/** Plan of a training step: the number of values stored as float16, and the size of its arena. */
function planStep(
  device: Device,
  model: { declare(scope: Scope): unknown; loss(scope: Scope): Tensor },
  precision: Precision,
): { halves: number; arena: number } {
  using state = TrainingState.create(device, { specs: declareParameters((scope) => model.declare(scope)), seed: 1 });
  const { result, trace } = traced(() => {
    const loss = model.loss(Scope.bound(state.parameters.source, { training: true }));
    return { loss, ...state.minimize(loss).metrics };
  });
  const { commands, memory: { arena } } = planProgram({
    outputs: new Map(),
    metrics: new Map(Object.entries(result)),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 1,
  }, { target: device.target, maxBufferBytes: 2 ** 28, precision });
  const slots = new Set(commands.flatMap(({ command }) => command.operands).map(({ slot }) => slot));
  return { halves: [...slots].filter(({ half }) => half).length, arena };
}

function images(): Tensor[] {
  return VIEWS.map((view) => input(view, { shape: [SAMPLES, SIZE, SIZE, 1] }));
}

async function trainer(
  device: Device,
  network: "residual" | "small",
  precision: Precision,
  compute: ComputeType = "f32",
): Promise<StepTrainer<VaeBatch>> {
  return await createVaeTrainer(device, {
    config: config(network),
    batchSize: SAMPLES,
    seed: 1,
    floatImages: true,
    givenNoise: true,
    keepGradients: true,
    precision,
    compute,
  });
}

const settings = (step: number) => ({ step, learningRate: 1e-3, alpha: 0.5, beta: 1 });

for (const network of ["residual", "small"] as const) {
  Deno.test(`a float16 step of the ${network} network equals float32's up to rounding`, async () => {
    using device = await Device.open();
    const outcome = async (precision: Precision) => {
      using made = await trainer(device, network, precision);
      made.step({ pixels, noise }, settings(0));
      const [entry] = await made.readMetrics();
      const gradients = await made.readGradients();
      return { values: entry!.values, flat: [...gradients.values()].flatMap(({ data }) => [...data]) };
    };
    const [want, got] = [await outcome("f32"), await outcome("f16")];
    // Pixel errors average out in the loss. The bound of the gradient's error assumes that the rounding errors of all
    // stored values propagate undiminished and in the same direction.
    for (const name of ["loss", "reconstruction", "kl", "gradientNorm"]) {
      const error = Math.abs(got.values[name]! / want.values[name]! - 1);
      assert.ok(error <= ROUNDOFF, `${name}: ${got.values[name]} for ${want.values[name]}`);
    }
    const vae = new Vae(config(network));
    const model = {
      declare: (scope: Scope) => vae.declare(scope),
      loss: (scope: Scope) =>
        vae.terms(scope, {
          data: images(),
          noise: input("noise", { shape: [VIEWS.length, SAMPLES, 6] }),
          alpha: input("alpha", { shape: [1] }),
          beta: input("beta", { shape: [] }),
        }).loss,
    };
    const planned = planStep(device, model, "f16");
    const tolerance = planned.halves * ROUNDOFF;
    const error = relativeError(got.flat, want.flat);
    assert.ok(error > 0 && error <= tolerance, `${error}, more than ${tolerance}`);
    assert.equal(got.values.lossScale, 256);
    assert.equal(want.values.lossScale, undefined);
    assert.ok(planned.arena < planStep(device, model, "f32").arena);
  });
}

Deno.test("a step with products of float16 equals float32's up to their rounding, and equals itself", async () => {
  using device = await Device.open();
  const step = async (precision: Precision, compute: ComputeType) => {
    using made = await trainer(device, "small", precision, compute);
    made.step({ pixels, noise }, settings(0));
    const [entry] = await made.readMetrics();
    const gradients = await made.readGradients();
    return { loss: entry!.values.loss!, flat: [...gradients.values()].flatMap(({ data }) => [...data]) };
  };
  const [want, stored, got] = [await step("f32", "f32"), await step("f16", "f32"), await step("f16", "f16")];
  assert.deepEqual(await step("f16", "f16"), got);
  assert.notDeepEqual(got.flat, stored.flat);
  assert.ok(Math.abs(got.loss / want.loss - 1) <= 2 * ROUNDOFF, `${got.loss} for ${want.loss}`);
  // Each of the network's five layers, backwards and forwards, as far off as a product of float16 may be.
  const error = relativeError(got.flat, want.flat);
  assert.ok(error <= 10 * ((1 + ROUNDOFF) ** (HALF_TERMS + 2) - 1), `${error}`);
});

Deno.test("products of float16 without storage of float16 are refused", async () => {
  using device = await Device.open();
  await assert.rejects(trainer(device, "small", "f32", "f16"), /compute f16 needs precision f16/);
});

Deno.test("restored float16 training continues bit for bit, including the loss scale", async () => {
  using device = await Device.open();
  const scales: number[] = [];
  const run = async (made: StepTrainer<VaeBatch>, from: number, to: number) => {
    for (let step = from; step < to; step++) made.step({ pixels, noise }, settings(step));
    scales.push(...(await made.readMetrics()).map(({ values }) => values.lossScale!));
    return await made.read();
  };
  using first = await trainer(device, "small", "f16");
  // With such a large scale the gradients overflow: these steps are skipped, and the scale is halved.
  first.write(new Map([...await first.read(), [LOSS_SCALE, { shape: [2], data: Float32Array.of(2 ** 24, 0) }]]));
  const start = await first.read();
  const half = await run(first, 0, 2);
  assert.deepEqual(half.get(LOSS_SCALE)!.data, Float32Array.of(2 ** 22, 0));
  assert.deepEqual(parametersOf(half), parametersOf(start));
  const whole = await run(first, 2, 20);
  const [scale, good] = whole.get(LOSS_SCALE)!.data;
  assert.ok(good! > 0 && scale! < 2 ** 22, `${scale} after ${good} good steps`);
  assert.notDeepEqual(parametersOf(whole), parametersOf(start));
  using second = await trainer(device, "small", "f16");
  second.write(half);
  assert.deepEqual(await run(second, 2, 20), whole);
  assert.deepEqual(scales.slice(2, 20), scales.slice(20));
  // A state without a scale, from float32 training, starts with the initial scale.
  second.write(new Map([...half].filter(([name]) => name !== LOSS_SCALE)));
  assert.deepEqual((await second.read()).get(LOSS_SCALE)!.data, Float32Array.of(256, 0));
});

const LOSS_SCALE = "optimizer.loss_scale";

function parametersOf(state: ReadonlyMap<string, HostTensor>): [string, HostTensor][] {
  return [...state].filter(([name]) => /\.(weight|bias)$/.test(name));
}

Deno.test("float16 posteriors and reconstructions equal float32's up to rounding", async () => {
  using device = await Device.open();
  const use = async (precision: Precision) => {
    using model = VaeInference.open(device, {
      config: config("residual"),
      batchSize: SAMPLES,
      floatImages: true,
      seed: 4,
      precision,
    });
    const { mu, logvar } = await model.encode(pixels);
    return [...mu, ...logvar, ...await model.reconstruct(pixels)];
  };
  const [want, got] = [await use("f32"), await use("f16")];
  want.forEach((data, i) => {
    const error = relativeError(got[i]!, data);
    assert.ok(error > 0 && error <= 20 * ROUNDOFF, `output ${i}: ${error}`);
  });
});

Deno.test("a float16 classifier trains and scores like float32 up to rounding", async () => {
  using device = await Device.open();
  const model = { ...config("residual"), method: "supervised-joint", labels: 3 };
  const labels = Int8Array.from({ length: SAMPLES * 3 }, (_, i) => (i * 7) % 3 - 1);
  const outcome = async (precision: Precision) => {
    using made = await createClassifierTrainer(device, {
      config: model,
      batchSize: SAMPLES,
      seed: 1,
      floatImages: true,
      keepGradients: true,
      precision,
    });
    made.step({ pixels, labels }, settings(0));
    const [entry] = await made.readMetrics();
    using inference = await ClassifierInference.open(device, {
      config: model,
      batchSize: SAMPLES,
      floatImages: true,
      precision,
    });
    inference.write(await made.read());
    const gradient = [...(await made.readGradients()).values()].flatMap(({ data }) => [...data]);
    return { loss: entry!.values.loss!, gradient, scores: (await inference.score(pixels)).combined };
  };
  const [want, got] = [await outcome("f32"), await outcome("f16")];
  assert.ok(Math.abs(got.loss / want.loss - 1) <= ROUNDOFF, `${got.loss} for ${want.loss}`);
  const classifier = new Classifier(model);
  const shape = [SAMPLES, 3];
  const { halves } = planStep(device, {
    declare: (scope) => classifier.declare(scope),
    loss: (scope) => {
      const [targets, known] = [input("targets", { shape }), input("known", { shape })];
      return classifier.loss(scope, { data: images(), targets, known });
    },
  }, "f16");
  const error = relativeError(got.gradient, want.gradient);
  assert.ok(error > 0 && error <= halves * ROUNDOFF, `${error}, more than ${halves * ROUNDOFF}`);
  assert.ok(relativeError(got.scores, want.scores) <= 20 * ROUNDOFF);
});
