/**
 * Training a multimodal VAE: one compiled program that does a whole step.
 *
 * The trainer knows no files and no data set: it takes batches of bytes, and gives and takes its state as plain tensors. Everything
 * random is keyed by (seed, step), so that a run that is restored at a step continues bit for bit.
 *
 * @module
 */
import {
  compile,
  type Device,
  input,
  type InputData,
  type MetricsEntry,
  type Precision,
  type ProfileEntry,
  type Program,
  type ProgramMemory,
  randomNormal,
  type RunOptions,
} from "../../runtime/mod.ts";
import { fillAbsent } from "../absent_views.ts";
import { AdamState } from "../adam_state.ts";
import { drawComponents } from "../methods/component_draw.ts";
import { type ImageShape, imageTensors, pixelInputs, type Pixels } from "../image_inputs.ts";
import { declareParameters, type HostTensor, type Parameters } from "../layers/parameters.ts";
import { Scope } from "../layers/scope.ts";
import type { StepSettings, Trainer } from "../trainer.ts";
import { Vae, type VaeConfig } from "./vae.ts";
import { type EncodedBatch, VaeInference } from "./vae_inference.ts";

/** A batch as the GPU gets it. */
export interface ImageBatch {
  readonly pixels: Pixels;
  /** Standard normal noise [M, N, D], for a trainer with `givenNoise`. */
  readonly noise?: Float32Array;
  /** 1 where a view is there, view-major [M, N]; needed where the trainer was made with `missingViews`. */
  readonly present?: Float32Array;
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
  /** How feature maps and their gradients are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
  /** Keep the last step's gradients, for {@link VaeTrainer.readGradients}. */
  readonly keepGradients?: boolean;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /** Called with the memory of the training program before any is allocated. */
  readonly onPlan?: (memory: ProgramMemory) => void;
}

/** Metrics of each step; with precision `f16` also `lossScale`, see `createLossScale()`. */
export const METRICS = ["loss", "reconstruction", "kl", "gradientNorm"] as const;

/** See the module. Dispose of it to free its memory. */
export class VaeTrainer implements Trainer<ImageBatch> {
  /** The model in evaluation mode, with the parameters as they are at the moment. */
  readonly inference: VaeInference;

  private constructor(
    readonly device: Device,
    readonly options: VaeTrainerOptions,
    readonly vae: Vae,
    private readonly state: AdamState,
    private readonly program: Program,
  ) {
    const images = imageShape(options);
    this.inference = VaeInference.over(device, {
      vae,
      parameters: state.parameters,
      images,
      precision: options.precision ?? "f32",
    });
  }

  /**
   * Allocates and initialises a model and compiles its training step.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   * @throws {OutOfMemoryError} before anything is allocated, where that can be known.
   */
  static async create(device: Device, options: VaeTrainerOptions): Promise<VaeTrainer> {
    const vae = new Vae(options.config);
    const { precision = "f32" } = options;
    const specs = declareParameters((scope) => vae.declare(scope));
    const state = AdamState.create(device, { specs, seed: options.seed, precision });
    try {
      const program = await compile(device, () => buildStep(vae, { state, options }), {
        name: "training step",
        checkNumerics: options.checkNumerics ?? false,
        precision,
        ...(options.onPlan ? { onPlan: options.onPlan } : {}),
      });
      return new VaeTrainer(device, options, vae, state, program);
    } catch (error) {
      state[Symbol.dispose]();
      throw error;
    }
  }

  get parameters(): Parameters {
    return this.state.parameters;
  }

  get memory(): ProgramMemory {
    return this.program.memory;
  }

  get dispatchCount(): number {
    return this.program.dispatchCount;
  }

