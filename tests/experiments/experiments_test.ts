import assert from "node:assert/strict";
import type { DATASETS } from "../../data/mod.ts";
import { ALIGNMENT_NAMES, METHOD_NAMES, methodOf } from "../../models/mod.ts";
import { checkRunConfig } from "../../training/mod.ts";
import {
  type Arm,
  type Base,
  type ExperimentContext,
  type Measured,
  type PhantomVariant,
  SCALES,
} from "../../experiments/experiment.ts";
import { withFloors, withoutFloors } from "../../experiments/floors.ts";
import { EXPERIMENTS } from "../../experiments/definitions/registry.ts";
import { methodsOf, ofMethods, ofSetting, partsWithout, settingsOf } from "../../experiments/choose_arms.ts";
import { measurementPath, planName } from "../../experiments/run_store.ts";
import { baseOf } from "../../experiments/definitions/scales.ts";
import { VAES } from "../../experiments/definitions/table.ts";

type Dataset = typeof DATASETS[number];

function context(scale: typeof SCALES[number], dataset: Dataset): ExperimentContext {
  const on = (name: Dataset): Base =>
    baseOf(name, { scale, root: name === "mnist-pairs" ? undefined : `data/${name}` });
  const phantoms = ({ times, faintFindings }: PhantomVariant): Base =>
    baseOf("phantoms", {
      scale,
      root: `data/phantoms-${times}-${faintFindings}`,
      test: { root: `data/fresh-${faintFindings}` },
    });
  return { scale, on, base: on(dataset), ...(dataset === "phantoms" ? { phantoms } : {}) };
}

function armsOf(name: string, { scale = "small", dataset = "phantoms" }: {
  scale?: typeof SCALES[number];
  dataset?: Dataset;
} = {}): Arm[] {
  const experiment = EXPERIMENTS.find((each) => each.name === name)!;
  return experiment.parts(context(scale, dataset)).flatMap(({ arms }) => arms);
}

Deno.test("polymnist trains every VAE over the published betas and dimensions, all judged by one classifier", () => {
  const arms = armsOf("polymnist", { scale: "paper" });
  assert.equal(arms.length, 6 * 12 * 2 * 3);
  const betas = [...new Set(arms.map(({ run }) => run.config.training.beta))].sort((a, b) => a - b);
  assert.deepEqual(betas, Array.from({ length: 12 }, (_, i) => 2 ** (i - 8)));
  assert.deepEqual([...new Set(arms.map(({ run }) => run.config.model.latentDim))], [32, 64]);
  const judges = new Set(arms.map(({ evaluation }) => planName(evaluation.generative!.judge)));
  assert.equal(judges.size, 1);
  const { data, model } = arms[0]!.evaluation.generative!.judge.config;
  assert.deepEqual([data.dataset, model.method, model.loss], ["polymnist", "supervised", "softmax"]);
});

const runsOf = (name: string) => new Set(armsOf(name).map(({ run }) => planName(run)));

Deno.test("every experiment has valid runs and distinguishable arms at every scale", () => {
  for (const { name, parts } of EXPERIMENTS) {
    for (const scale of SCALES) {
      for (const dataset of ["phantoms", "mnist-pairs"] as const) {
        for (const part of parts(context(scale, dataset))) {
          const places = part.arms.map(({ run: { config }, evaluation, setting }) => {
            checkRunConfig(config, { file: `${name}, ${scale}, ${dataset}` });
            const { method } = config.model;
            return JSON.stringify([method, config.training.seed, evaluation.labelledFractions, setting ?? {}]);
          });
          assert.equal(new Set(places).size, places.length, `${name}, ${scale}, ${part.name}`);
        }
      }
    }
  }
});

Deno.test("withFloors() measures them once for each seed and setting, and changes no other measurement", () => {
  const of = (name: string) => {
    const experiment = EXPERIMENTS.find((each) => each.name === name)!;
    return withFloors(experiment.parts(context("small", "phantoms"))).flatMap(({ arms }) => arms);
  };
  const floored = of("table").filter(({ evaluation }) => evaluation.floors);
  assert.deepEqual(floored.map(({ run: { config } }) => [config.model.method, config.training.seed]), [
    ["mmvm", 1],
    ["mmvm", 2],
    ["mmvm", 3],
  ]);
  for (const name of ["table", "label-noise", "single-view"]) {
    const [arms, plain] = [of(name), armsOf(name)];
    assert.ok(arms.some(({ evaluation }) => evaluation.floors));
    arms.forEach(({ evaluation: { floors: _, ...evaluation }, ...arm }, i) =>
      assert.deepEqual({ ...arm, evaluation }, plain[i])
    );
  }
});

