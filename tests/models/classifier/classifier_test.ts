import assert from "node:assert/strict";
import {
  Classifier,
  type ClassifierConfig,
  ClassifierInference,
  type ClassifierInputs,
  createClassifierTrainer,
  type LabelledBatch,
  type StepTrainer,
} from "../../../models/mod.ts";
import {
  compile,
  decodeSafetensors,
  Device,
  encodeSafetensors,
  gradients,
  input,
  reshape,
  sum,
  type Tensor,
  type TensorData,
  toFloat32,
} from "../../../runtime/mod.ts";
import { Scope } from "../../../models/layers/scope.ts";
import { assertClose, normalData, relativeError } from "../../reference/compare.ts";
import { numericGradient } from "../../reference/latent.ts";
import { LINEAR, registerLinearNetwork } from "../linear_network.ts";
import { smallBatch } from "../small_vae.ts";

const [SAMPLES, LABELS, SIDE] = [5, 3, 2];
const PIXELS = SIDE * SIDE;

function config(method: string, overrides: Partial<ClassifierConfig> = {}): ClassifierConfig {
  registerLinearNetwork();
  return {
    method,
    views: ["a", "b"],
    labels: LABELS,
    network: LINEAR,
    imageSize: SIDE,
    filterDim: 1,
    latentDim: 1,
    dropout: 0,
    ...overrides,
  };
}

const IMAGES = [0, 1].map((m) => normalData(SAMPLES * PIXELS, { seed: 1 + m, deviation: 2 }));
const WEIGHTS = [0, 1].map((m) => normalData(LABELS * PIXELS, { seed: 5 + m }));
/** Labels 1, 0 and -1 (unknown); the second sample has none. */
const TARGETS = [1, 0, 1, -1, -1, -1, 0, 0, -1, 1, 1, 1, 0, 1, 0];
/** The first sample lacks view a, the third view b, the fourth both. */
const PRESENT = [0, 1, 1, 0, 1, /**/ 1, 1, 0, 0, 1];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Logits [view][sample][label] of linear classifiers without dropout. */
function logitsOf(weights: readonly ArrayLike<number>[]): number[][][] {
  return weights.map((weight, m) =>
    Array.from({ length: SAMPLES }, (_, n) =>
      Array.from({ length: LABELS }, (_, k) => {
        let logit = 0;
        for (let p = 0; p < PIXELS; p++) logit += weight[k * PIXELS + p]! * IMAGES[m]![n * PIXELS + p]!;
        return logit;
      }))
  );
}

/** The loss of logits [sample][label], over the labels that `counts` marks as known. */
function lossOf(
  logits: readonly number[][],
  options: { loss: "bce" | "softmax"; counts: (n: number) => boolean; weights?: readonly number[] },
): number {
  const { loss, counts, weights } = options;
  let total = 0;
  let count = 0;
  logits.forEach((row, n) => {
    const known = row.map((_, k) => k).filter((k) => counts(n) && TARGETS[n * LABELS + k]! >= 0);
    if (loss === "softmax") {
      const norm = Math.log(known.reduce((a, k) => a + Math.exp(row[k]!), 0));
      for (const k of known) if (TARGETS[n * LABELS + k] === 1) total += norm - row[k]!;
      count += known.length > 0 ? 1 : 0;
      return;
    }
    for (const k of known) {
      const positive = TARGETS[n * LABELS + k] === 1;
      total -= positive ? (weights?.[k] ?? 1) * Math.log(sigmoid(row[k]!)) : Math.log(sigmoid(-row[k]!));
      count++;
    }
  });
  return total / Math.max(count, 1);
}

/** The objective of a method, from its definition. */
function oracle(
  weights: readonly ArrayLike<number>[],
  options: { method: string; loss: "bce" | "softmax"; present?: readonly number[]; positive?: readonly number[] },
): number {
  const { method, loss, present, positive } = options;
  const logits = logitsOf(weights);
  const there = (m: number, n: number) => !present || present[m * SAMPLES + n] === 1;
  const more = positive ? { weights: positive } : {};
  if (method !== "supervised-joint") {
    return logits.reduce((a, own, m) => a + lossOf(own, { loss, counts: (n) => there(m, n), ...more }), 0);
  }
  const averaged = logits[0]!.map((row, n) =>
    row.map((_, k) => {
      const scores = logits.flatMap((own, m) => (there(m, n) ? [sigmoid(own[n]![k]!)] : []));
      const mean = scores.length ? scores.reduce((a, b) => a + b, 0) / scores.length : 0.5;
      return Math.log(mean) - Math.log(1 - mean);
    })
  );
  return lossOf(averaged, { loss, counts: () => true, ...more });
}

