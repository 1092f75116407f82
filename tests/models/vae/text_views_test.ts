/**
 * Models with texts among their views.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  createClassifierTrainer,
  createVaeTrainer,
  logLikelihood,
  samplePosterior,
  type VaeConfig,
  VaeInference,
  type ViewBatch,
} from "../../../models/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { uniformStream } from "../../reference/compare.ts";

const SAMPLES = 4;
const SIDE = 8;
const LENGTH = 32;
const WORDS = 11;

function config(method: string, changes: Partial<VaeConfig> = {}): VaeConfig {
  return {
    method,
    views: ["frontal", "text"],
    texts: { text: { length: LENGTH, vocabulary: WORDS, filterDim: 2 } },
    network: "small",
    imageSize: SIDE,
    filterDim: 2,
    latentDim: 3,
    dropout: 0,
    likelihood: { name: "laplace", scale: 0.75 },
    ...changes,
  };
}

/** Texts of growing lengths, each a run of one word. */
function batch(): ViewBatch & { pixels: Uint8Array } {
  const next = uniformStream(7);
  const lengths = Uint16Array.from({ length: SAMPLES }, (_, n) => 4 * (n + 1));
  const tokens = Uint16Array.from({ length: SAMPLES * LENGTH }, (_, i) => {
    const [n, at] = [Math.floor(i / LENGTH), i % LENGTH];
    return at < lengths[n]! - 1 ? 3 + n : at === lengths[n]! - 1 ? 1 : 0;
  });
  return {
    pixels: Uint8Array.from({ length: SAMPLES * SIDE * SIDE }, () => 256 * next()),
    texts: [{ tokens, lengths }],
  };
}

const present = (values: readonly number[]) => Float32Array.from(values);
const settings = (step: number) => ({ step, learningRate: 1e-2, alpha: 0.5, beta: 1 });

Deno.test("methods with separate and joint latents train on an image and a text, and their loss falls", async () => {
  using device = await Device.open();
  for (const method of ["mmvm", "mopoe", "mmvae-plus"]) {
    using trainer = await createVaeTrainer(device, {
      config: config(method, { viewWeights: [1, 2] }),
      batchSize: SAMPLES,
      seed: 1,
    });
    for (let step = 0; step < 30; step++) trainer.step(batch(), settings(step));
    const entries = await trainer.readMetrics();
    const [first, last] = [entries[0]!.values, entries.at(-1)!.values];
    assert.ok(last["nll text"]! < 0.8 * first["nll text"]!, `${method}: ${last["nll text"]} of ${first["nll text"]}`);
    const { reconstruction } = first;
    const weighted = first["nll frontal"]! + 2 * first["nll text"]!;
    assert.ok(Math.abs(reconstruction! - weighted) < 1e-4 * weighted, `${method}: ${reconstruction} of ${weighted}`);
  }
});

Deno.test("missing texts and images have no influence on the step", async () => {
  using device = await Device.open();
  // Sample 1 lacks its text, sample 2 its image.
  const there = present([1, 1, 0, 1, 1, 0, 1, 1]);
  const stateAfter = async (given: ViewBatch) => {
    using trainer = await createVaeTrainer(device, {
      config: config("mmvm"),
      batchSize: SAMPLES,
      seed: 1,
      missingViews: true,
    });
    trainer.step({ ...given, present: there }, settings(0));
    const [entry] = await trainer.readMetrics();
    return { values: entry!.values, state: await trainer.read() };
  };
  const plain = batch();
  const other = batch();
  other.pixels.fill(9, 2 * SIDE * SIDE, 3 * SIDE * SIDE);
  const [{ tokens, lengths }] = other.texts as [{ tokens: Uint16Array; lengths: Uint16Array }];
  tokens.fill(0, LENGTH, 2 * LENGTH);
  lengths[1] = 0;
  const [want, got] = [await stateAfter(plain), await stateAfter(other)];
  assert.ok(Number.isFinite(want.values.loss));
  assert.deepEqual(got.values, want.values);
  for (const [name, { data }] of want.state) assert.deepEqual(got.state.get(name)!.data, data, name);
});

