/**
 * Inference with a multimodal VAE: posteriors before and after aggregation, reconstructions, and translations of one
 * view into another. `samples.ts` draws new images, `log_likelihood.ts` estimates likelihoods.
 *
 * Everything runs in evaluation mode (running statistics, no dropout), in batches of one size; programs are compiled on
 * first use.
 *
 * @module
 */
import {
  compile,
  concat,
  type Device,
  input,
  type InputData,
  pad,
  type Precision,
  type Program,
  ProgramCache,
  type ProgramResults,
  reshape,
  slice,
  type Tensor,
  where,
} from "../../runtime/mod.ts";
import { evaluatedState } from "../training_state.ts";
import { drawComponents } from "../methods/component_draw.ts";
import type { BatchViews } from "../view_batch.ts";
import { type BatchShape, viewInputs, viewTensors } from "../view_inputs.ts";
import { likelihoodMean, probableTokens } from "../layers/likelihoods.ts";
import type { AggregateContext, Method } from "../methods/method.ts";
import { joined, privateDims, sharedDims } from "../methods/private_latents.ts";
import { declareParameters, type HostTensor, Parameters } from "../layers/parameters.ts";
import { Scope } from "../layers/scope.ts";
import { Vae, type VaeConfig } from "./vae.ts";

/**
 * Latents of a batch: one posterior per view. With private latents these are the last dimensions, after the shared
 * ones.
 */
export interface EncodedBatch {
  /** Per view [N, D]. */
  readonly mu: readonly Float32Array[];
  /** Natural logarithm of the variance, [N, D] for each view. */
  readonly logvar: readonly Float32Array[];
}

/** Options of {@link VaeInference.open}. */
export interface VaeInferenceOptions {
  /** The model. */
  readonly config: VaeConfig;
  /** Samples in every batch. */
  readonly batchSize: number;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** Seed of the initial parameters, 0 by default; {@link VaeInference.write} replaces them. */
  readonly seed?: number;
  /** How feature maps are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
}

/** The key of the random numbers. */
export interface DrawOptions {
  /** 0 by default. */
  readonly seed?: number;
  /** Number of the batch, so that batches get different random numbers; 0 by default. */
  readonly step?: number;
}

/** Which views of a batch are used. */
export interface ViewSelection {
  /** Indices of the views to use, all by default. */
  readonly views?: readonly number[];
  /** 1 where a view is present, view-major [M, N]; all are by default. */
  readonly present?: Float32Array;
}

/** A model with its parameters. Dispose of it to free its memory. */
export class VaeInference implements Disposable {
  readonly #programs = new ProgramCache(Infinity);

  private constructor(
    readonly device: Device,
    readonly vae: Vae,
    readonly parameters: Parameters,
    readonly shape: BatchShape,
    private readonly precision: Precision,
  ) {}

  /**
   * Opens a model with initial parameters; {@link write} sets trained ones.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  static open(device: Device, options: VaeInferenceOptions): VaeInference {
    const { config, batchSize, floatImages = false, seed = 0, precision = "f32" } = options;
    const vae = new Vae(config);
    const specs = declareParameters((scope) => vae.declare(scope));
    const parameters = Parameters.create(device, { specs, seed });
    const { views, imageSize, texts } = config;
    const shape = { views, imageSize, batchSize, floatImages, ...(texts ? { texts } : {}) };
    return new VaeInference(device, vae, parameters, shape, precision);
  }

  /**
   * Sets the parameters from a training state; the optimiser's part is ignored.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.parameters.write(evaluatedState(state));
  }

  /** Posteriors of a batch, before aggregation. */
  async encode(batch: BatchViews): Promise<EncodedBatch> {
    const program = await this.program("encode", () => {
      const { mu, logvar } = this.vae.encode(this.scope, viewTensors(this.shape));
      return { outputs: { mu, logvar } };
    });
    program.run(viewInputs(batch));
    const [mu, logvar] = await program.read("mu", "logvar");
    const size = this.shape.batchSize * this.vae.config.latentDim;
    const byView = (data: Float32Array) =>
      Array.from({ length: this.vae.views }, (_, m) => data.slice(m * size, (m + 1) * size));
    return { mu: byView(mu!), logvar: byView(logvar!) };
  }