/** The loss and its gradients in evaluation mode (no dropout), computed from the classifier's graph. */
async function evaluate(device: Device, options: { config: ClassifierConfig; present?: readonly number[] }) {
  const classifier = new Classifier(options.config);
  const { present } = options;
  using program = await compile(device, () => {
    const scope = Scope.declaring();
    const shape = [SAMPLES, SIDE, SIDE, 1];
    const inputs: ClassifierInputs = {
      data: IMAGES.map((_, m) => reshape(input(`image ${m}`, { shape }), shape)),
      targets: input("targets", { shape: [SAMPLES, LABELS] }),
      known: input("known", { shape: [SAMPLES, LABELS] }),
      ...(present ? { present: input("present", { shape: [2, SAMPLES] }) } : {}),
    };
    const loss = classifier.loss(scope, inputs);
    const weights: Tensor[] = [0, 1].map((m) =>
      scope.child(`classifiers.${m}`).parameter("weight", {
        shape: [LABELS, PIXELS],
        layout: "same",
        initializer: { kind: "zeros" },
      })
    );
    const [first, second] = gradients(loss, weights);
    return { outputs: { loss: sum(loss), first: first!, second: second! } };
  });
  program.run({
    ...Object.fromEntries(IMAGES.map((image, m) => [`image ${m}`, image])),
    ...Object.fromEntries(WEIGHTS.map((weight, m) => [`classifiers.${m}.weight`, weight])),
    targets: Float32Array.from(TARGETS, (target) => target === 1 ? 1 : 0),
    known: Float32Array.from(TARGETS, (target) => target < 0 ? 0 : 1),
    ...(present ? { present: Float32Array.from(present) } : {}),
  });
  const [loss, first, second] = await program.read("loss", "first", "second");
  return { loss: loss![0]!, gradients: [first!, second!] };
}

for (const loss of ["bce", "softmax"] as const) {
  for (const method of ["supervised", "supervised-joint"]) {
    Deno.test(`${method} with ${loss} has the oracle's loss and gradients, with missing labels and views`, async () => {
      using device = await Device.open();
      for (const present of [undefined, PRESENT]) {
        const positive = loss === "bce" ? [0.5, 3, 1] : undefined;
        const got = await evaluate(device, {
          config: config(method, { loss, ...(positive ? { positiveWeights: positive } : {}) }),
          ...(present ? { present } : {}),
        });
        const options = { method, loss, ...(present ? { present } : {}), ...(positive ? { positive } : {}) };
        assertClose([got.loss], [oracle(WEIGHTS, options)], { label: "loss" });
        const want = WEIGHTS.map((weight, m) =>
          numericGradient((x) => oracle(WEIGHTS.map((other, k) => (k === m ? x : other)), options), [...weight])
        );
        const error = relativeError(got.gradients.flatMap((data) => [...data]), want.flat());
        assert.ok(error < 5e-5, `gradients: relative error ${error}`);
      }
    });
  }
}

Deno.test("views are scored independently, and the combined score is the mean over present views", async () => {
  using device = await Device.open();
  using model = await ClassifierInference.open(device, {
    config: config("supervised-ensemble"),
    batchSize: SAMPLES,
    floatImages: true,
  });
  model.write(new Map(WEIGHTS.map((data, m) => [`classifiers.${m}.weight`, { shape: [LABELS, PIXELS], data }])));
  const { views, combined } = await model.score(IMAGES, { present: Float32Array.from(PRESENT) });
  const logits = logitsOf(WEIGHTS);
  views.forEach((scores, m) => assertClose(scores, logits[m]!.flat().map(sigmoid), { label: `view ${m}` }));
  const want = logits[0]!.flatMap((row, n) =>
    row.map((_, k) => {
      const scores = logits.flatMap((own, m) => (PRESENT[m * SAMPLES + n] ? [sigmoid(own[n]![k]!)] : []));
      return scores.length ? scores.reduce((a, b) => a + b, 0) / scores.length : 0.5;
    })
  );
  assertClose(combined, want, { label: "combined" });
});