  step(batch: ImageBatch, settings: StepSettings): void {
    const { missingViews } = this.options;
    const { pixels, absent } = missingViews && batch.present
      ? fillAbsent({ pixels: batch.pixels, present: batch.present }, { views: this.vae.views })
      : { pixels: batch.pixels, absent: [] };
    const run = () => this.program.run(...this.#given({ ...batch, pixels }, settings));
    const isAbsent = (name: string) =>
      absent.some((m) => name.startsWith(`encoders.${m}.`) || name.startsWith(`decoders.${m}.`));
    this.parameters.preserveStatistics(isAbsent, run);
  }

  /**
   * Does one step on a batch without absent views, and gives the GPU's time for each dispatch of it.
   *
   * @throws {TypeError} where the adapter has no timestamps.
   */
  profile(batch: ImageBatch, settings: StepSettings): Promise<ProfileEntry[]> {
    return this.program.profile(...this.#given(batch, settings));
  }

  /**
   * Loss, reconstruction, KL and gradient norm of every step since the last call.
   *
   * @throws {NonFiniteError} for a trainer made with `checkNumerics`, naming the first op with a result that is not finite.
   */
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

  /** Posteriors of a batch in evaluation mode; see {@link VaeInference.encode}. */
  encode(pixels: Pixels): Promise<EncodedBatch> {
    return this.inference.encode(pixels);
  }

  /** Reconstructions and translations of a batch in evaluation mode; see {@link VaeInference.decode}. */
  decode(pixels: Pixels): Promise<Float32Array[][]> {
    return this.inference.decode(pixels);
  }

  read(): Promise<Map<string, HostTensor>> {
    return this.state.read();
  }

  write(state: ReadonlyMap<string, HostTensor>): void {
    this.state.write(state);
  }

  [Symbol.dispose](): void {
    for (const owned of [this.inference, this.program, this.state]) owned[Symbol.dispose]();
  }

  /** What the program is run with. */
  #given(batch: ImageBatch, settings: StepSettings): [Record<string, InputData>, RunOptions] {
    const { alpha, beta, step } = settings;
    const { epsilon, seed } = this.options;
    return [{
      ...pixelInputs(batch.pixels),
      alpha,
      beta,
      ...AdamState.inputs({ ...settings, ...(epsilon === undefined ? {} : { epsilon }) }),
      ...this.#components(batch, step),
      ...(batch.present ? { present: batch.present } : {}),
      ...(batch.noise ? { noise: batch.noise } : {}),
    }, { step, seed }];
  }

  #components({ present }: ImageBatch, step: number): Record<string, InputData> {
    const { aggregation } = this.vae.method;
    if (!this.vae.drawsComponents || !aggregation) return {};
    const { batchSize: samples, seed } = this.options;
    const stream = Scope.declaring().stream("components");
    const draw = { aggregation, views: this.vae.views, samples, seed, stream, step };
    return { assignment: drawComponents({ ...draw, ...(present ? { present } : {}) }) };
  }
}

function imageShape({ config, batchSize, floatImages = false }: VaeTrainerOptions): ImageShape {
  return { views: config.views, imageSize: config.imageSize, batchSize, floatImages };
}

function buildStep(vae: Vae, context: { state: AdamState; options: VaeTrainerOptions }) {
  const { state, options } = context;
  const { batchSize, config } = options;
  const scope = Scope.bound(state.parameters.source, { training: true });
  const noiseShape = [vae.views, batchSize, config.latentDim];
  const { loss, reconstruction, kl } = vae.terms(scope, {
    images: imageTensors(imageShape(options)),
    noise: options.givenNoise
      ? input("noise", { shape: noiseShape })
      : randomNormal(noiseShape, { stream: scope.stream("reparameterisation") }),
    alpha: input("alpha", { shape: [1] }),
    beta: input("beta", { shape: [] }),
    ...(options.missingViews ? { present: input("present", { shape: [vae.views, batchSize] }) } : {}),
    ...(vae.drawsComponents ? { assignment: input("assignment", { shape: [batchSize], dtype: "u32" }) } : {}),
  });
  const { gradient, metrics } = state.minimize(loss);
  return {
    metrics: { loss, reconstruction, kl, ...metrics },
    ...(options.keepGradients ? { outputs: { gradient: gradient() } } : {}),
  };
}
