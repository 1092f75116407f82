import assert from "node:assert/strict";
import { type HostTensor, logLikelihood, type VaeConfig, VaeInference } from "../../../models/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { normalData } from "../../reference/compare.ts";
import { LINEAR, registerLinearNetwork } from "../linear_network.ts";

const SIDE = 2;
const PIXELS = SIDE * SIDE;
const LATENT = 2;
const SCALE = 0.6;
const SAMPLES = 4;
const VIEWS = ["a", "b"];

/** Weights [pixels, latent] and bias of each view's decoder. */
const DECODERS = VIEWS.map((_, m) => ({
  weight: normalData(PIXELS * LATENT, { seed: 10 + m, deviation: 0.7 }),
  bias: normalData(PIXELS, { seed: 20 + m, deviation: 0.3 }),
}));

/** Images drawn from the model itself, so that none is an outlier. */
const IMAGES = VIEWS.map((_, m) => {
  const z = normalData(SAMPLES * LATENT, { seed: 1 });
  const noise = normalData(SAMPLES * PIXELS, { seed: 30 + m, deviation: SCALE });
  return noise.map((value, i) => {
    const [n, p] = [Math.floor(i / PIXELS), i % PIXELS];
    const { weight, bias } = DECODERS[m]!;
    const explained = Array.from({ length: LATENT }, (_, d) => weight[p * LATENT + d]! * z[n * LATENT + d]!);
    return value + bias[p]! + explained.reduce((a, b) => a + b, 0);
  });
});

/** log N(x; mean, covariance), by Cholesky factorisation. */
function logNormal(x: readonly number[], covariance: readonly number[][]): number {
  const size = x.length;
  const factor = covariance.map((row) => row.map(() => 0));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i]![j]!;
      for (let k = 0; k < j; k++) sum -= factor[i]![k]! * factor[j]![k]!;
      factor[i]![j] = i === j ? Math.sqrt(sum) : sum / factor[j]![j]!;
    }
  }
  let result = -size / 2 * Math.log(2 * Math.PI);
  const solved: number[] = [];
  for (let i = 0; i < size; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i]![k]! * solved[k]!;
    solved.push(sum / factor[i]![i]!);
    result -= Math.log(factor[i]![i]!) + solved[i]! ** 2 / 2;
  }
  return result;
}

/**
 * log p(x of some views) with a shared latent: x ~ N(b, W W' + scale^2 I). The last `privateDim` dimensions are those
 * of private latents, by which pixels of different views do not covary.
 */
function exact(n: number, views: readonly number[], privateDim = 0): number {
  const rows = views.flatMap((m) =>
    Array.from({ length: PIXELS }, (_, p) => ({
      m,
      x: IMAGES[m]![n * PIXELS + p]! - DECODERS[m]!.bias[p]!,
      w: [...DECODERS[m]!.weight.subarray(p * LATENT, (p + 1) * LATENT)],
    }))
  );
  const covariance = rows.map(({ m, w }, i) =>
    rows.map((other, j) => {
      const common = m === other.m ? LATENT : LATENT - privateDim;
      return w.slice(0, common).reduce((sum, value, d) => sum + value * other.w[d]!, 0) + (i === j ? SCALE ** 2 : 0);
    })
  );
  return logNormal(rows.map(({ x }) => x), covariance);
}

