/**
 * Training a multimodal VAE: one compiled program that does a whole step, and one that encodes.
 *
 * The trainer knows no files and no data set: it takes batches of bytes, and gives and takes its state as plain tensors. Everything
 * random is keyed by (seed, step), so that a run that is restored at a step continues bit for bit.
 *
 * @module
 */
import {
  adam,
  compile,
  createSlab,
  type Device,
  gradients,
  input,
  type MetricsEntry,
  pack,
  type Program,
  type ProgramMemory,
  randomNormal,
  type Slab,
  slice,
  type Tensor,
  unpackBytes,
} from "../runtime/mod.ts";
import { declareParameters, type HostTensor, Parameters } from "./parameters.ts";
import { Scope } from "./scope.ts";
import { Vae, type VaeConfig } from "./vae.ts";

/** Bytes, view-major [M, N, S, S], 0 black to 255 white; or, for a trainer with `floatImages`, a view each [N, S, S] in [0, 1]. */
export type Pixels = Uint8Array | readonly Float32Array[];

/** A batch as the GPU gets it. */
export interface ImageBatch {
  readonly pixels: Pixels;
  /** Standard normal noise [M, N, D], for a trainer with `givenNoise`. */
  readonly noise?: Float32Array;
  /** 1 where a view is there, view-major [M, N]; needed where the trainer was made with `missingViews`. */
  readonly present?: Float32Array;
}

/** What changes from step to step. */
export interface StepSettings {
  /** Step number from 0: keys the random numbers. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta: number;
  readonly alpha: number;
}

/** How to make a trainer. */
export interface VaeTrainerOptions {
  readonly config: VaeConfig;
  readonly batchSize: number;
  readonly seed: number;
  /** Whether batches may lack views; a mask is then part of every step. */
  readonly missingViews?: boolean;
  /** Adam's epsilon, 1e-8 by default. */
  readonly epsilon?: number;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** The reparameterisation noise comes with each batch instead of from the seed. */
  readonly givenNoise?: boolean;
  /** Keep the last step's gradients, for {@link VaeTrainer.readGradients}. */
  readonly keepGradients?: boolean;
  /** Called with the memory of the training program before any is allocated. */
  readonly onPlan?: (memory: ProgramMemory) => void;
}

/** Latents of a batch: a posterior a view. */
export interface EncodedBatch {
  /** Per view [N, D]. */
  readonly mu: readonly Float32Array[];
  readonly logvar: readonly Float32Array[];
}

/** Metrics of each step. */
export const METRICS = ["loss", "reconstruction", "kl", "gradientNorm"] as const;

const PREFIXES = { m: "optimizer.exp_avg.", v: "optimizer.exp_avg_sq." } as const;

/** See the module. Dispose of it to free its memory. */
export class VaeTrainer implements Disposable {
  #encoder: Program | undefined;
  #decoder: Program | undefined;

  private constructor(
    readonly device: Device,
    readonly options: VaeTrainerOptions,
    readonly vae: Vae,
    readonly parameters: Parameters,
    private readonly moments: { readonly m: Slab; readonly v: Slab },
    private readonly program: Program,
  ) {}

  /**
   * Allocates and initialises a model and compiles its training step.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   * @throws {OutOfMemoryError} before anything is allocated, where that can be known.
   */
  static async create(device: Device, options: VaeTrainerOptions): Promise<VaeTrainer> {
    const vae = new Vae(options.config);
    const specs = declareParameters((scope) => vae.declare(scope));
    const parameters = Parameters.create(device, { specs, seed: options.seed });
    const entries = parameters.trained.states.map(({ name, shape }) => ({ name, shape }));
    const moments = {
      m: createSlab(device, { name: "first moments", entries }),
      v: createSlab(device, { name: "second moments", entries }),
    };
    try {
      const program = await compile(device, () => buildStep(vae, { parameters, moments, options }), {
        name: "training step",
        ...(options.onPlan ? { onPlan: options.onPlan } : {}),
      });
      return new VaeTrainer(device, options, vae, parameters, moments, program);
    } catch (error) {
      for (const owned of [parameters, moments.m, moments.v]) owned[Symbol.dispose]();
      throw error;
    }
  }

  /** GPU memory of the training step. */
  get memory(): ProgramMemory {
    return this.program.memory;
  }

  /** Number of dispatches a step. */
  get dispatchCount(): number {
    return this.program.dispatchCount;
  }

  /** Does one step. Does not wait for the GPU; read metrics every so many steps. */
  step(batch: ImageBatch, settings: StepSettings): void {
    const { step, learningRate, alpha, beta } = settings;
    this.program.run(
      {
        ...pixelInputs(batch.pixels),
        alpha,
        beta,
        ...adam.hyperparameters({ learningRate, step: step + 1, epsilon: this.options.epsilon ?? 1e-8 }),
        ...(batch.present ? { present: batch.present } : {}),
        ...(batch.noise ? { noise: batch.noise } : {}),
      },
      { step, seed: this.options.seed },
    );
  }

  /** Loss, reconstruction, KL and gradient norm of every step since the last call. */
  readMetrics(): Promise<MetricsEntry[]> {
    return this.program.readMetrics();
  }

  /**
   * Gradients of the last step by parameter, in files' layouts.
   *
   * @throws {RangeError} for a trainer made without `keepGradients`.
   */
  async readGradients(): Promise<Map<string, HostTensor>> {
    const [slab] = await this.program.read("gradient");
    return this.parameters.fromSlab(slab!);
  }