Deno.test("withoutFloors() leaves out their evaluations and comparisons", () => {
  const named = (method: string) => ({ method }) as Measured["results"]["evaluations"][number];
  const compared = (baseline: string, method: string) => ({ baseline, method }) as Measured["comparisons"][number];
  const { results, comparisons } = withoutFloors({
    results: { evaluations: [named("mmvm"), named("pixel-pca")] } as Measured["results"],
    comparisons: [compared("poe", "mmvm"), compared("untrained", "mmvm"), compared("view-position (loss bce)", "mmvm")],
  });
  assert.deepEqual(results.evaluations, [named("mmvm")]);
  assert.deepEqual(comparisons, [compared("poe", "mmvm")]);
});

Deno.test("experiments share identical runs", () => {
  const table = runsOf("table");
  assert.equal(table.size, 8 * 3);
  assert.ok([...table].every((run) => runsOf("table-extended").has(run)));
  const shared = (name: string) => [...runsOf(name)].filter((run) => table.has(run)).length;
  // MMVM, independent, PoE, and the classifier on all labels.
  assert.equal(shared("label-efficiency"), 4 * 3);
  assert.equal(shared("ten-percent"), 6 * 3);
  assert.equal(shared("single-view"), 3);
  assert.equal(shared("label-noise"), 3 * 3);
  assert.equal(shared("soft-sharing"), 3);
  assert.equal(shared("missing-views"), 0);
  // Those on intact images, on which degraded ones are measured, too.
  assert.equal(shared("view-quality"), 2 * 3);
  // PoE and MMVM without the text.
  assert.equal(shared("with-text"), 2 * 3);
  // Its base.
  assert.equal(shared("published-order"), 6 * 3);
});

Deno.test("other-datasets has every method of the table on digits of two views, and of three", () => {
  const { parts } = EXPERIMENTS.find(({ name }) => name === "other-datasets")!;
  const [pairs, triples] = parts(context("small", "phantoms"));
  const methods = ({ arms }: { arms: readonly Arm[] }) => arms.map(({ run }) => run.config.model.method);
  assert.deepEqual(methods(triples!), methods({ arms: armsOf("table", { dataset: "mnist-pairs" }) }));
  assert.deepEqual(methods(pairs!), methods(triples!));
  for (const { run: { config } } of triples!.arms) {
    assert.deepEqual(config.data.mnist?.views, ["rotated", "noisy", "clean"]);
  }
});

Deno.test("published-order changes one thing at a time, and scores faint findings where it trains on them", () => {
  const arms = armsOf("published-order");
  assert.equal(arms.length, 6 * 5 * 3);
  const of = (name: string) => {
    const chosen = ofSetting([{ name: "", arms }], name).flatMap((part) => part.arms);
    assert.deepEqual(chosen.map(({ run }) => [run.config.model.method, run.config.training.seed]), [
      ...[1, 2, 3].flatMap((seed) => VAES.map((method) => [method, seed])),
    ]);
    return chosen[0]!;
  };
  const base = of("base");
  const { config } = base.run;
  const training = (epochs: number) => ({ ...config.training, epochs });
  assert.deepEqual(of("latents").run.config, { ...config, model: { ...config.model, latentDim: 64 } });
  assert.deepEqual(of("epochs").run.config, { ...config, training: training(54) });
  const onPhantoms = (root: string) => ({ ...config.data, root: `data/${root}` });
  const studies = { ...config, data: onPhantoms("phantoms-4-undefined"), training: training(14) };
  assert.deepEqual(of("studies").run.config, studies);
  const hard = of("hard");
  assert.deepEqual(hard.run.config, { ...config, data: onPhantoms("phantoms-undefined-0.5") });
  assert.deepEqual(hard.evaluation, { ...base.evaluation, test: { root: "data/fresh-0.5" } });
});

Deno.test("published-order has no parts on data that cannot be drawn otherwise", () => {
  assert.deepEqual(armsOf("published-order", { dataset: "mimic-cxr" }), []);
});

