import assert from "node:assert/strict";
import { mixtureKl } from "../../../models/methods/mixture_kl.ts";
import { compile, Device, input, mmvmKl, randomNormal, reparameterize } from "../../../runtime/mod.ts";
import { normalData, uniformStream } from "../../reference/compare.ts";
import { klDivergence, logDensity, logMixtureDensity, type Normal, standardNormal } from "../../reference/latent.ts";
import { type Argument, checkOp } from "../../runtime/gradient_check.ts";

const [M, N, D] = [3, 5, 4] as const;
const SHAPE = [M, N, D];
/** The last sample has one view, the second last none. */
const MASK = [1, 1, 0, 0, 1, /**/ 1, 0, 1, 0, 0, /**/ 1, 0, 1, 0, 0];

const row = (data: ArrayLike<number>, m: number, n: number) =>
  Array.from({ length: D }, (_, d) => data[(m * N + n) * D + d]!);

function oracle(
  options: { mu: Float64Array; logvar: Float64Array; noise: Float64Array; alpha: number; mask?: Float64Array },
) {
  const { mu, logvar, noise, alpha, mask } = options;
  return Array.from({ length: N }, (_, n) => {
    const here = Array.from({ length: M }, (_, m) => m).filter((m) => mask ? mask[m * N + n] === 1 : true);
    const posteriors = here.map((m): Normal => ({ mu: row(mu, m, n), logvar: row(logvar, m, n) }));
    let sum = 0;
    here.forEach((m, i) => {
      const q = posteriors[i]!;
      const z = q.mu.map((mean, d) => mean + Math.exp(q.logvar[d]! / 2) * row(noise, m, n)[d]!);
      sum += alpha * klDivergence(q, standardNormal(q)) +
        (1 - alpha) * (logDensity(z, q) - logMixtureDensity(z, posteriors));
    });
    return sum;
  });
}

for (const masked of [false, true]) {
  Deno.test(`mixtureKl()${masked ? " with a mask" : ""} has the oracle's values and gradients`, async () => {
    using device = await Device.open();
    const argument = (seed: number): Argument => ({ shape: SHAPE, data: normalData(M * N * D, { seed }) });
    await checkOp(device, {
      name: "mixtureKl",
      op: ([mu, logvar, noise, alpha, mask]) => {
        const z = reparameterize(mu!, logvar!, { eps: noise! });
        return mixtureKl({ mu: mu!, logvar: logvar! }, { z, alpha: alpha!, ...(mask ? { mask } : {}) });
      },
      oracle: ([mu, logvar, noise, alpha, mask]) =>
        oracle({ mu: mu!, logvar: logvar!, noise: noise!, alpha: alpha![0]!, ...(mask ? { mask } : {}) }),
      inputs: [
        argument(1),
        argument(2),
        { ...argument(3), differentiable: false },
        { shape: [1], data: [0.3], differentiable: false },
        ...(masked ? [{ shape: [M, N], data: MASK, differentiable: false }] : []),
      ],
    });
  });
}

Deno.test("averaged over many draws, mixtureKl() is at most the pairwise bound and M log M", async () => {
  using device = await Device.open();
  const [samples, draws] = [40, 300];
  const shape = [M, samples, D];
  // Posteriors from nearly equal to far apart.
  const next = uniformStream(9);
  const spread = Array.from({ length: samples }, () => 0.02 + 4 * next());
  const values = (seed: number, scale: number) =>
    normalData(M * samples * D, { seed }).map((value, i) => value * scale * spread[Math.floor(i / D) % samples]!);
  using program = await compile(device, () => {
    const posterior = { mu: input("mu", { shape }), logvar: input("logvar", { shape }) };
    const noise = randomNormal(shape, { stream: 5 });
    const alpha = input("alpha", { shape: [1] });
    const z = reparameterize(posterior.mu, posterior.logvar, { eps: noise });
    return {
      outputs: {
        mixture: mixtureKl(posterior, { z, alpha }),
        bound: mmvmKl(posterior.mu, posterior.logvar, { alpha }),
      },
    };
  });
  const inputs = { mu: values(1, 1), logvar: values(2, 0.5), alpha: 0 };
  const sums = new Float64Array(samples);
  const squares = new Float64Array(samples);
  let bound = new Float32Array();
  for (let step = 0; step < draws; step++) {
    program.run(inputs, { step, seed: 3 });
    const [mixture, pairwise] = await program.read("mixture", "bound");
    mixture!.forEach((value, n) => {
      sums[n]! += value;
      squares[n]! += value * value;
    });
    bound = pairwise as Float32Array<ArrayBuffer>;
  }
  sums.forEach((sum, n) => {
    const mean = sum / draws;
    const error = 4 * Math.sqrt(Math.max(0, squares[n]! / draws - mean * mean) / draws) + 1e-4;
    assert.ok(mean <= bound[n]! + error, `sample ${n}: ${mean} is over the bound ${bound[n]}`);
    assert.ok(mean <= M * Math.log(M) + error, `sample ${n}: ${mean} is over M log M`);
    assert.ok(mean >= -error, `sample ${n}: ${mean} is negative`);
  });
});
