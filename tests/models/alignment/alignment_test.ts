import assert from "node:assert/strict";
import {
  ALIGNMENT_NAMES,
  type AlignmentBatch,
  type AlignmentConfig,
  AlignmentModel,
  createAlignmentTrainer,
  EncoderInference,
  type HostTensor,
  type StepTrainer,
} from "../../../models/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import * as reference from "../../reference/alignment.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { LINEAR, registerLinearNetwork } from "../linear_network.ts";
import { smallBatch } from "../small_vae.ts";

const [SAMPLES, SIDE, WIDTH] = [6, 8, 5];

function config(method: string, overrides: Partial<AlignmentConfig> = {}): AlignmentConfig {
  const sizes = { imageSize: SIDE, filterDim: 2, latentDim: 3, dropout: 0 };
  return { method, views: ["a", "b"], network: "small", projector: [7, WIDTH], ...sizes, ...overrides };
}

/** The loss and gradients of the first step, and the state after it. */
async function firstStep(
  device: Device,
  options: { config: AlignmentConfig; batch: AlignmentBatch; parameters?: ReadonlyMap<string, HostTensor> },
) {
  const { config, batch, parameters } = options;
  using trainer = await createAlignmentTrainer(device, {
    config,
    batchSize: SAMPLES,
    seed: 1,
    floatImages: true,
    keepGradients: true,
    missingViews: batch.present !== undefined,
  });
  if (parameters) trainer.write(parameters);
  step(trainer, batch, 0);
  const [entry] = await trainer.readMetrics();
  return { loss: entry!.values.loss!, gradients: await trainer.readGradients(), state: await trainer.read() };
}

function step(trainer: StepTrainer<AlignmentBatch>, batch: AlignmentBatch, number: number): void {
  trainer.step(batch, { step: number, learningRate: 1e-2, alpha: 0, beta: 0 });
}

function assertSameTensors(got: ReadonlyMap<string, HostTensor>, want: ReadonlyMap<string, HostTensor>, label: string) {
  assert.deepEqual([...got.keys()], [...want.keys()], label);
  for (const [name, { data }] of want) assert.deepEqual(got.get(name)!.data, data, `${label}: ${name}`);
}

Deno.test("each loss is its definition on embeddings by linear projectors, averaged over pairs of views", async () => {
  registerLinearNetwork();
  using device = await Device.open();
  const views = ["a", "b", "c"];
  const { pixels } = smallBatch({ views: 3, samples: SAMPLES, size: 2 });
  const weights = views.map((_, m) => normalData(WIDTH * 4, { seed: 10 + m }));
  const embeddings = weights.map((weight, m) =>
    Float64Array.from({ length: SAMPLES * WIDTH }, (_, i) => {
      const [n, e] = [Math.floor(i / WIDTH), i % WIDTH];
      return [0, 1, 2, 3].reduce((sum, p) => sum + weight[e * 4 + p]! * pixels[m]![n * 4 + p]!, 0);
    })
  );
  const oracles: Record<string, (pair: reference.Embeddings) => number> = {
    "barlow-twins": (pair) => reference.barlowTwins(pair, 0.0051),
    vicreg: (pair) => {
      const [invariance, variance, covariance] = reference.vicreg(pair);
      return 25 * invariance + 25 * variance + covariance;
    },
    clip: (pair) => reference.contrastive(pair, 1 / 0.07),
  };
  for (const method of ALIGNMENT_NAMES) {
    const linear = config(method, { views, network: LINEAR, imageSize: 2, projector: [WIDTH] });
    const parameters = new Map<string, HostTensor>([
      ...weights.map((data, m): [string, HostTensor] => [`projectors.${m}.0.weight`, { shape: [WIDTH, 4], data }]),
      ...(method === "clip"
        ? [["objective.logit_scale", { shape: [1], data: Float32Array.of(-Math.log(0.07)) }] as const]
        : []),
    ]);
    const { loss } = await firstStep(device, { config: linear, batch: { pixels }, parameters });
    const pairs = [[0, 1], [0, 2], [1, 2]] as const;
    const want = pairs.reduce((sum, [a, b]) => {
      const pair = { samples: SAMPLES, dimensions: WIDTH, a: embeddings[a]!, b: embeddings[b]! };
      return sum + oracles[method]!(pair) / pairs.length;
    }, 0);
    assertClose([loss], [want], { label: method, tolerance: 1e-4 });
  }
});

