import assert from "node:assert/strict";
import fc from "fast-check";
import { accuracy, oneVersusRestAuroc } from "../../../eval/metrics/multiclass.ts";
import { auroc } from "../../../eval/metrics/roc.ts";
import { gramMatrix } from "../../../eval/probes/gram_preconditioner.ts";
import { fitLogisticRegression, logisticProbabilities, sigmoid } from "../../../eval/probes/logistic_regression.ts";
import type { Matrix } from "../../../eval/probes/matrix.ts";
import { fitSoftmaxRegression, softmaxProbabilities } from "../../../eval/probes/softmax_regression.ts";
import { FastRandom } from "../../../base/random.ts";
import { golden, splitTarget, testLatents, trainLatents } from "./golden_probes.ts";

function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  const norm = (values: number[]) => Math.hypot(...values);
  return norm(Array.from(want, (value, i) => got[i]! - value)) / norm(Array.from(want));
}

/** Norm of the objective's gradient, from its formula. */
function gradientNorm(
  features: Matrix,
  targets: ArrayLike<number>,
  { C, coefficients, intercept }: { C: number; coefficients: Float64Array; intercept: number },
): number {
  const gradient = [...coefficients, 0];
  for (let i = 0; i < features.rows; i++) {
    if (targets[i]! < 0) continue;
    const row = [...features.values.subarray(i * features.columns, (i + 1) * features.columns)];
    const z = row.reduce((sum, x, j) => sum + x * coefficients[j]!, intercept);
    const residual = C * (sigmoid(z) - targets[i]!);
    for (const [j, x] of row.entries()) gradient[j]! += residual * x;
    gradient[features.columns]! += residual;
  }
  return Math.hypot(...gradient);
}

Deno.test("fitLogisticRegression() matches scikit-learn's coefficients and AUROC", () => {
  for (const label of golden.labels) {
    const target = splitTarget(label.target);
    const model = fitLogisticRegression(trainLatents, target.train)!;
    assert.ok(model.converged);
    const got = [...model.coefficients, model.intercept];
    const error = relativeError(got, [...label.logistic.coef, label.logistic.intercept]);
    assert.ok(error < 1e-5, `${label.name}: relative error ${error}`);
    const area = auroc([...target.test], logisticProbabilities(model, testLatents))!;
    assert.ok(Math.abs(area - label.logistic.auroc) < 1e-4, `${label.name}: ${area} is not ${label.logistic.auroc}`);
  }
});

Deno.test("fitLogisticRegression() solves separable classes with a weak penalty", () => {
  const { X, y, C, coef, intercept } = golden.separable;
  const features = { values: Float64Array.from(X.flat()), rows: X.length, columns: X[0]!.length };
  const model = fitLogisticRegression(features, y, { C })!;
  assert.ok(model.converged);
  assert.ok(relativeError([...model.coefficients, model.intercept], [...coef, intercept]) < 1e-4);
  const stronger = fitLogisticRegression(features, y, { C: 1e8 })!;
  assert.ok(stronger.converged && stronger.coefficients[0]! > model.coefficients[0]!);
});

Deno.test("fitLogisticRegression() converges for any scale, offset and prevalence", () => {
  const setting = fc.record({
    rows: fc.integer({ min: 4, max: 60 }),
    columns: fc.integer({ min: 1, max: 8 }),
    scale: fc.constantFrom(0.01, 1, 50),
    offset: fc.constantFrom(0, 3),
    share: fc.constantFrom(0.05, 0.5),
    C: fc.constantFrom(0.01, 1, 100),
    seed: fc.nat(),
  });
  fc.assert(fc.property(setting, ({ rows, columns, scale, offset, share, C, seed }) => {
    const random = new FastRandom(seed);
    const values = Float64Array.from({ length: rows * columns }, () => scale * (random.uniform() - 0.5 + offset));
    const targets = Array.from(
      { length: rows },
      (_, i) => i === 0 ? 1 : i === 1 ? 0 : random.uniform() < share ? 1 : 0,
    );
    const features = { values, rows, columns };
    const model = fitLogisticRegression(features, targets, { C })!;
    const norm = gradientNorm(features, targets, { C, ...model });
    const start = gradientNorm(features, targets, { C, coefficients: new Float64Array(columns), intercept: 0 });
    assert.ok(model.converged && norm <= 1e-6 * start, `gradient ${norm} after ${model.iterations}, ${start} at zero`);
  }));
});