Deno.test("ofSetting() chooses arms by what is varied or by a value, and settingsOf() names all", () => {
  const parts = EXPERIMENTS.find(({ name }) => name === "label-noise")!.parts(context("small", "phantoms"));
  const shares = (name: string) => [
    ...new Set(ofSetting(parts, name).flatMap(({ arms }) => arms.map(({ setting }) => setting!["label-noise"]))),
  ];
  assert.deepEqual([shares("0.2"), shares("label-noise"), shares("base")], [[0.2], [0, 0.1, 0.2, 0.4], []]);
  assert.deepEqual(ofSetting(parts, "other"), []);
  assert.deepEqual(settingsOf(parts), ["label-noise 0", "label-noise 0.1", "label-noise 0.2", "label-noise 0.4"]);
  const text = EXPERIMENTS.find(({ name }) => name === "peers")!.parts(context("small", "phantoms"));
  assert.deepEqual(settingsOf(text), ["base", "epochs 6, network densenet121"]);
  assert.equal(ofSetting(text, "base").flatMap(({ arms }) => arms).length, 7 * 3);
});

Deno.test("ofSetting() chooses the arms of every whole setting alone", () => {
  for (const { name, parts: plan } of EXPERIMENTS) {
    const parts = plan(context("small", "phantoms"));
    for (const whole of settingsOf(parts)) {
      const chosen = settingsOf(ofSetting(parts, whole));
      assert.deepEqual(chosen, [whole], name);
    }
  }
});

Deno.test("ofMethods() chooses arms by their method, with every setting, and methodsOf() names all", () => {
  const parts = EXPERIMENTS.find(({ name }) => name === "table-extended")!.parts(context("small", "phantoms"));
  const chosen = ofMethods(parts, ["mmvm", "clip"]);
  assert.deepEqual(methodsOf(chosen).sort(), ["clip", "mmvm"]);
  assert.deepEqual(settingsOf(chosen), ["base", "private 8"]);
  assert.equal(chosen.flatMap(({ arms }) => arms).length, 3 * 3);
  assert.deepEqual(ofMethods(parts, ["frontal"]), []);
});

Deno.test("partsWithout() keeps the parts none of whose runs failed", () => {
  const { parts } = EXPERIMENTS.find(({ name }) => name === "other-datasets")!;
  const all = parts(context("small", "phantoms"));
  const names = (failed: string[]) => partsWithout(all, failed).map(({ name }) => name);
  const [pairs, , chexpert] = all.map(({ arms }) => planName(arms.at(-1)!.run));
  assert.deepEqual(partsWithout(all, []), all);
  assert.deepEqual(names([chexpert!]), ["other-datasets-mnist-pairs", "other-datasets-mnist-three-views"]);
  assert.deepEqual(names([chexpert!, pairs!]), ["other-datasets-mnist-three-views"]);
});

Deno.test("an experiment has every arm of the methods of those that it includes", () => {
  const including = EXPERIMENTS.filter(({ includes = [] }) => includes.length > 0);
  assert.deepEqual(including.map(({ name }) => name).sort(), ["published-order", "table-extended"]);
  const text = (arm: Arm) => JSON.stringify({ ...arm, setting: arm.setting ?? {} });
  for (const dataset of ["phantoms", "mnist-pairs", "mimic-cxr"] as const) {
    for (const { name, includes } of including) {
      const own = new Set(armsOf(name, { dataset }).map(text));
      // published-order has no arms on data that cannot be drawn.
      if (own.size === 0) continue;
      for (const { experiment, methods } of includes!) {
        const isIncluded = ({ run }: Arm) => methods?.includes(run.config.model.method) ?? true;
        const arms = armsOf(experiment, { dataset }).filter(isIncluded);
        assert.ok(arms.length > 0);
        for (const arm of arms) assert.ok(own.has(text(arm)), `${name} on ${dataset}`);
      }
    }
  }
});

Deno.test("the extended table has every method of two views, and five with private latents too", () => {
  const arms = armsOf("table-extended");
  const methods = new Set(arms.map(({ run }) => run.config.model.method));
  const single = METHOD_NAMES.filter((name) => methodOf(name).view !== undefined);
  const all = [...METHOD_NAMES, ...ALIGNMENT_NAMES, "supervised"];
  assert.deepEqual([...methods].sort(), all.filter((name) => !single.includes(name)).sort());
  const split = arms.filter(({ setting }) => setting?.private !== undefined);
  assert.deepEqual([...new Set(split.map(({ run }) => run.config.model.privateDim))], [8]);
  assert.equal(split.length, 5 * 3);
});

