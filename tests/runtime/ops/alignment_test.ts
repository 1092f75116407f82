import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";
import {
  type AlignmentOptions,
  barlowTwinsLoss,
  contrastiveLoss,
  cosineSimilarity,
  vicregTerms,
} from "../../../runtime/ops/alignment.ts";
import { zeros } from "../../../runtime/ops/fill.ts";
import { reshape } from "../../../runtime/ops/view.ts";
import { stack } from "../../../runtime/ops/movement.ts";
import * as reference from "../../reference/alignment.ts";
import { normalData } from "../../reference/compare.ts";
import { checkOp } from "../gradient_check.ts";

type Loss = (a: Tensor, b: Tensor, options: AlignmentOptions) => Tensor;
type Oracle = (embeddings: reference.Embeddings) => readonly number[];

const LOSSES: readonly { name: string; loss: Loss; oracle: Oracle }[] = [
  {
    name: "barlowTwinsLoss()",
    loss: (a, b, options) => barlowTwinsLoss(a, b, { lambda: 0.3, ...options }),
    oracle: (embeddings) => [reference.barlowTwins(embeddings, 0.3)],
  },
  {
    name: "vicregTerms()",
    loss: (a, b, options) => {
      const { invariance, variance, covariance } = vicregTerms(a, b, options);
      return stack([invariance, variance, covariance]);
    },
    oracle: reference.vicreg,
  },
  {
    name: "contrastiveLoss()",
    loss: (a, b, options) => contrastiveLoss(a, b, { scale: 3, ...options }),
    oracle: (embeddings) => [reference.contrastive(embeddings, 3)],
  },
];

/** Pairs of views as from one study: correlated, not centred, and of a standard deviation below and above one. */
function embeddings(samples: number, dimensions: number): { a: Float32Array; b: Float32Array } {
  const own = normalData(samples * dimensions, { seed: 1, mean: 0.3, deviation: 0.8 });
  const noise = normalData(samples * dimensions, { seed: 2, deviation: 0.6 });
  return { a: own, b: own.map((value, i) => 0.7 * value + noise[i]! - 0.2) };
}

const SHAPES = [[5, 1], [4, 2], [5, 3], [7, 8], [3, 20]] as const;

for (const { name, loss, oracle } of LOSSES) {
  Deno.test(`${name} matches the oracle, and its gradient central differences`, async () => {
    using device = await Device.open();
    // The cosine of numbers does not change with them.
    for (const [samples, dimensions] of SHAPES.filter(([, width]) => width > 1 || loss !== LOSSES[2]!.loss)) {
      const { a, b } = embeddings(samples, dimensions);
      const shape = [samples, dimensions];
      await checkOp(device, {
        name: `${name} of ${samples} x ${dimensions}`,
        op: ([left, right]) => {
          const y = loss(left!, right!, {});
          return y.rank === 0 ? reshape(y, [1]) : y;
        },
        oracle: ([left, right]) => oracle({ samples, dimensions, a: left!, b: right! }),
        inputs: [{ shape, data: a }, { shape, data: b }],
        gradientTolerance: 1e-4,
      });
    }
  });

  Deno.test(`${name} is that of the samples that count; the others have no influence`, async () => {
    using device = await Device.open();
    const [samples, dimensions] = [6, 4];
    const { a, b } = embeddings(samples, dimensions);
    for (const counted of [[0, 2, 3, 5], [4], []]) {
      const mask = Float32Array.from({ length: samples }, (_, n) => counted.includes(n) ? 1 : 0);
      const gone = (x: Float32Array) => x.map((value, i) => counted.includes(Math.floor(i / dimensions)) ? value : 7e3);
      const shape = [samples, dimensions];
      await checkOp(device, {
        name: `${name} of samples ${counted}`,
        op: ([left, right, present]) => {
          const y = loss(left!, right!, { mask: present! });
          return y.rank === 0 ? reshape(y, [1]) : y;
        },
        oracle: ([left, right]) => oracle({ samples, dimensions, a: left!, b: right!, counted }),
        inputs: [{ shape, data: gone(a) }, { shape, data: gone(b) }, {
          shape: [samples],
          data: mask,
          differentiable: false,
        }],
        gradientTolerance: 1e-4,
      });
    }
  });
}

Deno.test("contrastiveLoss() of large batches stays finite at CLIP's largest scale", async () => {
  using device = await Device.open();
  const [samples, dimensions] = [300, 16];
  const { a, b } = embeddings(samples, dimensions);
  using program = await compile(device, () => {
    const [left, right] = ["a", "b"].map((name) => input(name, { shape: [samples, dimensions] }));
    const scale = input("scale", { shape: [] });
    const loss = contrastiveLoss(left!, right!, { scale });
    const [ofA, ofScale] = gradients(loss, [left!, scale]);
    return { outputs: { loss, ofA: ofA!, ofScale: ofScale! } };
  });
  program.run({ a, b, scale: 100 });
  const [loss, ofA, ofScale] = await program.read("loss", "ofA", "ofScale");
  const want = (scale: number) => reference.contrastive({ samples, dimensions, a, b }, scale);
  assert.ok(Math.abs(loss![0]! / want(100) - 1) < 1e-4);
  assert.ok(Math.abs(ofScale![0]! / ((want(100.01) - want(99.99)) / 0.02) - 1) < 1e-3);
  assert.ok(ofA!.every(Number.isFinite) && ofA!.some((value) => value !== 0));
});

Deno.test("cosineSimilarity() matches the oracle, and is 0 of a zero vector", async () => {
  using device = await Device.open();
  const { a, b } = embeddings(5, 3);
  const rowsOf = (x: ArrayLike<number>) => [0, 1, 2, 3, 4].map((n) => [x[3 * n]!, x[3 * n + 1]!, x[3 * n + 2]!]);
  await checkOp(device, {
    name: "cosineSimilarity()",
    op: ([left, right]) => cosineSimilarity(left!, right!),
    oracle: ([left, right]) => rowsOf(left!).map((row, n) => reference.cosine(row, rowsOf(right!)[n]!)),
    inputs: [{ shape: [5, 3], data: a }, { shape: [5, 3], data: b }],
  });
  using program = await compile(device, () => {
    const x = input("x", { shape: [1, 3] });
    const y = cosineSimilarity(x, zeros([1, 3]));
    return { outputs: { y, gradient: gradients(y, [x])[0]! } };
  });
  program.run({ x: Float32Array.of(0, 0, 0) });
  const [y, gradient] = await program.read("y", "gradient");
  assert.deepEqual([[...y!], [...gradient!].map(Math.abs)], [[0], [0, 0, 0]]);
});

Deno.test("losses on embeddings name shapes that do not fit", () => {
  assert.throws(
    () => barlowTwinsLoss(zeros([2, 3]), zeros([3, 2]), { lambda: 1 }),
    /barlowTwinsLoss\(\) needs two embeddings of one shape \[N, D\], got \[2, 3\] and \[3, 2\]/,
  );
  assert.throws(() => vicregTerms(zeros([4]), zeros([4])), /got \[4\] and \[4\]/);
  assert.throws(
    () => contrastiveLoss(zeros([2, 3]), zeros([2, 3]), { scale: 1, mask: zeros([3]) }),
    /contrastiveLoss\(\) needs a mask of shape \[2\], got \[3\]/,
  );
});
