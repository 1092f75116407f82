import assert from "node:assert/strict";
import { methodOf, PUBLISHED_OBJECTIVE, Scope } from "../../../models/mod.ts";
import { hellinger } from "../../../models/methods/helvae.ts";
import { withPrivateLatents } from "../../../models/methods/private_latents.ts";
import type { Method } from "../../../models/methods/method.ts";
import { viewOf } from "../../../models/view_of.ts";
import { add, compile, Device, input, mul, square, type State, sub, sum, type Tensor } from "../../../runtime/mod.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import type { Normal } from "../../reference/latent.ts";
import * as oracle from "../../reference/multimodal_objectives.ts";
import { type Argument, checkOp } from "../../runtime/gradient_check.ts";

const [M, N, S, P] = [3, 5, 3, 2] as const;
const D = S + P;
const BETA = 0.7;
const ALPHA = 0.8;
/** The last sample has one view, the second last two. */
const MASK = [1, 1, 1, 0, 1, /**/ 1, 1, 1, 1, 0, /**/ 1, 1, 1, 1, 0];

/** Values of the tensors of one sample. */
interface Values {
  readonly mu: Float64Array;
  readonly logvar: Float64Array;
  readonly noise: Float64Array;
  readonly targets: Float64Array;
  readonly further: Float64Array;
  readonly scales: Float64Array;
}

/** What is tested: a method, its private dimensions and the objective of one sample. */
interface Case {
  readonly name: string;
  readonly method: Method;
  readonly privateDim: number;
  /** Shape of its further noise. */
  readonly further?: readonly number[];
  readonly oracle: (
    views: oracle.OracleView[],
    values: Values & { n: number; here: number[]; jointNoise: number[] },
  ) => number;
}

const row = (data: ArrayLike<number>, first: number, length: number) =>
  Array.from({ length }, (_, d) => data[first + d]!);

const CASES: readonly Case[] = [
  {
    name: "mvtcae",
    method: methodOf("mvtcae"),
    privateDim: 0,
    oracle: (views, { jointNoise }) => oracle.mvtcae(views, { beta: BETA, alpha: ALPHA, jointNoise }),
  },
  {
    name: "helvae",
    method: methodOf("helvae"),
    privateDim: 0,
    oracle: (views, { jointNoise }) => oracle.helvae(views, { beta: BETA, jointNoise }),
  },
  {
    name: "poe with private latents",
    method: withPrivateLatents(methodOf("poe")),
    privateDim: P,
    oracle: (views, { jointNoise }) => oracle.splitProduct(views, { beta: BETA, jointNoise }),
  },
  {
    name: "dmvae",
    method: methodOf("dmvae"),
    privateDim: P,
    further: [N, S],
    oracle: (views, { further, n }) => oracle.dmvae(views, { beta: BETA, jointNoise: row(further, n * S, S) }),
  },
  {
    name: "mmvae-plus",
    method: methodOf("mmvae-plus"),
    privateDim: P,
    further: [M, M, N, P],
    oracle: (views, { further, scales, n, here }) =>
      oracle.mmvaePlus(views, {
        beta: BETA,
        auxiliary: here.map((view) => ({
          logvar: row(scales, view * P, P),
          noise: here.map((from) => row(further, ((from * M + view) * N + n) * P, P)),
        })),
      }),
  },
];

/** -log p(x_m | z) up to a constant: half the squared distance from the view's target. */
const lossTo = (target: readonly number[]) => (z: readonly number[]) =>
  z.reduce((total, value, d) => total + (value - target[d]!) ** 2 / 2, 0);

function oracleOf(one: Case, values: Values & { mask: Float64Array | undefined }): number[] {
  const { mu, logvar, noise, targets, mask } = values;
  return Array.from({ length: N }, (_, n) => {
    const here = Array.from({ length: M }, (_, m) => m).filter((m) => mask ? mask[m * N + n] === 1 : true);
    const part = (data: ArrayLike<number>, m: number) => {
      const whole = row(data, (m * N + n) * D, D);
      return { shared: whole.slice(0, D - one.privateDim), own: whole.slice(D - one.privateDim) };
    };
    const views = here.map((m): oracle.OracleView => {
      const [means, logvars] = [part(mu, m), part(logvar, m)];
      return {
        shared: { mu: means.shared, logvar: logvars.shared },
        own: { mu: means.own, logvar: logvars.own },
        noise: part(noise, m),
        loss: lossTo(row(targets, (m * N + n) * D, D)),
      };
    });
    // Joint methods use the noise of the first view, whether a sample has it or not.
    return one.oracle(views, { ...values, n, here, jointNoise: part(noise, 0).shared });
  });
}

/** The objective of every sample, [N], with the loss of `lossTo` in the place of decoders. */
function objectiveOf(one: Case, tensors: Readonly<Record<string, Tensor>>): Tensor {
  const { mu, logvar, noise, targets, further, scales, present } = tensors;
  const parameter = (name: string) => viewOf(scales!, Number(name.replace("private_priors.", "")));
  const { kl, further: more = [], ...first } = one.method.latents({
    posterior: { mu: mu!, logvar: logvar! },
    noise: noise!,
    alpha: input("alpha", { shape: [1] }),
    objective: { ...PUBLISHED_OBJECTIVE, tcRatio: ALPHA },
    privateDim: one.privateDim,
    scope: Scope.bound((name) => ({ tensor: parameter(name) }) as unknown as State, { training: true }),
    draw: () => further!,
    ...(present ? { present } : {}),
  });
  const losses = [first, ...more].map(({ z, weight }) => {
    const each = mul(0.5, sum(square(sub(z, targets!)), { axes: -1 }));
    const shown = sum(present ? mul(each, present) : each, { axes: 0 });
    return weight ? mul(weight, shown) : shown;
  });
  return add(losses.reduce(add), mul(BETA, kl));
}

