import assert from "node:assert/strict";
import { type EvidenceRecord, readEvidence } from "../../eval/mod.ts";

const METHODS = ["independent", "avg", "moe", "mopoe", "poe", "mmvm"];

/** Mean macro AUROC of a method over the seeds, `frontal / lateral` in percent. */
function meanScores(record: EvidenceRecord, { method, latents }: { method: string; latents: number | undefined }) {
  const own = record.evaluations.filter((evaluation) =>
    evaluation.method === method && evaluation.setting["latents"] === latents &&
    Object.keys(evaluation.setting).length === (latents === undefined ? 0 : 1)
  );
  return record.data.views.map((view) => {
    const values = own.filter((evaluation) => evaluation.view === view).map(({ macro }) => macro.auroc.value!);
    assert.ok(values.length >= 3, `${method} in the ${view} view needs three seeds`);
    return (100 * values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
  }).join(" / ");
}

Deno.test("the README's table of scores is that of the committed record", async () => {
  const record = await readEvidence("docs/results/data/published-order-phantoms-small.json");
  const readme = await Deno.readTextFile("README.md");
  assert.match(readme, new RegExp(`\\| macro AUROC, frontal / lateral +\\| ${METHODS.join(" +\\| ")} +\\|`));
  for (const [dimensions, latents] of [[16, undefined], [64, 64]] as const) {
    const line = readme.split("\n").find((each) => each.startsWith(`| ${dimensions} latent dimensions`));
    const scores = METHODS.map((method) => meanScores(record, { method, latents }));
    assert.deepEqual(line?.split("|").slice(2, -1).map((cell) => cell.trim()), scores);
  }
});
