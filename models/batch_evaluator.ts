/**
 * A model in training, evaluated on held-out batches: a program in evaluation mode on the trainer's own parameters.
 *
 * @module
 */
import { compile, type Device, type Precision, type Program } from "../runtime/mod.ts";
import type { Parameters } from "./layers/parameters.ts";
import { Scope } from "./layers/scope.ts";
import type { StepSettings, Trainable } from "./trainable.ts";

/** Options of {@link BatchEvaluator.create}. */
export interface BatchEvaluatorOptions<B> {
  /** The model, on batches of the size to evaluate. */
  readonly model: Trainable<B>;
  /** Its parameters, usually those of a trainer; they are read and never changed. */
  readonly parameters: Parameters;
  /** Seed of the noise. */
  readonly seed: number;
  /** How feature maps are stored, `f32` by default. */
  readonly precision?: Precision;
}

/** Results on one batch. */
export interface EvaluatedBatch {
  /** The scalars, `loss` among them. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The outputs of {@link Trainable.evaluation}, by name. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

/** Batches whose results are read back together. */
const READ_TOGETHER = 32;
/** Steps of evaluations start here, which no training reaches, so that they share no random numbers. */
const FIRST_STEP = 2 ** 31;

/**
 * Evaluates batches with running statistics and without dropout. Noise, where the objective has any, is keyed by the
 * number of the batch: equal parameters and batches give equal results. Dispose of it to free its memory.
 */
export class BatchEvaluator<B> implements Disposable {
  private constructor(
    private readonly device: Device,
    private readonly program: Program,
    private readonly options: BatchEvaluatorOptions<B>,
    private readonly names: { readonly metrics: readonly string[]; readonly outputs: readonly string[] },
  ) {}

  /**
   * Compiles the model in evaluation mode.
   *
   * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
   */
  static async create<B>(device: Device, options: BatchEvaluatorOptions<B>): Promise<BatchEvaluator<B>> {
    const { model, parameters, precision = "f32" } = options;
    let names = { metrics: [] as string[], outputs: [] as string[] };
    const program = await compile(device, () => {
      const scope = Scope.bound(parameters.source, { training: false });
      const { metrics, outputs } = model.evaluation?.(scope) ?? { metrics: model.loss(scope), outputs: {} };
      names = { metrics: Object.keys(metrics), outputs: Object.keys(outputs) };
      // Scalars are read with the outputs, because each readback takes over ten milliseconds.
      return { outputs: { ...outputs, ...prefixed(metrics) } };
    }, { name: "validation", precision, tuned: false });
    return new BatchEvaluator(device, program, options, names);
  }

  /**
   * Evaluates batches in order.
   *
   * @param settings Weights of the objective; the step is that of the batch.
   */
  async evaluate(
    batches: AsyncIterable<B> | Iterable<B>,
    settings: Omit<StepSettings, "step">,
  ): Promise<EvaluatedBatch[]> {
    const results: EvaluatedBatch[] = [];
    const parts = [...this.names.outputs, ...this.names.metrics.map(metricName)]
      .map((name) => this.program.output(name));
    const bytes = parts.reduce((total, part) => total + part.bytes, 0);
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const gathered = this.device.allocate(bytes * READ_TOGETHER, { label: "validation results", usage });
    try {
      let held = 0;
      const read = async () => {
        if (held === 0) return;
        const data = await this.device.readBuffer(gathered, { bytes: bytes * held });
        for (let i = 0; i < held; i++) results.push(this.#unpack(new Float32Array(data, i * bytes, bytes / 4), parts));
        held = 0;
      };
      let number = 0;
      for await (const batch of batches) {
        const step = FIRST_STEP + number++;
        const { values } = this.options.model.inputs(batch, { ...settings, step });
        this.program.run(values, { step, seed: this.options.seed });
        const encoder = this.device.gpu.createCommandEncoder({ label: "validation" });
        let offset = held * bytes;
        for (const part of parts) {
          encoder.copyBufferToBuffer(part.buffer, part.offset, gathered, offset, part.bytes);
          offset += part.bytes;
        }
        this.device.submit(encoder, "results of a validation batch");
        if (++held === READ_TOGETHER) await read();
      }
      await read();
      return results;
    } finally {
      this.device.free(gathered);
    }
  }

  #unpack(data: Float32Array, parts: readonly { readonly bytes: number }[]): EvaluatedBatch {
    const { metrics, outputs } = this.names;
    let at = 0;
    const each = parts.map((part) => data.slice(at, at += part.bytes / 4));
    return {
      outputs: Object.fromEntries(outputs.map((name, i) => [name, each[i]!])),
      metrics: Object.fromEntries(metrics.map((name, i) => [name, each[outputs.length + i]![0]!])),
    };
  }

  /** Frees the GPU memory; the parameters stay. */
  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
  }
}

function metricName(name: string): string {
  return `metric ${name}`;
}

function prefixed<T>(metrics: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [metricName(name), value]));
}