for (const one of CASES) {
  for (const masked of [false, true]) {
    Deno.test(`${one.name}${masked ? " with missing views" : ""} has the paper's objective and gradients`, async () => {
      using device = await Device.open();
      const { further = [1] } = one;
      const size = further.reduce((a, b) => a * b, 1);
      const whole = (seed: number): Argument => ({ shape: [M, N, D], data: normalData(M * N * D, { seed }) });
      await checkOp(device, {
        name: one.name,
        op: ([mu, logvar, noise, targets, further, scales, present]) =>
          objectiveOf(one, {
            mu: mu!,
            logvar: logvar!,
            noise: noise!,
            targets: targets!,
            further: further!,
            scales: scales!,
            ...(present ? { present } : {}),
          }),
        oracle: ([mu, logvar, noise, targets, further, scales, mask]) =>
          oracleOf(one, {
            mu: mu!,
            logvar: logvar!,
            noise: noise!,
            targets: targets!,
            further: further!,
            scales: scales!,
            mask,
          }),
        inputs: [
          whole(1),
          whole(2),
          { ...whole(3), differentiable: false },
          { ...whole(4), differentiable: false },
          { shape: further, data: normalData(size, { seed: 5 }), differentiable: false },
          { shape: [M, P], data: normalData(M * P, { seed: 6 }), differentiable: one.name === "mmvae-plus" },
          ...(masked ? [{ shape: [M, N], data: MASK, differentiable: false }] : []),
        ],
      });
    });
  }
}

Deno.test("the Hellinger pool has the moments of the squared sum of root densities", async () => {
  using device = await Device.open();
  // Two views of two dimensions, from nearly equal to far apart, and one integral each on a grid.
  const views: Normal[] = [
    { mu: [0.3, -0.5], logvar: [0.2, -0.8] },
    { mu: [-0.9, 0.4], logvar: [-0.6, 0.5] },
  ];
  const density = (z: readonly number[], { mu, logvar }: Normal) =>
    mu.reduce((all, mean, d) => {
      const variance = Math.exp(logvar[d]!);
      return all * Math.exp(-((z[d]! - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
    }, 1);
  const axis = Array.from({ length: 301 }, (_, i) => -9 + i * 0.06);
  let mass = 0;
  const [first, second] = [[0, 0], [0, 0]];
  for (const x of axis) {
    for (const y of axis) {
      const pool = views.reduce((total, q) => total + Math.sqrt(density([x, y], q)), 0) ** 2;
      mass += pool;
      [x, y].forEach((value, d) => {
        first[d]! += pool * value;
        second[d]! += pool * value * value;
      });
    }
  }
  const mu = first.map((value) => value / mass);
  const logvar = second.map((value, d) => Math.log(value / mass - mu[d]! ** 2));
  using program = await compile(device, () => {
    const shape = [2, 1, 2];
    const joint = hellinger({ mu: input("mu", { shape }), logvar: input("logvar", { shape }) });
    return { outputs: { mu: joint.mu, logvar: joint.logvar } };
  });
  program.run({
    mu: Float32Array.from(views.flatMap((view) => view.mu)),
    logvar: Float32Array.from(views.flatMap((view) => view.logvar)),
  });
  const [gotMu, gotLogvar] = await program.read("mu", "logvar");
  assertClose(gotMu!, mu, { label: "mean" });
  assertClose(gotLogvar!, logvar, { label: "log variance" });
});

Deno.test("the Hellinger pool of posteriors far apart or of very different widths stays accurate", async () => {
  using device = await Device.open();
  const samples: Normal[][] = [
    [{ mu: [-20], logvar: [0] }, { mu: [20], logvar: [0] }],
    [{ mu: [1e4], logvar: [-30] }, { mu: [-3e3], logvar: [30] }],
    [{ mu: [0.5], logvar: [0.1] }, { mu: [0.5], logvar: [0.1] }],
  ];
  using program = await compile(device, () => {
    const shape = [2, samples.length, 1];
    const joint = hellinger({ mu: input("mu", { shape }), logvar: input("logvar", { shape }) });
    return { outputs: { mu: joint.mu, logvar: joint.logvar } };
  });
  const stacked = (of: "mu" | "logvar") =>
    Float32Array.from([0, 1].flatMap((m) => samples.map((views) => views[m]![of][0]!)));
  program.run({ mu: stacked("mu"), logvar: stacked("logvar") });
  const [mu, logvar] = await program.read("mu", "logvar");
  samples.map((views) => oracle.hellinger(views)).forEach((want, n) => {
    assertClose([mu![n]!], want.mu, { label: `mean of sample ${n}` });
    assertClose([logvar![n]!], want.logvar, { label: `log variance of sample ${n}` });
  });
});

Deno.test("mixtures with private latents share the components of the shared part", () => {
  for (const name of ["moe", "mopoe"]) {
    const method = withPrivateLatents(methodOf(name));
    assert.equal(method.samplesComponents, true);
    assert.equal(method.aggregation, name);
  }
});