  /**
   * The joint posterior of a batch [N, D], after aggregation over some of the views; with private latents, that of the
   * shared ones. A mixture (MoE, MoPoE, MMVAE+) gives each sample the posterior of its component, by slices of the
   * batch or by a draw, as the model's settings say; a sample without any view gets zeros.
   *
   * @throws {RangeError} for a method that has no joint posterior.
   */
  async aggregate(
    batch: BatchViews,
    options: ViewSelection & DrawOptions = {},
  ): Promise<{ mu: Float32Array; logvar: Float32Array }> {
    const { method, drawsComponents } = this.vae;
    if (!method.aggregate) throw noJointPosterior(method);
    const program = await this.program("aggregate", () => {
      const posterior = this.vae.encode(this.scope, viewTensors(this.shape));
      const { mu, logvar } = this.vae.aggregate(posterior, this.selectionInputs({ assigned: drawsComponents }));
      return { outputs: { mu, logvar } };
    });
    program.run({ ...viewInputs(batch), ...this.selection(options, this.#drawn) });
    const [mu, logvar] = await program.read("mu", "logvar");
    return { mu: mu!, logvar: logvar! };
  }

  /**
   * Each view decoded from each view's posterior mean, `result[from][to]`: an image as the mean of its likelihood, [N,
   * S, S], a text as its most probable tokens, [N, L]. On the diagonal these are reconstructions, elsewhere
   * translations of one view into another: these take the shared latent of the one, and as private latent of the other
   * the mean of its prior, zeros.
   */
  async decode(batch: BatchViews): Promise<Float32Array[][]> {
    const { views } = this.vae;
    const each = Array.from({ length: views }, (_, m) => m);
    const name = (from: number, to: number) => `${from}-${to}`;
    const program = await this.program("decode", () => {
      const { mu } = this.vae.encode(this.scope, viewTensors(this.shape));
      const outputs = each.flatMap((from) =>
        this.#shown(this.#carried(mu, from))
          .map((output, to) => [name(from, to), output] as const)
      );
      return { outputs: Object.fromEntries(outputs) };
    });
    program.run(viewInputs(batch));
    const outputs = await program.read(...each.flatMap((from) => each.map((to) => name(from, to))));
    return each.map((from) => outputs.slice(from * views, (from + 1) * views));
  }

  /**
   * Translates one view of the batch into another: decoded as view `to` from the posterior mean of view `from`, as by
   * {@link decode}.
   *
   * @throws {RangeError} for a view that the model does not have.
   */
  async translate(batch: BatchViews, options: { from: number; to: number }): Promise<Float32Array> {
    this.requireViews([options.from, options.to]);
    return (await this.decode(batch))[options.from]![options.to]!;
  }

  /**
   * Reconstructions of the batch, one array per view as by {@link decode}: decoded from each view's own posterior mean,
   * or from the mean of the joint posterior if the method has one. Private latents are the view's own, or zeros, the
   * mean of their prior, for a view that is not used.
   */
  async reconstruct(batch: BatchViews, options: ViewSelection & DrawOptions = {}): Promise<Float32Array[]> {
    const { method: { aggregate }, privateDim, drawsComponents } = this.vae;
    if (aggregate && privateDim > 0) {
      const program = await this.program("reconstruct", () => {
        const posterior = this.vae.encode(this.scope, viewTensors(this.shape));
        const selected = this.selectionInputs({ assigned: drawsComponents });
        const { mu } = this.vae.aggregate(posterior, selected);
        const used = reshape(selected.present!, [...selected.present!.shape, 1]);
        const own = where(used, { then: privateDims(posterior.mu, privateDim), otherwise: 0 });
        return this.decoded(joined(reshape(mu, [1, ...mu.shape]), own));
      });
      program.run({ ...viewInputs(batch), ...this.selection(options, this.#drawn) });
      return await this.readDecoded(program);
    }
    if (aggregate) return await this.decodeLatents((await this.aggregate(batch, options)).mu);
    const decoded = await this.decode(batch);
    return decoded.map((to, m) => to[m]!);
  }

  /**
   * Each view as by {@link decode}, from latents [M, N, D], or from [N, D] shared by all views.
   *
   * @throws {RangeError} if the number of values does not match.
   */
  async decodeLatents(z: Float32Array): Promise<Float32Array[]> {
    const { batchSize } = this.shape;
    const { latentDim } = this.vae.config;
    const count = z.length / (batchSize * latentDim);
    if (count !== 1 && count !== this.vae.views) {
      throw new RangeError(
        `${z.length} latent values are neither one nor ${this.vae.views} vectors of ${latentDim} for each of ${batchSize} samples`,
      );
    }
    const program = await this.program(
      `decode ${count}`,
      () => this.decoded(input("z", { shape: [count, batchSize, latentDim] })),
    );
    program.run({ z });
    return await this.readDecoded(program);
  }

  /** The parameters for building graphs, in evaluation mode. */
  get scope(): Scope {
    return Scope.bound(this.parameters.source, { training: false });
  }

  /** A program that is compiled on first use and freed with the model. */
  async program(name: string, build: () => ProgramResults): Promise<Program> {
    return await this.#programs.get(name, () => compile(this.device, build, { name, precision: this.precision }));
  }

  /** The views decoded from latents [M, N, D] or [1, N, D], as outputs of a program that {@link readDecoded} reads. */
  decoded(z: Tensor): ProgramResults {
    return { outputs: Object.fromEntries(this.#shown(z).map((output, m) => [`view ${m}`, output])) };
  }

  /** See {@link decoded}. */
  readDecoded(program: Program): Promise<Float32Array[]> {
    return program.read(...this.vae.config.views.map((_, m) => `view ${m}`));
  }

  /** Declares the inputs whose values {@link selection} returns. */
  selectionInputs(options: { assigned: boolean }): AggregateContext {
    const { batchSize } = this.shape;
    const present = input("present", { shape: [this.vae.views, batchSize] });
    return options.assigned ? { present, assignment: input("assignment", { shape: [batchSize], dtype: "u32" }) } : {
      present,
    };
  }

  /** Which views are used, and for a mixture the component of each sample. */
  selection(
    options: ViewSelection & DrawOptions,
    { assigned }: { assigned?: NonNullable<Method["aggregation"]> },
  ): Record<string, InputData> {
    const { views } = this.vae;
    const { batchSize: samples } = this.shape;
    this.requireViews(options.views ?? []);
    const present = Float32Array.from({ length: views * samples }, (_, i) => {
      const chosen = options.views?.includes(Math.floor(i / samples)) ?? true;
      return chosen ? options.present?.[i] ?? 1 : 0;
    });
    if (!assigned) return { present };
    const { seed = 0, step = 0 } = options;
    const stream = this.scope.stream("components");
    return {
      present,
      assignment: drawComponents({ aggregation: assigned, views, samples, present, seed, stream, step }),
    };
  }

  /**
   * Checks the views of a request.
   *
   * @throws {RangeError} for an index that is not one of the model's views.
   */
  requireViews(views: readonly number[]): void {
    const bad = views.find((m) => !Number.isInteger(m) || m < 0 || m >= this.vae.views);
    if (bad !== undefined) {
      throw new RangeError(
        `there is no view ${bad}: the model has ${this.vae.views} (${
          this.vae.config.views.join(", ")
        }), numbered from 0`,
      );
    }
  }

  /** The mixture whose components are drawn, if they are. */
  get #drawn(): { assigned?: NonNullable<Method["aggregation"]> } {
    const { drawsComponents, method: { aggregation } } = this.vae;
    return drawsComponents && aggregation ? { assigned: aggregation } : {};
  }

  /** The latents from which each view is decoded, given posterior means [M, N, D], from those of one view. */
  #carried(mu: Tensor, from: number): Tensor {
    const { views, privateDim, sharedDim } = this.vae;
    const [, samples, width] = mu.shape as [number, number, number];
    const whole = slice(mu, { starts: [from, 0, 0], sizes: [1, samples, width] });
    if (privateDim === 0) return whole;
    const other = pad(sharedDims(whole, privateDim), [[0, 0], [0, 0], [0, width - sharedDim]]);
    return concat(Array.from({ length: views }, (_, to) => to === from ? whole : other), 0);
  }

  #shown(z: Tensor): Tensor[] {
    const { vae } = this;
    return vae.decode(this.scope, z).map((output, m) =>
      vae.texts.includes(m) ? probableTokens(output) : likelihoodMean(output, vae.config.likelihood)
    );
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}

function noJointPosterior(method: Method): RangeError {
  return new RangeError(
    `method ${method.name} keeps one posterior a view and has none after aggregation: encode its views instead`,
  );
}
