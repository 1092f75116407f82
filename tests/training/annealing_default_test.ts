import assert from "node:assert/strict";
import { alphaShareOf, withAnnealing } from "../../training/mod.ts";
import { openDataset, pairStudies } from "../../data/mod.ts";
import { smallRunConfig } from "./small_run.ts";

Deno.test("alpha is annealed over three fifths of the steps on MNIST pairs, and over a fifth on other data", () => {
  assert.equal(alphaShareOf("mnist-pairs"), 0.6);
  for (const dataset of ["phantoms", "mimic-cxr", "chexpert", "csv"] as const) assert.equal(alphaShareOf(dataset), 0.2);
});

Deno.test("withAnnealing() counts the steps of the run's own training pairs", async () => {
  const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train: 96, validate: 40, test: 60 } } });
  const data = { index, pairs: pairStudies(index) };
  const config = smallRunConfig("mmvm", { training: { batchSize: 16, epochs: 5 } });
  // 6 steps an epoch, 30 in all.
  assert.equal(withAnnealing(config, data).training.alphaSteps, 18);
  assert.equal(withAnnealing(config, data, { share: 0.2 }).training.alphaSteps, 6);
  const few = smallRunConfig("supervised", { training: { batchSize: 16, epochs: 5, labelled: 0.5 } });
  assert.equal(withAnnealing(few, data).training.alphaSteps, 9);
  const huge = smallRunConfig("mmvm", { training: { batchSize: 97 } });
  assert.throws(() => withAnnealing(huge, data), {
    name: "DataError",
    message: /96 pairs do not fill one batch of 97/,
  });
});