/** Encoders close to, but not equal to, each view's true posterior. */
function parameters(): Map<string, HostTensor> {
  const state = new Map<string, HostTensor>();
  VIEWS.forEach((_, m) => {
    const { weight, bias } = DECODERS[m]!;
    const gram = [0, 1].map((d) =>
      [0, 1].map((e) => {
        let sum = d === e ? SCALE ** 2 : 0;
        for (let p = 0; p < PIXELS; p++) sum += weight[p * LATENT + d]! * weight[p * LATENT + e]!;
        return sum;
      })
    );
    const determinant = gram[0]![0]! * gram[1]![1]! - gram[0]![1]! ** 2;
    const inverse = [[gram[1]![1]!, -gram[0]![1]!], [-gram[0]![1]!, gram[0]![0]!]]
      .map((row) => row.map((value) => value / determinant));
    // mu = (W'W + s^2 I)^-1 W' (x - b); the variance is s^2 times the diagonal of that inverse, enlarged.
    const toMu = Float32Array.from({ length: LATENT * PIXELS }, (_, i) => {
      const [d, p] = [Math.floor(i / PIXELS), i % PIXELS];
      return inverse[d]![0]! * weight[p * LATENT]! + inverse[d]![1]! * weight[p * LATENT + 1]!;
    });
    const offset = Float32Array.from({ length: LATENT }, (_, d) => {
      let sum = 0.1;
      for (let p = 0; p < PIXELS; p++) sum -= toMu[d * PIXELS + p]! * bias[p]!;
      return sum;
    });
    const logvar = Float32Array.from({ length: LATENT }, (_, d) => Math.log(1.6 * SCALE ** 2 * inverse[d]![d]!));
    state.set(`encoders.${m}.mu.weight`, { shape: [LATENT, PIXELS], data: toMu });
    state.set(`encoders.${m}.mu.bias`, { shape: [LATENT], data: offset });
    state.set(`encoders.${m}.logvar.weight`, { shape: [LATENT, PIXELS], data: new Float32Array(LATENT * PIXELS) });
    state.set(`encoders.${m}.logvar.bias`, { shape: [LATENT], data: logvar });
    state.set(`decoders.${m}.mean.weight`, { shape: [PIXELS, LATENT], data: weight });
    state.set(`decoders.${m}.mean.bias`, { shape: [PIXELS], data: bias });
  });
  return state;
}

async function openLinear(device: Device, method: string, privateDim?: number): Promise<VaeInference> {
  registerLinearNetwork();
  const config: VaeConfig = {
    method,
    views: VIEWS,
    network: LINEAR,
    imageSize: SIDE,
    filterDim: 1,
    latentDim: LATENT,
    dropout: 0,
    likelihood: { name: "gaussian", scale: SCALE },
    ...(privateDim === undefined ? {} : { privateDim }),
  };
  const model = VaeInference.open(device, { config, batchSize: SAMPLES, floatImages: true });
  // Auxiliary priors stay as they are initialised.
  model.write(new Map([...await model.parameters.read(), ...parameters()]));
  return model;
}

function assertNear(got: Float64Array, want: readonly number[], label: string, tolerance = 0.15): void {
  got.forEach((value, n) => {
    assert.ok(Math.abs(value - want[n]!) < tolerance, `${label}, sample ${n}: ${value} is not near ${want[n]}`);
  });
}

const each = Array.from({ length: SAMPLES }, (_, n) => n);

Deno.test("joint models have the marginal, joint and conditional likelihoods of the closed form", async () => {
  using device = await Device.open();
  for (const method of ["poe", "moe", "mopoe", "avg"]) {
    using model = await openLinear(device, method);
    const estimate = (of: number[], given: number[] = []) =>
      logLikelihood(model, IMAGES, { of, given, draws: 240, seed: 1 });
    assertNear(await estimate([1]), each.map((n) => exact(n, [1])), `${method}, marginal`);
    assertNear(await estimate([0, 1]), each.map((n) => exact(n, [0, 1])), `${method}, joint`);
    const want = each.map((n) => exact(n, [0, 1]) - exact(n, [0]));
    assertNear(await estimate([1], [0]), want, `${method}, conditional`, 0.25);
  }
});

Deno.test("models with private latents and HELVAE have the likelihoods of the closed form", async () => {
  using device = await Device.open();
  for (
    const [method, privateDim] of [["poe", 1], ["mopoe", 1], ["dmvae", 1], ["mmvae-plus", 1], ["helvae", 0]] as const
  ) {
    using model = await openLinear(device, method, privateDim);
    const estimate = (of: number[], given: number[] = []) =>
      logLikelihood(model, IMAGES, { of, given, draws: 480, seed: 1 });
    assertNear(await estimate([0]), each.map((n) => exact(n, [0], privateDim)), `${method}, marginal`);
    const joint = each.map((n) => exact(n, [0, 1], privateDim));
    assertNear(await estimate([0, 1]), joint, `${method}, joint`);
    const want = joint.map((value, n) => value - exact(n, [0], privateDim));
    assertNear(await estimate([1], [0]), want, `${method}, conditional`, 0.25);
  }
});

