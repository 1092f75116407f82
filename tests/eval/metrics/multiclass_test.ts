import assert from "node:assert/strict";
import { accuracy, macroAverage, mostProbableClass, oneVersusRestAuroc } from "../../../eval/metrics/multiclass.ts";

Deno.test("macroAverage() lists the labels it excludes", () => {
  assert.deepEqual(macroAverage(["a", "b", "c"], [0.5, null, 1]), {
    value: 0.75,
    labels: ["a", "c"],
    excluded: ["b"],
  });
  assert.deepEqual(macroAverage(["a"], [null]), { value: null, labels: [], excluded: ["a"] });
});

Deno.test("macroAverage() rejects NaN by label", () => {
  assert.throws(() => macroAverage(["Edema", "Fracture"], [0.5, NaN]), /label "Fracture" is NaN/);
});

const probabilities = { values: [0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.1, 0.5, 0.4, 0.2, 0.2, 0.6], classes: 3 };

Deno.test("accuracy() is the fraction of cases whose most probable class is the true one", () => {
  assert.deepEqual([...mostProbableClass(probabilities)], [0, 1, 1, 2]);
  assert.equal(accuracy([0, 1, 2, 2], probabilities), 0.75);
  assert.equal(accuracy([], { values: [], classes: 3 }), null);
  assert.throws(() => accuracy([0, 1, 2, 3], probabilities), /class of case 3 is 3/);
  assert.throws(() => accuracy([0], { values: [0.5, NaN], classes: 2 }), /class 1 of case 0 is NaN/);
});

Deno.test("oneVersusRestAuroc() scores each class against the rest and excludes absent classes from the mean", () => {
  const { macro, perClass } = oneVersusRestAuroc([0, 1, 0, 1], {
    values: [0.7, 0.3, 0, 0.6, 0.4, 0, 0.5, 0.5, 0, 0.2, 0.8, 0],
    classes: 3,
  });
  assert.deepEqual(perClass, [0.75, 0.75, null]);
  assert.deepEqual(macro, { value: 0.75, labels: ["0", "1"], excluded: ["2"] });
});
