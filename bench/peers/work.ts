/**
 * The training steps timed against peers: models, batch sizes, and the initial values shared by all contestants.
 *
 * @module
 */
import {
  declareParameters,
  type HostTensor,
  networkNames,
  type ParameterSpec,
  registerNetwork,
  Vae,
  type VaeConfig,
} from "../../models/mod.ts";
import { randomNormalData, randomUniformData } from "../../runtime/mod.ts";
import type { Exchange } from "./exchange.ts";
import { plainNetwork } from "./plain_network.ts";

/** A training step. */
export interface StepWork {
  readonly config: VaeConfig;
  readonly batchSize: number;
}

/** Names of the training steps. */
export const STEP_NAMES = ["step", "paper64", "paper224"] as const;
export type StepName = typeof STEP_NAMES[number];

/** Settings of the optimiser and the objective. */
export const SETTINGS = { learningRate: 5e-5, alpha: 0.5, beta: 1 } as const;

const COMMON = {
  method: "mmvm",
  views: ["frontal", "lateral"],
  // No dropout: frameworks have different random streams, and all must compute the same loss.
  dropout: 0,
  likelihood: { name: "laplace", scale: 0.75 },
} as const;

const STEPS: Readonly<Record<StepName, StepWork>> = {
  step: { config: { ...COMMON, network: "plain", imageSize: 64, filterDim: 32, latentDim: 64 }, batchSize: 8 },
  paper64: { config: { ...COMMON, network: "residual", imageSize: 64, filterDim: 64, latentDim: 256 }, batchSize: 32 },
  paper224: { config: { ...COMMON, network: "residual", imageSize: 224, filterDim: 64, latentDim: 256 }, batchSize: 8 },
};

/** Returns the step with this name. */
export function stepWork(name: StepName): StepWork {
  if (!networkNames().includes("plain")) registerNetwork("plain", plainNetwork);
  return STEPS[name];
}

/** What a step may differ in from {@linkcode stepWork}. */
export type StepSizes = Partial<Pick<VaeConfig, "imageSize" | "filterDim" | "latentDim"> & Pick<StepWork, "batchSize">>;

/**
 * The input of a step: parameters with PyTorch's default initialisation, layouts and names, and one batch as
 * `batch.images` [M, N, S, S] in [0, 1] and `batch.noise` [M, N, D].
 */
export function stepExchange(name: StepName, sizes: StepSizes = {}): Exchange {
  const work = stepWork(name);
  const { batchSize = work.batchSize, ...widths } = sizes;
  const config = { ...work.config, ...widths };
  const { imageSize, latentDim, filterDim, likelihood, views } = config;
  const vae = new Vae(config);
  const tensors = new Map(
    declareParameters((scope) => vae.declare(scope)).map((spec, index) => [
      spec.name,
      initial(spec, index),
    ]),
  );
  const images = [views.length, batchSize, imageSize, imageSize];
  const noise = [views.length, batchSize, latentDim];
  const key = { seed: 1, step: 0 };
  tensors.set("batch.images", { shape: images, data: randomUniformData(product(images), { ...key, stream: 1 }) });
  tensors.set("batch.noise", { shape: noise, data: randomNormalData(product(noise), { ...key, stream: 2 }) });
  const { scale } = likelihood;
  return { settings: { ...SETTINGS, scale, imageSize, batchSize, latentDim, filterDim }, tensors };
}

/** The factors of a product of random square matrices. */
export function matmulExchange(size: number): Exchange {
  const factor = (stream: number) => ({
    shape: [size, size],
    data: randomUniformData(size * size, { seed: 1, stream }),
  });
  return { settings: { size }, tensors: new Map([["a", factor(1)], ["b", factor(2)]]) };
}

function initial({ layout, shape, initializer }: ParameterSpec, index: number): HostTensor {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const files = {
    same: shape,
    conv: [outputs, inputs, height, width],
    "conv-transpose": [inputs, outputs, height, width],
    conv1d: [outputs, inputs, width],
    "conv-transpose1d": [inputs, outputs, width],
  };
  const size = product(shape);
  if (initializer.kind !== "uniform") {
    return { shape: files[layout], data: new Float32Array(size).fill(initializer.kind === "ones" ? 1 : 0) };
  }
  const bound = 1 / Math.sqrt(initializer.fanIn);
  const uniform = randomUniformData(size, { seed: 0, stream: index, step: 0 });
  return { shape: files[layout], data: uniform.map((u) => (2 * u - 1) * bound) };
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