Deno.test("independent VAEs' log-likelihoods add, and given views carry no information", async () => {
  using device = await Device.open();
  for (const [method, alpha] of [["independent", 0], ["mmvm", 1]] as const) {
    using model = await openLinear(device, method);
    const got = await logLikelihood(model, IMAGES, { of: [0, 1], draws: 100, alpha });
    assertNear(got, each.map((n) => exact(n, [0]) + exact(n, [1])), method);
    if (method === "mmvm") continue;
    const given = await logLikelihood(model, IMAGES, { of: [1], given: [0], draws: 100 });
    assertNear(given, each.map((n) => exact(n, [1])), `${method}, conditional`);
  }
});

for (const privateDim of [0, 1]) {
  const name = privateDim === 0 ? "" : ", and its private latent from the prior";
  Deno.test(`the MMVM VAE predicts a view from the latents of another${name}`, () => predicts(privateDim));
}

async function predicts(privateDim: number): Promise<void> {
  using device = await Device.open();
  using model = await openLinear(device, "mmvm", privateDim);
  const got = await logLikelihood(model, IMAGES, { of: [1], given: [0], draws: 400, seed: 2 });
  const { mu, logvar } = await model.encode(IMAGES);
  // x_1 ~ N(W mu_0 + b, W diag(e^logvar_0) W' + scale^2 I).
  const { weight, bias } = DECODERS[1]!;
  const isPrivate = (d: number) => d >= LATENT - privateDim;
  const mean = (n: number, d: number) => isPrivate(d) ? 0 : mu[0]![n * LATENT + d]!;
  const want = each.map((n) => {
    const w = (p: number, d: number) => weight[p * LATENT + d]!;
    const x = Array.from(
      { length: PIXELS },
      (_, p) => IMAGES[1]![n * PIXELS + p]! - bias[p]! - w(p, 0) * mean(n, 0) - w(p, 1) * mean(n, 1),
    );
    const variance = (d: number) => isPrivate(d) ? 1 : Math.exp(logvar[0]![n * LATENT + d]!);
    const covariance = x.map((_, p) =>
      x.map((_, q) => w(p, 0) * w(q, 0) * variance(0) + w(p, 1) * w(q, 1) * variance(1) + (p === q ? SCALE ** 2 : 0))
    );
    return logNormal(x, covariance);
  });
  assertNear(got, want, "prediction", 0.3);
}

Deno.test("more draws do not lower the mean estimate", async () => {
  using device = await Device.open();
  using model = await openLinear(device, "moe");
  const mean = async (draws: number) => {
    let sum = 0;
    for (let step = 0; step < 20; step++) {
      const values = await logLikelihood(model, IMAGES, { of: [0, 1], draws, seed: 5, step });
      sum += values.reduce((a, b) => a + b, 0) / SAMPLES / 20;
    }
    return sum;
  };
  const [few, many] = [await mean(2), await mean(16)];
  const truth = each.reduce((sum, n) => sum + exact(n, [0, 1]) / SAMPLES, 0);
  assert.ok(few < many && many < truth + 0.1, `${few} < ${many} < ${truth}`);
});

Deno.test("logLikelihood() rejects likelihoods that a method does not define", async () => {
  using device = await Device.open();
  using model = await openLinear(device, "mmvm");
  await assert.rejects(
    logLikelihood(model, IMAGES, { of: [0], draws: 10 }),
    /mmvm has no marginal or joint likelihood at alpha 0/,
  );
  await assert.rejects(logLikelihood(model, IMAGES, { of: [], draws: 10 }), /of one or more views/);
  await assert.rejects(logLikelihood(model, IMAGES, { of: [0], given: [0], draws: 10 }), /given or named twice/);
  await assert.rejects(logLikelihood(model, IMAGES, { of: [2], draws: 10 }), /there is no view 2/);
  await assert.rejects(logLikelihood(model, IMAGES, { of: [0], given: [1], draws: 0 }), /draws must be/);
});
