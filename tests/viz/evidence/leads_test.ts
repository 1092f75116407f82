import assert from "node:assert/strict";
import { leadSentence } from "../../../viz/evidence/leads.ts";
import type { PairedDifference } from "../../../viz/evidence/paired_difference.ts";

function lead(at: string, value: number, { view = "frontal", other = "moe" } = {}): PairedDifference {
  const difference = { value, low: value - 0.01, high: value + 0.01 };
  return { view, at, other, setting: at, difference, bySeed: [{ seed: 1, value }], pHolm: 0.01 };
}

Deno.test("leadSentence() names up to four settings, and counts more", () => {
  const four = ["a", "b", "c", "d"].map((at) => lead(at, 0.02));
  assert.equal(
    leadSentence([...four, lead("e", -0.02)], ["frontal"]),
    "Against MoE, MMVM is in the frontal view ahead of it at a, b, c and d and behind it at e; ahead in every " +
      "view at a, b, c and d.",
  );
  const five = [...four, lead("e", 0.02)];
  assert.equal(
    leadSentence([...five, lead("f", 0)], ["frontal"]),
    "Against MoE, MMVM is in the frontal view ahead of it in 5 of 6 settings and level with it at f; ahead in " +
      "every view in 5 of 6 settings.",
  );
  assert.equal(
    leadSentence(five, ["frontal"]),
    "Against MoE, MMVM is in the frontal view ahead of it in all 5 settings; ahead in every view in all 5 settings.",
  );
});

Deno.test("leadSentence() needs every view for a lead in all, and names the other VAE if it is one", () => {
  const leads = [lead("a", 0.02), lead("a", -0.02, { view: "lateral", other: "poe" })];
  assert.equal(
    leadSentence(leads, ["frontal", "lateral"]),
    "Against the best other VAE, MMVM is in the frontal view ahead of it at a; in the lateral view behind it at a" +
      "; ahead in every view in no setting.",
  );
  assert.equal(leadSentence([], ["frontal"]), "MMVM was not compared with any other VAE.");
});
