/**
 * Inference with a trained model's encoders alone.
 *
 * @module
 */
import { compile, type Device, type Precision, type Program } from "../../runtime/mod.ts";
import { declareParameters, type HostTensor, Parameters } from "../layers/parameters.ts";
import { Scope } from "../layers/scope.ts";
import { evaluatedState } from "../training_state.ts";
import type { BatchViews } from "../view_batch.ts";
import { type BatchShape, viewInputs, viewTensors } from "../view_inputs.ts";
import { ViewEncoders, type ViewEncodersConfig } from "./view_encoders.ts";

/** Options of {@link EncoderInference.open}. */
export interface EncoderInferenceOptions {
  /** The encoders. */
  readonly config: ViewEncodersConfig;
  /** Samples in every batch. */
  readonly batchSize: number;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** Seed of the initial parameters, 0 by default; {@link EncoderInference.write} replaces them. */
  readonly seed?: number;
  /** How feature maps are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
}

/** Encoders in evaluation mode. Dispose of it to free its memory. */
export class EncoderInference implements Disposable {
  private constructor(
    readonly device: Device,
    readonly encoders: ViewEncoders,
    readonly parameters: Parameters,
    readonly shape: BatchShape,
    private readonly program: Program,
  ) {}

  /**
   * Opens encoders with initial parameters; {@link write} sets trained ones.
   *
   * @throws {RangeError} for a network or size that does not exist.
   */
  static async open(device: Device, options: EncoderInferenceOptions): Promise<EncoderInference> {
    const { config, batchSize, floatImages = false, seed = 0, precision = "f32" } = options;
    const encoders = new ViewEncoders(config);
    const parameters = Parameters.create(device, {
      specs: declareParameters((scope) => encoders.declare(scope)),
      seed,
    });
    const { views, imageSize, texts } = config;
    const shape = { views, imageSize, batchSize, floatImages, ...(texts ? { texts } : {}) };
    try {
      const program = await compile(device, () => {
        const each = encoders.encode(Scope.bound(parameters.source, { training: false }), viewTensors(shape));
        return { outputs: Object.fromEntries(each.map((latents, m) => [`view ${m}`, latents])) };
      }, { name: "encode", precision });
      return new EncoderInference(device, encoders, parameters, shape, program);
    } catch (error) {
      parameters[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Sets the parameters from a training state of any model with these encoders; what else it has is ignored.
   *
   * @throws {RangeError} naming what is missing or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    const own = new Set(this.parameters.specs.map(({ name }) => name));
    this.parameters.write(new Map([...evaluatedState(state)].filter(([name]) => own.has(name))));
  }

  /** Latents of a batch, `mu`: per view [N, `encoders.widths`]. */
  async encode(batch: BatchViews): Promise<{ mu: Float32Array[] }> {
    this.program.run(viewInputs(batch));
    return { mu: await this.program.read(...this.shape.views.map((_, m) => `view ${m}`)) };
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}
