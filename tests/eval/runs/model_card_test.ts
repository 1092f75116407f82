import assert from "node:assert/strict";
import { modelCard } from "../../../eval/runs/model_card.ts";
import type { RunConfig } from "../../../training/mod.ts";
import { syntheticResults } from "../results/synthetic_results.ts";
import { smallRunConfig } from "../../training/small_run.ts";

/** A configuration whose data lie at a private path. */
function privateConfig(options: { name: string }): RunConfig {
  const config = smallRunConfig("mmvm");
  return {
    ...config,
    name: options.name,
    data: { ...config.data, dataset: "csv", root: "/secret/place/data", splitFile: "/secret/place/splits.csv" },
  };
}

async function results() {
  const made = await syntheticResults({ name: "run-a", method: "mmvm" });
  Object.assign(made.data, { dataset: "csv", synthetic: false, labelSource: "/secret/place/labels" });
  made.runs[0]!.commands = ["deno task train --data /secret/place/data"];
  return made;
}

Deno.test("modelCard() states the AUROCs in its table and in the front matter's model-index", async () => {
  const made = await results();
  const card = modelCard({ config: privateConfig({ name: "run-a" }), results: [made] });
  const [, head, body] = card.split(/^---$/m);
  assert.match(head!, /^library_name: mmvm$/m);
  assert.match(head!, /^datasets:\n {2}- csv$/m);
  assert.match(head!, /^# license: to be chosen/m);
  assert.doesNotMatch(head!, /^license/m);
  const values = [...head!.matchAll(/^ {12}value: (.*)$/gm)].map(([, value]) => Number(value));
  assert.deepEqual(values, made.evaluations.map(({ macro }) => macro.auroc.value));
  assert.ok(values.length >= 2);
  for (const { macro: { auroc } } of made.evaluations) {
    assert.ok(body!.includes(`${auroc.value!.toFixed(3)} \\[${auroc.low!.toFixed(3)}, ${auroc.high!.toFixed(3)}\\]`));
  }
  assert.match(body!, /Not for clinical use/);
  assert.match(body!, /\| training\.learningRate \| 0\.001 \|/);
});

Deno.test("modelCard() names no path, command, study or patient", async () => {
  const made = await results();
  const card = modelCard({ config: privateConfig({ name: "run-a" }), results: [made] });
  assert.doesNotMatch(card, /secret|task train/);
  const words = new Set(card.split(/[\s|]+/));
  const { studyIds, subjectIds } = made.cases[0]!;
  // Plain numbers would be found in counts and settings.
  const ids = [...studyIds, ...subjectIds].filter((id) => !/^\d{1,3}$/.test(id));
  assert.ok(ids.length > 0);
  assert.deepEqual(ids.filter((id) => words.has(id)), []);
});

Deno.test("modelCard() lists the untrained encoders as a baseline, outside the model-index", async () => {
  const made = await results();
  made.evaluations.push(...made.evaluations.map((each) => ({ ...each, run: "run-a-untrained", method: "untrained" })));
  const card = modelCard({ config: privateConfig({ name: "run-a" }), results: [made] });
  assert.equal(card.match(/roc_auc$/gm)!.length, 1 + made.evaluations.length / 2);
  assert.equal(card.match(/^\| untrained encoders \|/gm)!.length, made.evaluations.length / 2);
});

Deno.test("modelCard() of a run without scores has no metrics, and escapes names", async () => {
  const made = await results();
  made.evaluations.length = 0;
  made.data.views = ["<b>front|al"];
  const card = modelCard({ config: privateConfig({ name: "run-a" }), results: [made] });
  assert.doesNotMatch(card, /model-index|roc_auc|AUROC/);
  assert.match(card, /The run was not evaluated\./);
  assert.ok(card.includes("\\<b\\>front\\|al"));
});
