import assert from "node:assert/strict";
import fc from "fast-check";
import { type BestBy, bestIndex, isExhausted } from "../../../training/validation/validation_history.ts";

const losses = (...values: number[]) => values.map((loss) => ({ loss }));
const anyLines = fc.array(
  fc.record({
    loss: fc.oneof(fc.double(), fc.constantFrom(1, 2, NaN, Infinity)),
    auroc: fc.option(fc.record({ mean: fc.oneof(fc.double(), fc.constantFrom(0.5, NaN)) }), { nil: undefined }),
  }).map(({ loss, auroc }) => auroc ? { loss, auroc } : { loss }),
  { maxLength: 12 },
);
const anyBy = fc.constantFrom<BestBy>("loss", "auroc");

Deno.test("bestIndex() is the first lowest loss, or the first highest AUROC", () => {
  assert.equal(bestIndex(losses(3, 1, 2, 1), "loss"), 1);
  const lines = [0.6, 0.8, 0.8, NaN].map((mean) => ({ loss: 1, auroc: { mean } }));
  assert.equal(bestIndex(lines, "auroc"), 1);
  assert.equal(bestIndex(losses(NaN, Infinity), "loss"), -1);
  assert.equal(bestIndex(losses(1, 2), "auroc"), -1, "without AUROC");
});

Deno.test("isExhausted() waits for as many validations without improvement as there is patience", () => {
  assert.ok(!isExhausted(losses(3, 2, 2), { by: "loss", patience: 2 }));
  assert.ok(isExhausted(losses(3, 2, 2, 2.5), { by: "loss", patience: 2 }));
  assert.ok(!isExhausted(losses(3, 2, 2, 1), { by: "loss", patience: 2 }));
  assert.ok(!isExhausted([], { by: "loss", patience: 1 }));
  assert.ok(isExhausted(losses(NaN, NaN), { by: "loss", patience: 2 }), "values that are not finite improve nothing");
});

Deno.test("no validation is better than the best one, and all before it are worse", () => {
  fc.assert(fc.property(anyLines, anyBy, (lines, by) => {
    const values = lines.map((line) => by === "loss" ? -line.loss : "auroc" in line ? line.auroc.mean : NaN);
    const best = bestIndex(lines, by);
    const finite = values.filter(Number.isFinite);
    if (best < 0) return finite.length === 0;
    return values.every((value, i) =>
      !Number.isFinite(value) || (i < best ? value < values[best]! : value <= values[best]!)
    );
  }));
});

Deno.test("what a prefix of the history decides does not depend on what follows", () => {
  fc.assert(fc.property(anyLines, anyBy, fc.integer({ min: 1, max: 4 }), (lines, by, patience) => {
    // A run that was not exhausted before its last validation is exhausted by that one exactly if it must have been
    // `patience` validations since the best.
    const first = lines.findIndex((_, i) => isExhausted(lines.slice(0, i + 1), { by, patience }));
    if (first < 0) return;
    const seen = lines.slice(0, first + 1);
    assert.equal(seen.length - 1 - bestIndex(seen, by), patience);
  }));
});