Deno.test("a PyTorch state_dict with I64 counters loads, and the counters are ignored", async () => {
  using device = await Device.open();
  using model = await ClassifierInference.open(device, { config: config("supervised"), batchSize: SAMPLES });
  const file = encodeSafetensors(
    new Map<string, TensorData>([
      ...WEIGHTS.map((data, m) => [`classifiers.${m}.weight`, { shape: [LABELS, PIXELS], data }] as const),
      ["encoders.0.bn1.num_batches_tracked", { shape: [], data: BigInt64Array.of(1234n) }],
    ]),
  );
  const { tensors } = decodeSafetensors(file);
  model.write(new Map([...tensors].map(([name, raw]) => [name, { shape: raw.shape, data: toFloat32(raw) }])));
  const state = await model.parameters.read();
  WEIGHTS.forEach((data, m) => assert.deepEqual(state.get(`classifiers.${m}.weight`)!.data, data));
});

Deno.test("confident logits keep distinct scores where float32 would round them to 1", async () => {
  using device = await Device.open();
  using model = await ClassifierInference.open(device, {
    config: config("supervised-ensemble"),
    batchSize: SAMPLES,
    floatImages: true,
  });
  const large = WEIGHTS.map((weight) => weight.map((value) => 8 * value));
  model.write(new Map(large.map((data, m) => [`classifiers.${m}.weight`, { shape: [LABELS, PIXELS], data }])));
  const logits = logitsOf(large);
  const beyond = logits.flat(2).filter((logit) => logit > 17 && logit < 25);
  assert.ok(beyond.length > 0, "no logit is beyond what float32 tells from 1");
  const { views } = await model.score(IMAGES);
  views.forEach((scores, m) => {
    const flat = logits[m]!.flat();
    flat.forEach((logit, i) => {
      // Beyond this, even float64 rounds the scores to 1.
      if (Math.abs(logit) > 25) return;
      assert.ok(Math.abs(Math.log(scores[i]! / (1 - scores[i]!)) - logit) < 1e-3, `logit ${logit}: ${scores[i]}`);
    });
  });
});

Deno.test("training a classifier lowers its loss, is reproducible, and continues from a saved state", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  const labels = Int8Array.from(TARGETS);
  const options = {
    config: config("supervised-joint", { network: "small", imageSize: 8, filterDim: 2 }),
    batchSize: SAMPLES,
    seed: 3,
    floatImages: true,
  };
  const settings = (step: number) => ({ step, learningRate: 1e-2, alpha: 0, beta: 0 });
  const train = async (trainer: StepTrainer<LabelledBatch>, steps: { from: number; to: number }) => {
    for (let step = steps.from; step < steps.to; step++) trainer.step({ pixels, labels }, settings(step));
    return (await trainer.readMetrics()).map(({ values }) => values.loss!);
  };
  using whole = await createClassifierTrainer(device, options);
  const losses = await train(whole, { from: 0, to: 40 });
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  assert.ok(mean(losses.slice(-8)) < 0.5 * mean(losses.slice(0, 8)), `${losses}`);
  using part = await createClassifierTrainer(device, options);
  const first = await train(part, { from: 0, to: 15 });
  using rest = await createClassifierTrainer(device, { ...options, seed: 3 });
  rest.write(await part.read());
  assert.deepEqual([...first, ...await train(rest, { from: 15, to: 40 })], losses);
});

Deno.test("a classifier trains on incomplete studies without NaN, even if a whole batch lacks a view", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES, size: 64 });
  for (const loss of ["bce", "softmax"] as const) {
    for (const method of ["supervised", "supervised-joint"]) {
      using trainer = await createClassifierTrainer(device, {
        config: config(method, { network: "residual", imageSize: 64, filterDim: 2, loss }),
        batchSize: SAMPLES,
        seed: 1,
        floatImages: true,
        missingViews: true,
      });
      for (const present of [PRESENT, [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]]) {
        trainer.step(
          { pixels, labels: Int8Array.from(TARGETS), present: Float32Array.from(present) },
          { step: 0, learningRate: 1e-3, alpha: 0, beta: 0 },
        );
      }
      const metrics = await trainer.readMetrics();
      assert.ok(metrics.every(({ values }) => Number.isFinite(values.loss) && Number.isFinite(values.gradientNorm)));
      for (const [name, { data }] of await trainer.read()) assert.ok(data.every(Number.isFinite), `${method}: ${name}`);
    }
  }
});

Deno.test("Classifier rejects invalid configurations", () => {
  assert.throws(
    () => new Classifier(config("mmvm")),
    /there is no supervised method mmvm; there are supervised, supervised-ensemble/,
  );
  assert.throws(() => new Classifier(config("supervised", { labels: 0 })), /needs views and labels, got 2 and 0/);
  assert.throws(
    () => new Classifier(config("supervised", { positiveWeights: [1, 0, 1] })),
    /3 labels need one positive weight each/,
  );
});