Deno.test("fitLogisticRegression() ignores rows with target -1 and can share a Gram matrix between labels", () => {
  const target = splitTarget(golden.labels[0]!.target).train;
  const half = target.map((value, i) => i % 2 === 0 ? value : -1);
  const kept = Array.from({ length: trainLatents.rows }, (_, i) => i).filter((i) => i % 2 === 0);
  const { columns } = trainLatents;
  const values = Float64Array.from(
    kept.flatMap((i) => [...trainLatents.values.subarray(i * columns, (i + 1) * columns)]),
  );
  const want = fitLogisticRegression({ values, rows: kept.length, columns }, kept.map((i) => target[i]!))!;
  const got = fitLogisticRegression(trainLatents, half, { gram: gramMatrix(trainLatents) })!;
  assert.ok(relativeError(got.coefficients, want.coefficients) < 1e-6);
});

Deno.test("fitLogisticRegression() handles more columns than rows and than the factorisation limit", () => {
  const random = new FastRandom(4);
  const columns = 1500;
  const rows = 40;
  const values = Float32Array.from({ length: rows * columns }, () => random.uniform() - 0.5);
  const targets = Array.from({ length: rows }, (_, i) => i % 3 === 0 ? 1 : 0);
  const features = { values, rows, columns };
  const model = fitLogisticRegression(features, targets)!;
  assert.ok(model.converged && gradientNorm(features, targets, { C: 1, ...model }) < 1e-5);
});

Deno.test("fitLogisticRegression() is null for one class and rejects NaN latents and invalid targets", () => {
  const features = { values: Float32Array.of(1, 2, 3, 4), rows: 2, columns: 2 };
  assert.equal(fitLogisticRegression(features, [1, 1]), null);
  assert.equal(fitLogisticRegression(features, [0, -1]), null);
  const broken = { values: Float32Array.of(1, 2, NaN, 4), rows: 2, columns: 2 };
  assert.throws(() => fitLogisticRegression(broken, [0, 1]), /row 1, column 0 is NaN/);
  assert.throws(() => fitLogisticRegression(features, [0, 2]), /target 1 is 2/);
  assert.throws(() => fitLogisticRegression(features, [0]), /2 rows of features but 1 targets/);
  assert.throws(() => fitLogisticRegression(features, [0, 1], { C: 0 }), /C must be a positive number/);
  assert.throws(() => fitLogisticRegression({ ...features, rows: 3 }, [0, 1, 1]), /do not make 4 values/);
  const model = fitLogisticRegression(features, [0, 1])!;
  assert.throws(
    () => logisticProbabilities(model, { values: new Float32Array(3), rows: 1, columns: 3 }),
    /takes 2 features/,
  );
});

Deno.test("fitSoftmaxRegression() matches scikit-learn's coefficients, accuracy and AUROC", () => {
  const { classes, target, coef, intercept, accuracy: share, auroc: area } = golden.softmax;
  const split = splitTarget(target);
  const model = fitSoftmaxRegression(trainLatents, split.train, { classes })!;
  assert.ok(model.converged);
  assert.ok(relativeError(model.coefficients, coef.flat()) < 1e-5);
  assert.ok(relativeError(model.intercepts, intercept) < 1e-4);
  const probabilities = softmaxProbabilities(model, testLatents);
  assert.ok(Math.abs(accuracy(split.test, probabilities)! - share) < 1e-12);
  assert.ok(Math.abs(oneVersusRestAuroc(split.test, probabilities).macro.value! - area) < 1e-6);
});

Deno.test("fitSoftmaxRegression() gives absent classes almost no probability and rejects invalid classes", () => {
  const features = { values: Float64Array.of(-2, -1, 1, 2), rows: 4, columns: 1 };
  const model = fitSoftmaxRegression(features, [0, 0, 2, 2], { classes: 3, C: 10 })!;
  const { values } = softmaxProbabilities(model, features);
  assert.ok(values[1]! < 1e-3 && values[0]! > 0.9 && values[11]! > 0.9);
  assert.equal(fitSoftmaxRegression(features, [1, 1, 1, 1], { classes: 3 }), null);
  assert.throws(() => fitSoftmaxRegression(features, [0, 1, 3, 0], { classes: 3 }), /class of row 2 is 3/);
});
