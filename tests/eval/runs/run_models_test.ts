import assert from "node:assert/strict";
import { join } from "node:path";
import {
  encodeRun,
  evaluateRun,
  idsFile,
  latentsFile,
  likelihoodRun,
  openModel,
  studyTable,
  translateRun,
  viewNumbers,
} from "../../../eval/mod.ts";
import {
  readMetricsFile,
  type RunConfig,
  type RunData,
  runPaths,
  trainingPairs,
  trainRun,
  viewsOfRun,
} from "../../../training/mod.ts";
import { selectPairs, SPLITS, StudyIndex } from "../../../data/mod.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { VaeInference } from "../../../models/mod.ts";
import { latestCheckpoint } from "../../../runtime/files/checkpoint.ts";
import { decodeSafetensors, Device, toFloat32 } from "../../../runtime/mod.ts";
import { relativeError } from "../../reference/compare.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../../training/small_run.ts";

/** Calls `work` with the small data set, a device and a temporary folder, and cleans up. */
async function withRun(work: (context: { data: RunData; device: Device; folder: string }) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    const data = await smallRunData(join(folder, "cache"));
    try {
      using device = await Device.open();
      await work({ data, device, folder });
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Feature maps large enough to be stored as float16, with gradients that initially overflow it. */
const HEAVY = { filterDim: 4, viewWeights: [2000, 2000] };

const evaluation = { bootstrap: { resamples: 20 }, commands: [], versions: {} } as const;

async function trained(config: RunConfig, context: { data: RunData; device: Device; folder: string }): Promise<string> {
  const directory = join(context.folder, config.name);
  await trainRun({ ...context, config, directory });
  return directory;
}

Deno.test("supervised runs use the same labelled patients as probes, scored by view or jointly", async () => {
  await withRun(async (context) => {
    const { data, device } = context;
    const subset = { fraction: 0.5, seed: 4 };
    const expected = new Set(studyTable(data.index, data.pairs).labelledStudies(subset));
    for (
      const [method, views] of [["supervised", ["rotated", "noisy"]], ["supervised-ensemble", ["ensemble"]], [
        "supervised-joint",
        ["joint"],
      ]] as const
    ) {
      const config = smallRunConfig(method, {
        model: { positiveWeights: "balanced" },
        training: { labelled: subset.fraction, labelledSeed: subset.seed },
      });
      assert.deepEqual(new Set(trainingPairs(config, data).study), expected);
      const directory = await trained(config, context);
      const { evaluations, cases, runs } = await evaluateRun({ config, directory, data, device, ...evaluation });
      assert.deepEqual(evaluations.map(({ view }) => view), views);
      assert.deepEqual(cases.map(({ id, studyIds }) => [id, studyIds.length]), [["test", 60]]);
      for (const one of evaluations) {
        assert.equal(one.probe, "supervised");
        assert.deepEqual([one.labelledFraction, one.probeSeed, one.labelledStudies], [0.5, 4, 48]);
        assert.ok(one.scores.every((scores) => scores === null || scores.every((score) => score > 0 && score < 1)));
      }
      assert.deepEqual(runs[0]!.training.reconstruction, []);
      assert.equal(runs[0]!.training.loss.length, 6);
    }
  });
});

for (
  const [kind, config] of [
    ["supervised", smallRunConfig("supervised-joint", { model: { loss: "softmax" }, training: { epochs: 3 } })],
    // The loss scale is too large for these weights and decreases in the first steps.
    ["float16", smallRunConfig("mmvm", { model: HEAVY, training: { epochs: 3, precision: "f16" } })],
  ] as const
) {
  Deno.test(`a stopped ${kind} run resumes bit for bit`, async () => {
    await withRun(async ({ data, device, folder }) => {
      const losses = async (name: string, stopAfter: number | undefined) => {
        const directory = join(folder, name);
        if (stopAfter !== undefined) {
          const stop = new AbortController();
          const { stopped } = await trainRun({
            config,
            directory,
            data,
            device,
            signal: stop.signal,
            // Metrics are read and progress is reported whenever a checkpoint is written.
            checkpointSeconds: 0,
            onProgress: ({ done }) => {
              if (done >= stopAfter) stop.abort();
            },
          });
          assert.ok(stopped);
        }
        await trainRun({ config, directory, data, device, resume: true });
        const lines = (await Deno.readTextFile(join(directory, "metrics.jsonl"))).trimEnd().split("\n");
        return lines.map((line) => (JSON.parse(line) as { step: number; loss: number; lossScale?: number }));
      };
      const pick = (lines: { step: number; loss: number; lossScale?: number }[]) =>
        lines.map(({ step, loss, lossScale }) => [step, loss, lossScale]);
      assert.deepEqual(pick(await losses("stopped", 5)), pick(await losses("whole", undefined)));
    });
  });
}

Deno.test("a float16 run skips steps while its loss scale is too large, and can be evaluated in float16", async () => {
  await withRun(async (context) => {
    const { data, device } = context;
    const config = smallRunConfig("mmvm", { model: HEAVY, training: { epochs: 3, precision: "f16" } });
    const directory = await trained(config, context);
    const lines = await readMetricsFile(runPaths(directory).metrics);
    assert.equal(lines.length, 18);
    const left = lines.filter(({ gradientNorm }) => !Number.isFinite(gradientNorm));
    assert.ok(left.length > 0 && left.length < 9, `${left.length} steps skipped`);
    for (const [i, { lossScale, gradientNorm }] of lines.entries()) {
      const next = lines[i + 1]?.lossScale;
      if (next !== undefined) assert.equal(next, Number.isFinite(gradientNorm) ? lossScale : lossScale! / 2);
    }
    using over16 = await openModel(device, { config, directory, data });
    using over32 = VaeInference.open(device, { config: over16.model.vae.config, batchSize: 16 });
    over32.write((await latestCheckpoint(runPaths(directory).checkpoints)).found!.tensors);
    const pixels = Uint8Array.from({ length: 2 * 16 * 28 * 28 }, (_, i) => i * 37 % 251);
    const [got, want] = [await over16.model.encode(pixels), await over32.encode(pixels)];
    assert.notDeepEqual(got, want);
    got.mu.forEach((mu, m) => assert.ok(relativeError(mu, want.mu[m]!) < 1e-2));
    await evaluateRun({ config, directory, data, device, ...evaluation });
    assert.match(await Deno.readTextFile(runPaths(directory).card), /^library_name: mmvm$/m);
  });
});

Deno.test("a float16 run stops with advice if gradients are not finite at any loss scale", async () => {
  await withRun(async (context) => {
    const model = { ...HEAVY, viewWeights: [1e30, 1e30] };
    const config = smallRunConfig("mmvm", { model, training: { epochs: 4, precision: "f16" } });
    await assert.rejects(trained(config, context), {
      name: "NonFiniteError",
      message:
        /^the gradient's norm is (NaN|Infinity) at step 18: the first .* with a smaller --lr or with --precision/,
    });
  });
});

Deno.test("a single-view run uses that view's images of all pairs", async () => {
  await withRun(async (context) => {
    const { data, device } = context;
    const config = smallRunConfig("independent", { model: { views: ["noisy"] } });
    const { names, pairs } = viewsOfRun(config, data);
    assert.deepEqual(names, ["noisy"]);
    assert.deepEqual(pairs.images, data.pairs.images.filter((_, i) => i % 2 === 1));
    const directory = await trained(config, context);
    const { evaluations, pictures } = await evaluateRun({
      config,
      directory,
      data,
      device,
      pictures: true,
      ...evaluation,
    });
    assert.deepEqual(evaluations.map(({ view }) => view), ["noisy"]);
    assert.deepEqual(pictures.map(({ from, to }) => [from, to]), [["noisy", "noisy"]]);
    assert.throws(
      () => viewsOfRun(smallRunConfig("frontal"), data),
      /method frontal is to use the view frontal, but the data have rotated, noisy: choose among them by --views/,
    );
  });
});

Deno.test("runs on incomplete studies are trained, evaluated and encoded, with NaN for missing images", async () => {
  await withRun(async (context) => {
    const { device } = context;
    const data = withMissingViews(context.data);
    for (const method of ["mmvm", "mopoe", "supervised"]) {
      const config = smallRunConfig(method, {
        missing: true,
        model: { prior: "mixture", moeAssignment: "stratified" },
      });
      const directory = await trained(config, { ...context, data });
      const { evaluations, cases } = await evaluateRun({ config, directory, data, device, ...evaluation });
      assert.deepEqual(evaluations.map(({ view }) => view), ["rotated", "noisy"]);
      assert.equal(cases.length, 2);
      if (method === "supervised") continue;
      using open = await openModel(device, { config, directory, data });
      const { tensors } = await encodeRun({ open, data });
      assert.deepEqual([...tensors.keys()], ["mu.rotated", "logvar.rotated", "mu.noisy", "logvar.noisy"]);
      for (const [name, { shape, data: values }] of tensors) {
        assert.deepEqual(shape, [data.pairs.count, 3]);
        const view = name.endsWith("rotated") ? 0 : 1;
        for (let pair = 0; pair < data.pairs.count; pair++) {
          const there = data.pairs.images[2 * pair + view]! >= 0;
          assert.equal(Number.isFinite((values as Float32Array)[3 * pair]), there, `${name} of pair ${pair}`);
        }
      }
    }
  });
});

Deno.test("a joint run supports encoding aggregated over chosen views, translation and likelihoods", async () => {
  await withRun(async (context) => {
    const { data, device } = context;
    const config = smallRunConfig("poe");
    const directory = await trained(config, context);
    using open = await openModel(device, { config, directory, data, batchSize: 12 });
    const latents = await encodeRun({ open, data, aggregate: true, views: viewNumbers(open.views, ["noisy"]) });
    const file = decodeSafetensors(latentsFile(latents, { run: config.name, method: "poe" }));
    const alone = await encodeRun({ open, data, views: [1] });
    // A product of a single expert equals that expert up to rounding.
    const [joint, single] = [toFloat32(file.tensors.get("mu.joint")!), alone.tensors.get("mu.noisy")!.data];
    joint.forEach((value, i) => assert.ok(Math.abs(value - Number(single[i])) < 1e-5));
    const ids = idsFile(data.index, { views: open.views }).trimEnd().split("\n");
    assert.equal(ids[0], "row,split,subject,study,rotated,noisy");
    assert.equal(ids[1], "0,train,train-000000,train-000000,train-000000/rotated,train-000000/noisy");
    assert.equal(ids.length, 1 + data.pairs.count);
    assert.throws(
      () => viewNumbers(open.views, ["lateral"]),
      /the model has no view lateral: its views are rotated, noisy/,
    );

    const files = await translateRun({ open, data, split: "test", count: 3, samples: "prior" });
    const names = [
      "rotated-reconstructed",
      "noisy-reconstructed",
      "rotated-to-noisy",
      "noisy-to-rotated",
      "samples-prior",
    ];
    assert.deepEqual(files.map(({ name }) => name), names.map((name) => `${name}.png`));
    const sizes = files.map(({ bytes }) => {
      const header = new DataView(bytes.buffer, bytes.byteOffset);
      return [header.getUint32(16), header.getUint32(20)];
    });
    // Three pictures of 28 pixels with gaps of two, in two or three rows.
    assert.deepEqual(sizes, [[88, 58], [88, 58], [88, 88], [88, 88], [88, 58]]);

    const rows = await likelihoodRun({ open, data, split: "test", count: 20, draws: 4 });
    assert.deepEqual(rows.map(({ of, given }) => [of.join(), given.join()]), [
      ["rotated", ""],
      ["noisy", ""],
      ["rotated,noisy", ""],
      ["rotated", "noisy"],
      ["noisy", "rotated"],
    ]);
    const [rotated, noisy, both, conditional] = rows.map(({ mean }) => mean!);
    assert.ok(rows.every(({ pairs, standardError }) => pairs === 20 && standardError! > 0));
    assert.ok(Math.abs(both! - noisy! - conditional!) < 1e-6 && Number.isFinite(rotated));
  });
});

Deno.test("openModel() rejects a classifier's run, and an annealed-away prior has no likelihood", async () => {
  await withRun(async (context) => {
    const { data, device } = context;
    const classifier = smallRunConfig("supervised");
    await assert.rejects(
      openModel(device, { config: classifier, directory: "x", data }),
      /x is a run of supervised, a classifier: it has no decoder and draws no images/,
    );
    const config = smallRunConfig("mmvm");
    const directory = await trained(config, context);
    using open = await openModel(device, { config, directory, data });
    assert.ok(open.alpha < 1e-3);
    const [marginal, , , conditional] = await likelihoodRun({ open, data, split: "test", count: 4, draws: 2 });
    assert.equal(marginal!.mean, null);
    assert.match(marginal!.reason!, /mmvm has no marginal or joint likelihood at alpha/);
    assert.ok(Number.isFinite(conditional!.mean));
  });
});

Deno.test("evaluateRun() rejects a run without a checkpoint by name", async () => {
  await withRun(async ({ data, device, folder }) => {
    const config = smallRunConfig("mmvm");
    const directory = join(folder, config.name);
    const expected = /mmvm-small has no checkpoint that can be used: train the run first/;
    await assert.rejects(
      evaluateRun({ config, directory, data, device, probe: { kind: "logistic-regression" }, ...evaluation }),
      expected,
    );
  });
});

Deno.test("encodeRun() rejects a non-finite latent by pair and dimension", async () => {
  await withRun(async (context) => {
    const { data, device } = context;
    const config = smallRunConfig("mmvm");
    const directory = await trained(config, context);
    using open = await openModel(device, { config, directory, data });
    const { model } = open;
    const encode = model.encode.bind(model);
    model.encode = async (...given) => {
      const found = await encode(...given);
      found.mu[1]![4] = NaN;
      return found;
    };
    await assert.rejects(
      encodeRun({ open, data }),
      /mu 1 of the noisy latent of pair 1 is NaN; every latent must be a finite number/,
    );
  });
});

Deno.test("a run without evaluation is encoded and has no scores, also without labels or a test split", async () => {
  await withRun(async (context) => {
    const { index, pairs: all } = context.data;
    const pairs = selectPairs(all, (pair) => SPLITS[index.splitOfStudy(all.study[pair]!)] !== "test");
    const unlabelled = new StudyIndex({ ...index, labels: [] }, {
      ...index,
      studies: { ...index.studies, states: new Uint8Array(0) },
    }, index.drops);
    const data = { ...context.data, index: unlabelled, pairs };
    const config = smallRunConfig("mmvm", { training: { noEvaluation: true, augment: { rotate: 7 } } });
    const directory = await trained(config, { ...context, data });
    const results = await evaluateRun({
      ...evaluation,
      config,
      directory,
      data,
      device: context.device,
      pictures: true,
    });
    assert.deepEqual([results.evaluations, results.comparisons, results.data.labels], [[], [], []]);
    assert.deepEqual(
      results.cases.map(({ split, studyIds }) => [split, studyIds.length]),
      Array(2).fill(["validate", 40]),
    );
    assert.deepEqual(results.projections.map(({ view }) => view), ["rotated", "rotated", "noisy", "noisy"]);
    assert.equal(results.pictures.length, 4);
    assert.deepEqual(results.augmentations!.map(({ view, amounts }) => [view, amounts.rotate]), [
      ["rotated", 7],
      ["noisy", 7],
    ]);
    assert.ok(results.runs[0]!.training.loss.length > 0);
    const scored = smallRunConfig("mmvm");
    await assert.rejects(
      evaluateRun({ ...evaluation, config: scored, directory, data, device: context.device }),
      /there are no label columns/,
    );
    const html = renderReport(results);
    assert.match(html, /Ranges: rotated by up to 7°/);
    assert.match(html, /No AUROC to report/);
    assert.doesNotMatch(html, /Scored on/);
    const classifier = smallRunConfig("supervised", { training: { noEvaluation: true } });
    const place = await trained(classifier, context);
    const given = { ...evaluation, config: classifier, directory: place, data: context.data, device: context.device };
    assert.deepEqual((await evaluateRun(given)).evaluations, []);
  });
});
