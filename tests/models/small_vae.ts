/**
 * Small multimodal VAEs on given images and noise, and the outcome of one training step.
 *
 * @module
 */
import { createVaeTrainer, type HostTensor, Vae, type VaeConfig } from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import { normalData, uniformStream } from "../reference/compare.ts";

export const SIZE = 8;
export const LATENT = 3;

/** A model of views a, b, c, ...; by default with 8 x 8 pixels and three latent dimensions. */
export function smallConfig(method: string, overrides: Partial<VaeConfig> & { count?: number } = {}): VaeConfig {
  const { count = 2, ...rest } = overrides;
  return {
    method,
    views: ["a", "b", "c", "d"].slice(0, count),
    network: "small",
    imageSize: SIZE,
    filterDim: 2,
    latentDim: LATENT,
    dropout: 0,
    likelihood: { name: "laplace", scale: 0.75 },
    ...rest,
  };
}

/** Images of each view, and one noise tensor shared by all views, because joint methods use only one. */
export function smallBatch(options: { views: number; samples: number; size?: number; seed?: number }) {
  const { views, samples, size = SIZE, seed = 1 } = options;
  const next = uniformStream(seed);
  const pixels = Array.from(
    { length: views },
    () => Float32Array.from({ length: samples * size * size }, () => Math.round(next() * 255) / 255),
  );
  const shared = normalData(samples * LATENT, { seed: seed + 1 });
  const noise = new Float32Array(views * shared.length);
  for (let m = 0; m < views; m++) noise.set(shared, m * shared.length);
  return { pixels, noise };
}

/**
 * The further noise of methods that draw any. Views have the same numbers, so that permuting views permutes nothing
 * here.
 */
function furtherNoise(config: VaeConfig, samples: number): Record<string, Float32Array> {
  const { views, privateDim, sharedDim, method } = new Vae(config);
  if (method.name === "dmvae") return { joint: normalData(samples * sharedDim, { seed: 8 }) };
  if (method.name !== "mmvae-plus") return {};
  const one = normalData(samples * privateDim, { seed: 9 });
  const size = one.length * views ** 2;
  return { "auxiliary priors": Float32Array.from({ length: size }, (_, i) => one[i % one.length]!) };
}

/** The outcome of one step. */
export interface StepOutcome {
  readonly loss: number;
  readonly reconstruction: number;
  readonly kl: number;
  readonly gradients: Map<string, HostTensor>;
  readonly state: Map<string, HostTensor>;
}

/** Performs one step of a small model, initialised with `parameters` or by default with seed 1. */
export async function oneStep(
  device: Device,
  options: {
    config: VaeConfig;
    pixels: readonly Float32Array[];
    noise: Float32Array;
    present?: Float32Array;
    parameters?: ReadonlyMap<string, HostTensor>;
    alpha?: number;
    beta?: number;
  },
): Promise<StepOutcome> {
  const { config, pixels, noise, present, parameters, alpha = 0.3, beta = 0.7 } = options;
  const batchSize = pixels[0]!.length / config.imageSize ** 2;
  using trainer = await createVaeTrainer(device, {
    config,
    batchSize,
    seed: 1,
    floatImages: true,
    givenNoise: true,
    keepGradients: true,
    missingViews: present !== undefined,
  });
  if (parameters) trainer.write(parameters);
  const batch = { pixels, noise, furtherNoise: furtherNoise(config, batchSize), ...(present ? { present } : {}) };
  trainer.step(batch, { step: 0, learningRate: 1e-3, alpha, beta });
  const [entry] = await trainer.readMetrics();
  const { loss, reconstruction, kl } = entry!.values as Record<"loss" | "reconstruction" | "kl", number>;
  return { loss, reconstruction, kl, gradients: await trainer.readGradients(), state: await trainer.read() };
}

/** Selects and renumbers the tensors of some views' networks and priors: view `numbers[i]` becomes view i. */
export function partOfViews(
  tensors: ReadonlyMap<string, HostTensor>,
  numbers: readonly number[],
): Map<string, HostTensor> {
  const part = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const match = /^(.*\b(?:encoders|decoders|private_priors)\.)(\d+)(|\..*)$/.exec(name);
    const i = match ? numbers.indexOf(Number(match[2])) : -1;
    if (match && i >= 0) part.set(`${match[1]}${i}${match[3]}`, tensor);
  }
  return part;
}
