import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { aggregate } from "../../../runtime/ops/latent_aggregate.ts";
import {
  klDiagonalNormals,
  klStandardNormal,
  logMixtureDensity,
  mmvmKl,
  reparameterize,
  reparameterizeKl,
} from "../../../runtime/ops/latent.ts";
import { mul } from "../../../runtime/ops/pointwise.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { read } from "../../../runtime/program/eager.ts";
import { normalData } from "../../reference/compare.ts";
import {
  aggregated,
  batchSlice,
  klDivergence,
  logMixtureDensity as logMixtureDensityOracle,
  mmvmKl as mmvmKlOracle,
  type Normal,
  reparameterized,
  standardNormal,
} from "../../reference/latent.ts";
import { type Argument, checkOp } from "../gradient_check.ts";

const [M, N, D] = [3, 5, 4] as const;
const STACKED = [M, N, D];

const argument = (shape: readonly number[], seed: number): Argument => ({
  shape,
  data: normalData(shape.reduce((product, size) => product * size, 1), { seed }),
});

/** Present views of each sample in the tests with a mask; the last sample has none. */
const MASK = [1, 1, 0, 1, 0, /**/ 1, 0, 1, 1, 0, /**/ 1, 0, 0, 1, 0];
const mask: Argument = { shape: [M, N], data: MASK, differentiable: false };

/** The row of a flat array that belongs to view m and sample n. */
function row(data: ArrayLike<number>, m: number, n: number): number[] {
  return Array.from({ length: D }, (_, d) => data[(m * N + n) * D + d]!);
}

/** The views that are present for sample n, with their numbers. */
function present(mu: Float64Array, options: { logvar: Float64Array; mask?: Float64Array | undefined; n: number }) {
  const { logvar, mask, n } = options;
  return Array.from({ length: M }, (_, m) => m)
    .filter((m) => (mask ? mask[m * N + n] === 1 : true))
    .map((m) => ({ m, q: { mu: row(mu, m, n), logvar: row(logvar, m, n) } satisfies Normal }));
}

const samples = Array.from({ length: N }, (_, n) => n);

for (const masked of [false, true]) {
  const suffix = masked ? " with a mask" : "";
  const withMask = (inputs: Argument[]) => (masked ? [...inputs, mask] : inputs);

  Deno.test(`reparameterizeKl()${suffix} has the oracle's values and gradients`, async () => {
    using device = await Device.open();
    await checkOp(device, {
      name: "reparameterizeKl",
      // One output for the check: z and kl side by side, so that both receive a gradient.
      op: ([mu, logvar, eps, mask]) => {
        const { z, kl } = reparameterizeKl(mu!, logvar!, { eps: eps!, ...(mask ? { mask } : {}) });
        return mul(z, sum(kl));
      },
      oracle: ([mu, logvar, eps, mask]) => {
        const out = new Float64Array(M * N * D);
        let total = 0;
        for (const n of samples) {
          for (const { m, q } of present(mu!, { logvar: logvar!, mask, n })) {
            total += klDivergence(q, standardNormal(q));
            out.set(reparameterized(q, row(eps!, m, n)), (m * N + n) * D);
          }
        }
        return out.map((z) => z * total);
      },
      inputs: withMask([argument(STACKED, 1), argument(STACKED, 2), argument(STACKED, 3)])
        .map((input, i) => (i === 2 ? { ...input, differentiable: false } : input)),
    });
  });

  Deno.test(`klStandardNormal()${suffix} has the oracle's values and gradients`, async () => {
    using device = await Device.open();
    await checkOp(device, {
      name: "klStandardNormal",
      op: ([mu, logvar, mask]) => klStandardNormal(mu!, logvar!, mask ? { mask } : {}),
      oracle: ([mu, logvar, mask]) => {
        const out = new Float64Array(M * N);
        for (const n of samples) {
          for (const { m, q } of present(mu!, { logvar: logvar!, mask, n })) {
            out[m * N + n] = klDivergence(q, standardNormal(q));
          }
        }
        return out;
      },
      inputs: withMask([argument(STACKED, 1), argument(STACKED, 2)]),
    });
  });

  Deno.test(`mmvmKl()${suffix} has the oracle's values and gradients`, async () => {
    using device = await Device.open();
    await checkOp(device, {
      name: "mmvmKl",
      op: ([mu, logvar, alpha, mask]) => mmvmKl(mu!, logvar!, { alpha: alpha!, ...(mask ? { mask } : {}) }),
      oracle: ([mu, logvar, alpha, mask]) =>
        samples.map((n) => mmvmKlOracle(present(mu!, { logvar: logvar!, mask, n }).map(({ q }) => q), alpha![0]!)),
      inputs: withMask([
        argument(STACKED, 1),
        argument(STACKED, 2),
        { shape: [1], data: Float32Array.of(0.3), differentiable: false },
      ]),
    });
  });

  Deno.test(`logMixtureDensity()${suffix} has the oracle's values and gradients`, async () => {
    using device = await Device.open();
    await checkOp(device, {
      name: "logMixtureDensity",
      op: ([z, mu, logvar, mask]) => logMixtureDensity(z!, { mu: mu!, logvar: logvar! }, mask ? { mask } : {}),
      oracle: ([z, mu, logvar, mask]) => {
        const out = new Float64Array(M * N);
        for (const n of samples) {
          const views = present(mu!, { logvar: logvar!, mask, n });
          for (const { m } of views) {
            out[m * N + n] = logMixtureDensityOracle(row(z!, m, n), views.map(({ q }) => q));
          }
        }
        return out;
      },
      inputs: withMask([argument(STACKED, 3), argument(STACKED, 1), argument(STACKED, 2)]),
    });
  });

  for (const method of ["poe", "moe", "mopoe", "avg"] as const) {
    for (const part of ["mu", "logvar"] as const) {
      Deno.test(`aggregate() by ${method}${suffix}: ${part} has the oracle's values and gradients`, async () => {
        using device = await Device.open();
        await checkOp(device, {
          name: `aggregate ${method}`,
          op: ([mu, logvar, mask]) => aggregate(mu!, logvar!, { method, ...(mask ? { mask } : {}) })[part],
          oracle: ([mu, logvar, mask]) =>
            samples.flatMap((n) => {
              const views = present(mu!, { logvar: logvar!, mask, n }).map(({ q }) => q);
              const component = (components: number) => batchSlice(n, { samples: N, components });
              return views.length ? [...aggregated(views, { method, component })[part]] : new Array<number>(D).fill(0);
            }),
          inputs: withMask([argument(STACKED, 1), argument(STACKED, 2)]),
        });
      });
    }
  }
}