Deno.test("a batch without any text leaves the text networks' statistics alone", async () => {
  using device = await Device.open();
  using trainer = await createVaeTrainer(device, {
    config: config("mmvm"),
    batchSize: SAMPLES,
    seed: 1,
    missingViews: true,
  });
  const statistics = async () => [...await trainer.read()].filter(([name]) => /\.1\..*running_/.test(name));
  const before = await statistics();
  assert.ok(before.length > 0);
  trainer.step({ ...batch(), present: present([1, 1, 1, 1, 0, 0, 0, 0]) }, settings(0));
  await trainer.readMetrics();
  assert.deepEqual(await statistics(), before);
});

Deno.test("decoding gives pictures for images and token numbers for texts, in every direction", async () => {
  using device = await Device.open();
  using model = VaeInference.open(device, { config: config("mmvm"), batchSize: SAMPLES });
  const decoded = await model.decode(batch());
  for (const from of [0, 1]) {
    assert.equal(decoded[from]![0]!.length, SAMPLES * SIDE * SIDE);
    const tokens = decoded[from]![1]!;
    assert.equal(tokens.length, SAMPLES * LENGTH);
    assert.ok(tokens.every((token) => Number.isInteger(token) && token >= 0 && token < WORDS));
  }
  const samples = await samplePosterior(model, batch());
  assert.deepEqual(samples.map(({ length }) => length), [SAMPLES * SIDE * SIDE, SAMPLES * LENGTH]);
});

Deno.test("the likelihood of a text given an image does not depend on how many draws share a batch", async () => {
  using device = await Device.open();
  using model = VaeInference.open(device, { config: config("poe"), batchSize: SAMPLES });
  const text = await logLikelihood(model, batch(), { of: [1], given: [0], draws: 64 });
  assert.ok(text.every((value) => Number.isFinite(value) && value < 0));
  // A text of n tokens cannot be much less probable than under the uniform distribution of an untrained decoder.
  text.forEach((value, n) => {
    const uniform = -4 * (n + 1) * Math.log(WORDS);
    assert.ok(value > 3 * uniform && value < uniform / 3, `text ${n}: ${value} nats, uniform ${uniform}`);
  });
});

Deno.test("classifiers take texts among their views", async () => {
  using device = await Device.open();
  const { method: _method, likelihood: _likelihood, ...sizes } = config("mmvm");
  using trainer = await createClassifierTrainer(device, {
    config: { ...sizes, method: "supervised-joint", labels: 2 },
    batchSize: SAMPLES,
    seed: 1,
    missingViews: true,
  });
  const labels = Int8Array.of(1, 0, 0, 1, 1, -1, 0, 0);
  for (let step = 0; step < 20; step++) {
    trainer.step({ ...batch(), labels, present: present([1, 0, 1, 1, 1, 1, 1, 0]) }, settings(step));
  }
  const entries = await trainer.readMetrics();
  assert.ok(entries.at(-1)!.values.loss! < entries[0]!.values.loss!);
});

Deno.test("a text network names lengths and vocabularies that it does not take", async () => {
  using device = await Device.open();
  const open = (text: { length: number; vocabulary: number; filterDim: number }) => () =>
    VaeInference.open(device, { config: config("mmvm", { texts: { text } }), batchSize: 1 });
  assert.throws(open({ length: 48, vocabulary: 9, filterDim: 2 }), /texts of 32, 64, 128 tokens, not 48/);
  assert.throws(open({ length: 32, vocabulary: 0, filterDim: 2 }), /a vocabulary of at least one token, got 0/);
  const absent = config("mmvm", { views: ["frontal"] });
  assert.throws(
    () => VaeInference.open(device, { config: absent, batchSize: 1 }),
    /text is to be a text, but the views are frontal/,
  );
});
