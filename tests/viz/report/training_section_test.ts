import assert from "node:assert/strict";
import type { Results } from "../../../eval/results/results.ts";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { singleRunFixture, validated } from "./fixture.ts";
import { elements, parse } from "./report_document.ts";

Deno.test("the training section draws the learning rate of runs in which it varies", () => {
  const results = singleRunFixture({ studies: 40 });
  const titles = (document: Document) => elements("#training h4", document).map((title) => title.textContent);
  assert.ok(!titles(parse(renderReport(results))).includes("Learning rate"));
  const runs = results.runs.map((run) => {
    const learningRate = run.training.step.map((step) => 1e-3 / step);
    return { ...run, training: { ...run.training, learningRate } };
  });
  const shown = renderReport(resultsSchema.parse({ ...results, runs }));
  assert.ok(titles(parse(shown)).includes("Learning rate"));
});

Deno.test("the training section draws each view's reconstruction, if the runs logged them", () => {
  const results = singleRunFixture({ studies: 40 });
  const titles = (document: Document) => elements("#training h4", document).map((title) => title.textContent);
  const runs = results.runs.map((run) => {
    const { reconstruction } = run.training;
    return { ...run, training: { ...run.training, views: { frontal: reconstruction, text: reconstruction } } };
  });
  const rest = ["KL divergence", "Alpha", "Studies per second"];
  assert.deepEqual(titles(parse(renderReport(results))), ["Loss (VAE)", "Reconstruction", ...rest]);
  assert.deepEqual(
    titles(parse(renderReport(resultsSchema.parse({ ...results, runs })))),
    ["Loss (VAE)", "Reconstruction", "Reconstruction, frontal", "Reconstruction, text", ...rest],
  );
});

Deno.test("the training section draws validations beside the training curves, and says what was out of bounds", () => {
  const results = resultsSchema.parse(validated(singleRunFixture({ studies: 40 })));
  const document = parse(renderReport(results));
  const lines = (title: string) => {
    const block = elements("#training .chart-block", document).find((one) =>
      one.querySelector("h4")!.textContent === title
    );
    return [...block!.querySelectorAll("path.line")].map((one) => one.querySelector("title")!.textContent);
  };
  const [{ name }] = results.runs as [Results["runs"][0]];
  assert.deepEqual(lines("Loss (VAE)"), [name, `${name}, validation`]);
  assert.deepEqual(lines("Validation AUROC"), [`${name}, frontal`, `${name}, mean`]);
  assert.deepEqual(lines("KL between views (nats)"), [`${name}, frontal || lateral`, `${name}, lateral || frontal`]);
  assert.deepEqual(lines("Active latent units"), [`${name}, frontal`, `${name}, lateral`]);
  assert.equal(document.querySelector("#training-findings li")!.textContent, "The loss stayed on a plateau.");
  assert.match(document.querySelector("#repeat table")!.textContent!, /300 \(best checkpoint\)/);
});

Deno.test("the training section passes over floors, and its ticks fit however small the values are", () => {
  const base = validated(singleRunFixture({ studies: 40 }));
  const [run] = base.runs;
  const { training } = run!;
  const validation = { ...training.validation!, activeUnits: { frontal: training.validation!.step.map(() => 0) } };
  const learningRate = training.step.map((_, i) => 0.0005 * (1 + i / training.step.length));
  const none = { step: [], loss: [], reconstruction: [], kl: [], alpha: [], studiesPerSecond: [] };
  const document = parse(renderReport({
    ...base,
    runs: [
      { ...run!, training: { ...training, learningRate, validation } },
      { ...run!, name: "floor", method: "pixel-pca", training: none },
    ],
  }));
  const section = document.querySelector("#training")!.textContent!;
  assert.doesNotMatch(section, /Pixel PCA|logged no curve|share a colour/);
  assert.doesNotMatch(document.querySelector("#summary .lead")!.textContent!, /2 runs/);
  const texts = (title: string) => {
    const block = elements("#training .chart-block", document).find((one) =>
      one.querySelector("h4")!.textContent === title
    );
    return [...block!.querySelectorAll("text")].map(({ textContent }) => textContent!);
  };
  const rates = texts("Learning rate");
  assert.ok(rates.includes("× 1e-4") && rates.includes("6") && rates.every((text) => text.length < 7), rates.join());
  const units = texts("Active latent units");
  assert.ok(units.includes("0") && units.includes("1") && units.every((text) => !/[-−]/.test(text)), units.join());
});