Deno.test("reparameterize() and klDiagonalNormals() have the oracles' values and gradients", async () => {
  using device = await Device.open();
  const shape = [N, D];
  const rows = (data: Float64Array) => samples.map((n) => row(data, 0, n));
  await checkOp(device, {
    name: "reparameterize",
    op: ([mu, logvar, eps]) => reparameterize(mu!, logvar!, { eps: eps! }),
    oracle: ([mu, logvar, eps]) =>
      samples.flatMap((n) => reparameterized({ mu: row(mu!, 0, n), logvar: row(logvar!, 0, n) }, row(eps!, 0, n))),
    inputs: [argument(shape, 1), argument(shape, 2), argument(shape, 3)],
  });
  await checkOp(device, {
    name: "klDiagonalNormals",
    op: ([mu0, logvar0, mu1, logvar1]) =>
      klDiagonalNormals({ mu: mu0!, logvar: logvar0! }, { mu: mu1!, logvar: logvar1! }),
    oracle: (inputs) => {
      const [mu0, logvar0, mu1, logvar1] = inputs.map(rows);
      return samples.map((n) =>
        klDivergence({ mu: mu0![n]!, logvar: logvar0![n]! }, { mu: mu1![n]!, logvar: logvar1![n]! })
      );
    },
    inputs: [argument(shape, 1), argument(shape, 2), argument(shape, 3), argument(shape, 4)],
  });
});

Deno.test("aggregate() of infinite log variances gives the formula's limits", async () => {
  using device = await Device.open();
  const cases = {
    avg: [[[Infinity, 0], 1.5, Infinity], [[Infinity, Infinity], 1.5, Infinity], [
      [-Infinity, -Infinity],
      1.5,
      -Infinity,
    ]],
    poe: [[[Infinity, 0], 2, 0], [[-Infinity, 0], 1, -Infinity], [[-Infinity, -Infinity], 1.5, -Infinity]],
  } as const;
  for (const method of ["avg", "poe"] as const) {
    for (const [logvar, wantMu, wantLogvar] of cases[method]) {
      const shape = [2, 1, 1];
      const joint = aggregate(tensor([1, 2], { shape }), tensor(logvar, { shape }), { method });
      const got = [(await read(joint.mu, { device }))[0]!, (await read(joint.logvar, { device }))[0]! + 0];
      assert.deepEqual(got, [wantMu, wantLogvar], `${method} of ${logvar}`);
    }
  }
});