Deno.test("where settings are compared, there is an MMVM without one, with which all others are compared", () => {
  // PolyMNIST's runs are points of a figure, each of another beta.
  const compared = EXPERIMENTS.filter(({ by, name }) => by === "setting" && name !== "polymnist");
  assert.ok(compared.some(({ name }) => name === "with-text"));
  for (const { name } of compared) {
    for (const dataset of ["phantoms", "mnist-pairs"] as const) {
      const arms = armsOf(name, { dataset });
      const isBase = arms.map(({ run, setting }) => run.config.model.method === "mmvm" && setting === undefined);
      assert.ok(arms.length === 0 || isBase.includes(true), `${name} on ${dataset}`);
    }
  }
});

Deno.test("DenseNet-121 has fewer epochs at the scale for machines without a GPU, and digits have none", () => {
  const shown = (...at: Parameters<typeof context>) =>
    settingsOf(EXPERIMENTS.find(({ name }) => name === "peers")!.parts(context(...at)));
  assert.deepEqual(shown("small", "phantoms").at(-1), "epochs 6, network densenet121");
  assert.deepEqual(shown("paper", "mimic-cxr").at(-1), "network densenet121");
  assert.deepEqual(shown("small", "mnist-pairs"), ["base"]);
});

Deno.test("probes and classifiers with the same seed and fraction use the same patients' labels", () => {
  for (const { run: { config }, evaluation } of armsOf("label-efficiency")) {
    const { training } = config;
    if (config.model.method !== "supervised") {
      assert.deepEqual(evaluation.probeSeeds, [training.seed]);
      continue;
    }
    assert.deepEqual(evaluation.labelledFractions, [training.labelled]);
    assert.equal(training.labelledSeed, training.seed);
    // Equally many steps on few labels: the number of epochs grows as the number of studies shrinks.
    assert.equal(training.epochs, Math.round(18 / training.labelled!));
  }
});

Deno.test("the paper scale is the published setting", () => {
  const arms = armsOf("table", { scale: "paper", dataset: "mimic-cxr" });
  const of = (method: string) => arms.find(({ run }) => run.config.model.method === method)!;
  const { run: { config, alphaShare }, evaluation } = of("mmvm");
  const { network, imageSize, filterDim, latentDim, dropout, likelihood } = config.model;
  assert.deepEqual([network, imageSize, filterDim, latentDim, dropout], ["residual", 224, 64, 256, 0.5]);
  assert.deepEqual(likelihood, { name: "laplace", scale: 0.75 });
  const { learningRate, batchSize, epochs, beta, alphaSteps } = config.training;
  assert.deepEqual([learningRate, batchSize, epochs, beta, alphaSteps], [5e-5, 32, 240, 1, 150_000]);
  assert.deepEqual([alphaShare, evaluation.probe.kind, config.data.split], [undefined, "random-forest", "paper"]);
  const supervised = of("supervised").run.config;
  assert.deepEqual(
    [
      supervised.training.learningRate,
      supervised.training.batchSize,
      supervised.training.epochs,
      supervised.model.loss,
    ],
    [1e-4, 256, 30, "softmax"],
  );
});

Deno.test("planName() depends on what determines the run, not on its name or the order of fields", () => {
  const [{ run, evaluation }] = armsOf("table") as [Arm];
  const { config } = run;
  const turned = Object.fromEntries(Object.entries(config).reverse()) as typeof config;
  assert.equal(planName({ ...run, config: { ...turned, name: "other" } }), planName(run));
  const changed = { ...run, config: { ...config, training: { ...config.training, beta: 2 } } };
  assert.notEqual(planName(changed), planName(run));
  assert.notEqual(planName({ ...run, alphaShare: 0.3 }), planName(run));
  const paths = [evaluation, { ...evaluation, labelNoise: { share: 0.1, seed: 1 } }, { ...evaluation, resamples: 7 }]
    .map((each) => measurementPath("root", run, each));
  assert.equal(new Set(paths).size, 3);
});