Deno.test("clip starts at its temperature, learns it, and a scale over 100 acts as 100", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  const name = "objective.logit_scale";
  const { gradients, state } = await firstStep(device, {
    config: config("clip", { temperature: 0.5 }),
    batch: { pixels },
  });
  const gradient = gradients.get(name)!.data[0]!;
  assert.ok(gradient !== 0);
  // Adam's first step is the learning rate, against the gradient.
  assertClose([...state.get(name)!.data], [Math.log(2) - 0.01 * Math.sign(gradient)], { label: name });
  const at = async (value: number) => {
    const parameters = new Map(state).set(name, { shape: [1], data: Float32Array.of(value) });
    return await firstStep(device, { config: config("clip"), batch: { pixels }, parameters });
  };
  const [limit, beyond] = [await at(Math.log(100)), await at(9)];
  assertClose([beyond.loss], [limit.loss], { label: "loss" });
  assert.ok(beyond.gradients.get(name)!.data[0] !== 0, "a scale beyond the limit can come back");
});

Deno.test("missing views have no influence, and a view that a batch lacks keeps its running statistics", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  for (const method of ALIGNMENT_NAMES) {
    const present = Float32Array.of(1, 1, 0, 1, 1, 1, /**/ 1, 1, 1, 0, 1, 1);
    const blank = pixels.map((image, m) =>
      image.map((value, i) => present[m * SAMPLES + Math.floor(i / SIDE ** 2)] === 1 ? value : 0.5)
    );
    const want = await firstStep(device, { config: config(method), batch: { pixels, present } });
    const got = await firstStep(device, { config: config(method), batch: { pixels: blank, present } });
    assert.equal(got.loss, want.loss, method);
    assertSameTensors(got.state, want.state, method);

    const alone = Float32Array.from({ length: 2 * SAMPLES }, (_, i) => i < SAMPLES ? 1 : 0);
    const { loss, state, gradients } = await firstStep(device, {
      config: config(method),
      batch: { pixels, present: alone },
    });
    assert.equal(loss, 0, `${method}: there is no pair of views`);
    assert.ok([...gradients.values()].every(({ data }) => data.every((value) => value === 0)), method);
    const statistics = (m: number) => [...state.get(`projectors.${m}.1.running_mean`)!.data];
    assert.ok(statistics(0).some((value) => value !== 0), method);
    assert.deepEqual(statistics(1), new Array(7).fill(0), method);
  }
});

Deno.test("each method lowers its loss on pairs of equal images, with f16 as well", async () => {
  using device = await Device.open();
  const { pixels: [image] } = smallBatch({ views: 1, samples: SAMPLES });
  for (const method of ALIGNMENT_NAMES) {
    for (const precision of ["f32", "f16"] as const) {
      using trainer = await createAlignmentTrainer(device, {
        config: config(method),
        batchSize: SAMPLES,
        seed: 1,
        floatImages: true,
        precision,
      });
      for (let number = 0; number < 40; number++) step(trainer, { pixels: [image!, image!] }, number);
      const losses = (await trainer.readMetrics()).map(({ values }) => values.loss!);
      assert.ok(losses.at(-1)! < 0.8 * losses[0]!, `${method}, ${precision}: ${losses[0]} to ${losses.at(-1)}`);
    }
  }
});

Deno.test("EncoderInference gives the features of any model with these encoders", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  const own = config("vicreg");
  using trainer = await createAlignmentTrainer(device, { config: own, batchSize: SAMPLES, seed: 1, floatImages: true });
  step(trainer, { pixels }, 0);
  const open = { config: { ...own, latent: "features" as const }, batchSize: SAMPLES, floatImages: true };
  using trained = await EncoderInference.open(device, open);
  const initial = await trained.encode(pixels);
  trained.write(await trainer.read());
  const { mu } = await trained.encode(pixels);
  assert.deepEqual(trained.encoders.widths, [128, 128]);
  assert.deepEqual(mu.map(({ length }) => length), [SAMPLES * 128, SAMPLES * 128]);
  assert.notDeepEqual(mu[0], initial.mu[0]);
  assert.throws(() => trained.write(new Map()), /the state lacks \d+ of the model's tensors/);
});

Deno.test("a model names views and weights that its method cannot use", () => {
  assert.throws(() => new AlignmentModel(config("clip", { views: ["a"] })), /clip aligns .* needs two or more, got a/);
  assert.throws(() => new AlignmentModel(config("simclr")), /no alignment method simclr; there are barlow-twins, vic/);
  assert.throws(() => new AlignmentModel(config("clip", { projector: [] })), /one or more positive widths, got none/);
  assert.throws(() => new AlignmentModel(config("clip", { temperature: 0 })), /a positive temperature, got 0/);
  assert.throws(() => new AlignmentModel(config("vicreg", { vicregWeights: [1, 2] })), /three weights .* got 1, 2/);
  assert.throws(
    () => new AlignmentModel(config("barlow-twins", { redundancyWeight: -1 })),
    /a redundancy weight of at least 0, got -1/,
  );
});