Deno.test("divergences of means at float32's limits are large and finite, and so are their gradients", async () => {
  using device = await Device.open();
  const shape = [2, 1, 1];
  for (const size of [1e20, 3.4e38]) {
    for (const variance of [-80, 0, 80]) {
      const mu = tensor([size, -size], { shape });
      const logvar = tensor([variance, variance], { shape });
      const values = [mmvmKl(mu, logvar, { alpha: tensor([0.5]) }), klStandardNormal(mu, logvar)];
      for (const kl of values) {
        for (const x of [kl, ...gradients(sum(kl), [mu, logvar])]) {
          const got = await read(x, { device });
          assert.ok(got.every(Number.isFinite), `${size}, logvar ${variance}: ${got}`);
        }
        const [total] = await read(sum(kl), { device });
        assert.ok(total! > 1e30, `${size}, logvar ${variance}: ${total}`);
      }
    }
  }
});

Deno.test("aggregate() uses the assigned components", async () => {
  using device = await Device.open();
  const [mu, logvar] = [argument(STACKED, 1), argument(STACKED, 2)];
  const assignment = Uint32Array.of(6, 0, 4, 3, 2 ** 32 - 1);
  using program = await compile(device, () => {
    const inputs = { mu: input("mu", { shape: STACKED }), logvar: input("logvar", { shape: STACKED }) };
    const joint = aggregate(inputs.mu, inputs.logvar, {
      method: "mopoe",
      assignment: input("assignment", { shape: [N], dtype: "u32" }),
    });
    return { outputs: { mu: joint.mu } };
  });
  program.run({ mu: Float32Array.from(mu.data), logvar: Float32Array.from(logvar.data), assignment });
  const [got] = await program.read("mu");
  const want = samples.flatMap((n) => {
    const views = present(Float64Array.from(mu.data), { logvar: Float64Array.from(logvar.data), n }).map(({ q }) => q);
    return aggregated(views, { method: "mopoe", component: (count) => assignment[n]! % count }).mu;
  });
  got!.forEach((value, i) => assert.ok(Math.abs(value - want[i]!) < 1e-5, `${i}`));
});

Deno.test("the MMVM regulariser follows alpha between runs without recompilation", async () => {
  using device = await Device.open();
  const shape = [2, 3, 4];
  using program = await compile(device, () => {
    const [mu, logvar] = [input("mu", { shape }), input("logvar", { shape })];
    const kl = sum(mmvmKl(mu, logvar, { alpha: input("alpha", { shape: [1] }) }));
    const [gradient] = gradients(kl, [mu]);
    return { outputs: { kl, gradient: gradient! } };
  });
  const given = { mu: normalData(24, { seed: 1 }), logvar: new Float32Array(24) };
  const pipelines = device.pipelineCount;
  for (const alpha of [1, 0]) {
    program.run({ ...given, alpha });
    const [, gradient] = await program.read("kl", "gradient");
    const want = given.mu.map((mu, i) => (alpha ? mu : (mu - given.mu[(i + 12) % 24]!)));
    gradient!.forEach((value, i) => assert.ok(Math.abs(value - want[i]!) < 1e-5, `alpha ${alpha}, element ${i}`));
  }
  assert.equal(device.pipelineCount, pipelines);
});

Deno.test("ops on posteriors reject shapes that do not fit, by name", () => {
  const of = (...shape: number[]) => input("x", { shape });
  assert.throws(() => klStandardNormal(of(2, 3), of(3, 2)), /klStandardNormal\(\) needs .* got \[2, 3\] and \[3, 2\]/);
  assert.throws(() => klStandardNormal(of(), of()), RangeError);
  assert.throws(() => reparameterizeKl(of(2, 3), of(2, 3), { eps: of(3) }), /reparameterizeKl/);
  assert.throws(
    () => reparameterizeKl(of(2, 3), of(2, 3), { eps: of(2, 3), mask: of(3) }),
    /reparameterizeKl\(\) needs a mask of shape \[2\], got \[3\]/,
  );
  assert.throws(() => mmvmKl(of(2, 3), of(2, 3), { alpha: of(1) }), /\[views, samples, dimensions\], got \[2, 3\]/);
  assert.throws(() => mmvmKl(of(2, 3, 4), of(2, 3, 4), { alpha: of(2) }), /alpha as one number, got shape \[2\]/);
  assert.throws(
    () => mmvmKl(of(2, 3, 4), of(2, 3, 4), { alpha: of(1), mask: of(3, 2) }),
    /mask of shape \[2, 3\], got \[3, 2\]/,
  );
  assert.throws(() => aggregate(of(7, 3, 4), of(7, 3, 4), { method: "mopoe" }), /mopoe takes 1 to 6 views, got 7/);
  const assignment = input("a", { shape: [3], dtype: "u32" });
  assert.throws(() => aggregate(of(2, 3, 4), of(2, 3, 4), { method: "poe", assignment }), /poe takes no assignment/);
  assert.throws(
    () => aggregate(of(2, 3, 4), of(2, 3, 4), { method: "moe", assignment: of(3) }),
    /assignment of u32 \[3\], got f32 \[3\]/,
  );
});