  /** Posteriors of a batch in evaluation mode: running statistics, no dropout. */
  async encode(pixels: Pixels): Promise<EncodedBatch> {
    this.#encoder ??= await compile(this.device, () => {
      const { mu, logvar } = this.vae.encode(this.#evaluating, images(this.options));
      return { outputs: { mu, logvar } };
    }, { name: "encoder" });
    this.#encoder.run(pixelInputs(pixels));
    const [mu, logvar] = await this.#encoder.read("mu", "logvar");
    const size = this.options.batchSize * this.options.config.latentDim;
    const split = (data: Float32Array) =>
      Array.from({ length: this.vae.views }, (_, m) => data.slice(m * size, (m + 1) * size));
    return { mu: split(mu!), logvar: split(logvar!) };
  }

  /**
   * Means of each view's likelihood, decoded from each view's posterior mean in evaluation mode: `result[from][to]`, [N, S, S].
   * On the diagonal these are reconstructions, elsewhere translations of one view into another.
   */
  async decode(pixels: Pixels): Promise<Float32Array[][]> {
    const { views } = this.vae;
    const name = (from: number, to: number) => `${from}-${to}`;
    const each = Array.from({ length: views }, (_, m) => m);
    this.#decoder ??= await compile(this.device, () => {
      const scope = this.#evaluating;
      const { mu } = this.vae.encode(scope, images(this.options));
      const outputs = each.flatMap((from) =>
        this.vae.decode(scope, slice(mu, { starts: [from, 0, 0], sizes: [1, mu.shape[1]!, mu.shape[2]!] }))
          .map((output, to) => [name(from, to), output] as const)
      );
      return { outputs: Object.fromEntries(outputs) };
    }, { name: "decoder" });
    this.#decoder.run(pixelInputs(pixels));
    const names = each.flatMap((from) => each.map((to) => name(from, to)));
    const outputs = await this.#decoder.read(...names);
    return each.map((from) => outputs.slice(from * views, (from + 1) * views));
  }

  /** The whole state, in files' layouts: the model's state_dict and the optimiser's moments. */
  async read(): Promise<Map<string, HostTensor>> {
    const state = await this.parameters.read();
    for (const key of ["m", "v"] as const) {
      const whole = await this.moments[key].whole.read();
      for (const { name, shape, offset, size } of this.moments[key].states) {
        state.set(PREFIXES[key] + name, { shape, data: whole.slice(offset, offset + size) });
      }
    }
    return state;
  }

  /**
   * Restores a state that {@link read} gave. Without the optimiser's tensors (a state_dict from elsewhere) its moments start at zero.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    const isMoment = (name: string) => name.startsWith("optimizer.");
    this.parameters.write(new Map([...state].filter(([name]) => !isMoment(name))));
    for (const key of ["m", "v"] as const) {
      for (const moment of this.moments[key].states) {
        const saved = state.get(PREFIXES[key] + moment.name);
        moment.write(saved ? saved.data : new Float32Array(moment.size));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const owned of [this.#encoder, this.#decoder, this.program, this.parameters, this.moments.m, this.moments.v]) {
      owned?.[Symbol.dispose]();
    }
  }

  get #evaluating(): Scope {
    return Scope.bound(this.parameters.source, { training: false });
  }
}

/** The batch's images as floats in [0, 1], a view each [N, S, S, 1]. */
function images({ config, batchSize, floatImages }: VaeTrainerOptions): Tensor[] {
  const { imageSize, views } = config;
  const shape = [batchSize, imageSize, imageSize, 1];
  if (floatImages) return views.map((_, m) => input(`image ${m}`, { shape }));
  const size = batchSize * imageSize * imageSize;
  const pixels = input("pixels", { shape: [Math.ceil(size * views.length / 4)], dtype: "u32" });
  return views.map((_, m) => unpackBytes(pixels, { shape, first: m * size }));
}

function pixelInputs(pixels: Pixels): Record<string, Uint8Array | Float32Array> {
  if (pixels instanceof Uint8Array) return { pixels: padded(pixels) };
  return Object.fromEntries(pixels.map((image, m) => [`image ${m}`, image]));
}

function buildStep(
  vae: Vae,
  context: {
    parameters: Parameters;
    moments: { readonly m: Slab; readonly v: Slab };
    options: VaeTrainerOptions;
  },
) {
  const { parameters, moments, options } = context;
  const { batchSize, config } = options;
  const scope = Scope.bound(parameters.source, { training: true });
  const noiseShape = [vae.views, batchSize, config.latentDim];
  const { loss, reconstruction, kl } = vae.terms(scope, {
    images: images(options),
    noise: options.givenNoise
      ? input("noise", { shape: noiseShape })
      : randomNormal(noiseShape, { stream: scope.stream("reparameterisation") }),
    alpha: input("alpha", { shape: [1] }),
    beta: input("beta", { shape: [] }),
    ...(options.missingViews ? { present: input("present", { shape: [vae.views, batchSize] }) } : {}),
  });
  const gradient = pack(gradients(loss, parameters.tensors));
  const gradientNorm = adam.update({ parameters: parameters.trained, gradient, ...moments });
  return {
    metrics: { loss, reconstruction, kl, gradientNorm },
    ...(options.keepGradients ? { outputs: { gradient } } : {}),
  };
}

/** Whole words: WebGPU writes buffers in units of four bytes. */
function padded(pixels: Uint8Array): Uint8Array {
  if (pixels.byteLength % 4 === 0) return pixels;
  const whole = new Uint8Array(Math.ceil(pixels.byteLength / 4) * 4);
  whole.set(pixels);
  return whole;
}
