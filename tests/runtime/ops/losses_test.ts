import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { Device } from "../../../runtime/device/device.ts";
import { read } from "../../../runtime/program/eager.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { bceWithLogits, bernoulliNll, crossEntropy, gaussianNll, laplaceNll } from "../../../runtime/ops/losses.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { checkOp, numbers } from "../gradient_check.ts";

const SHAPE = [3, 4, 5, 2];
const IMAGE = { shape: SHAPE, data: numbers(120, { seed: 21, low: 0, high: 1 }), differentiable: false };

/** Sums f over each of the first axis' samples. */
function samples(f: (mean: number, x: number) => number): (inputs: Float64Array[]) => Float64Array {
  return ([mean, x]) => {
    const totals = new Float64Array(3);
    mean!.forEach((value, i) => totals[Math.floor(i / 40)]! += f(value, x![i]!));
    return totals;
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const binary = (l: number, t: number) => -(t * Math.log(sigmoid(l)) + (1 - t) * Math.log(1 - sigmoid(l)));

Deno.test("likelihoods sum -log p over each sample, and their gradients match central differences", async () => {
  using device = await Device.open();
  const inputs = [{ shape: SHAPE, data: numbers(120, { seed: 22 }) }, IMAGE];
  await checkOp(device, {
    name: "laplaceNll",
    op: ([mean, x]) => laplaceNll(mean!, x!, { scale: 0.75 }),
    oracle: samples((mean, x) => Math.abs(x - mean) / 0.75 + Math.log(1.5)),
    inputs,
  });
  await checkOp(device, {
    name: "gaussianNll",
    op: ([mean, x]) => gaussianNll(mean!, x!, { scale: 0.75 }),
    oracle: samples((mean, x) => 0.5 * ((x - mean) / 0.75) ** 2 + Math.log(0.75 * Math.sqrt(2 * Math.PI))),
    inputs,
  });
  await checkOp(device, {
    name: "bernoulliNll",
    op: ([logits, x]) => bernoulliNll(logits!, x!),
    oracle: samples(binary),
    inputs,
  });
});

Deno.test("bceWithLogits() weights the positives of each label and ignores masked elements", async () => {
  using device = await Device.open();
  const logits = { shape: [6, 4], data: numbers(24, { seed: 31, low: -4, high: 4 }) };
  const target = { shape: [6, 4], data: numbers(24, { seed: 32 }).map((x) => Number(x > 0)), differentiable: false };
  const weight = { shape: [4], data: [0.5, 1, 3, 10], differentiable: false };
  const mask = { shape: [6, 4], data: numbers(24, { seed: 33 }).map((x) => Number(x > -1)), differentiable: false };
  const terms = (l: Float64Array, t: Float64Array, w?: Float64Array) =>
    l.map((logit, i) => binary(logit, t[i]!) * (t[i] && w ? w[i % 4]! : 1));
  const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
  await checkOp(device, {
    name: "plain",
    op: ([l, t]) => bceWithLogits(l!, t!),
    oracle: ([l, t]) => [total(terms(l!, t!)) / 24],
    inputs: [logits, target],
  });
  await checkOp(device, {
    name: "weighted and masked",
    op: ([l, t, w, m]) => bceWithLogits(l!, t!, { positiveWeight: w!, mask: m! }),
    oracle: ([l, t, w, m]) => [total(terms(l!, t!, w!).map((value, i) => value * m![i]!)) / total(m!)],
    inputs: [logits, target, weight, mask],
  });
});

Deno.test("bceWithLogits() is 0, with zero gradients, if everything is masked", async () => {
  using device = await Device.open();
  const logits = tensor([1, -2]);
  const loss = bceWithLogits(logits, tensor([1, 0]), { mask: tensor([0, 0]) });
  const [g] = gradients(loss, [logits]);
  assert.deepEqual([...await read(loss, { device })], [0]);
  assert.deepEqual([...await read(g!, { device })].map(Math.abs), [0, 0]);
});

Deno.test("bceWithLogits() has the gradient (sigmoid(0) - t) / n at logits of exactly zero", async () => {
  using device = await Device.open();
  const logits = tensor([0, 0]);
  const [g] = gradients(bceWithLogits(logits, tensor([1, 0])), [logits]);
  assert.deepEqual([...await read(g!, { device })], [-0.25, 0.25]);
});

Deno.test("crossEntropy() accepts one-hot and multi-hot targets", async () => {
  using device = await Device.open();
  await checkOp(device, {
    name: "crossEntropy",
    op: ([l, t]) => crossEntropy(l!, t!),
    oracle: ([l, t]) => {
      let total = 0;
      for (let row = 0; row < 3; row++) {
        const values = [...l!.slice(row * 4, row * 4 + 4)];
        const lse = Math.log(values.reduce((a, b) => a + Math.exp(b), 0));
        values.forEach((value, k) => (total -= t![row * 4 + k]! * (value - lse)));
      }
      return [total / 3];
    },
    inputs: [
      { shape: [3, 4], data: numbers(12, { seed: 41, low: -3, high: 3 }) },
      { shape: [3, 4], data: [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0], differentiable: false },
    ],
  });
});

Deno.test("likelihoods are finite for extreme arguments and reject a scale that is not positive", async () => {
  using device = await Device.open();
  const logits = tensor([500, -500], { shape: [1, 2] });
  assert.deepEqual([...await read(sum(bernoulliNll(logits, tensor([1, 0], { shape: [1, 2] }))), { device })], [0]);
  for (const scale of [0, -1, NaN, Infinity]) {
    assert.throws(() => laplaceNll(logits, logits, { scale }), { name: "RangeError", message: /positive scale/ });
  }
});
