/**
 * Training of a model written as a function.
 *
 * The model is a function from a {@link Scope} and named input tensors to outputs; the loss is a function from these
 * outputs and the inputs to a scalar. Both only build a graph: they run a few times when the trainer is created and not
 * during training. A step is one compiled program, so inputs have fixed shapes.
 *
 * @example Fit a line
 * ```ts
 * import { createTrainer, layers } from "./mod.ts";
 * import { adam, Device, mean, square, sub } from "../runtime/mod.ts";
 *
 * using device = await Device.open();
 * using trainer = await createTrainer(device, {
 *   inputs: { x: [4, 1], y: [4, 1] },
 *   model: (scope, { x }) => layers.linear(scope, x, { outputs: 1 }),
 *   loss: (prediction, { y }) => mean(square(sub(prediction, y))),
 *   optimizer: adam({ learningRate: 0.1 }),
 * });
 * const x = Float32Array.of(0, 1, 2, 3);
 * for (let step = 0; step < 300; step++) trainer.step({ x, y: x.map((v) => 2 * v + 1) });
 * console.log((await trainer.metrics()).at(-1)); // { step: 299, loss: ..., gradientNorm: ... }
 * console.log(await trainer.run({ x: Float32Array.of(10) })); // about [21]
 * ```
 *
 * @module
 */
import {
  type AverageSettings,
  compile,
  type ComputeType,
  decodeSafetensors,
  type Device,
  encodeSafetensors,
  type InputData,
  type MetricsEntry,
  type Optimizer,
  type Precision,
  type Program,
  ProgramCache,
  type ProgramMemory,
  type ProgramResults,
  Tensor,
  toFloat32,
} from "../runtime/mod.ts";
import type { HostTensor, Parameters } from "./layers/parameters.ts";
import { Scope } from "./layers/scope.ts";
import {
  batchSizeOf,
  declaredSize,
  type InputSpecs,
  inputTensors,
  isBatched,
  requireInputs,
  requireParts,
} from "./model_inputs.ts";
import { rowsOf } from "./split_batch.ts";
import type { BatchPart } from "./methods/component_draw.ts";
import type { StepSettings, Trainable } from "./trainable.ts";
import { createStepTrainer, type StepTrainer } from "./trainer.ts";

/** What a model returns: one tensor or several by name. */
export type ModelOutput = Tensor | Readonly<Record<string, Tensor>>;

/** The values of a model's outputs. */
export type OutputValues<O extends ModelOutput> = O extends Tensor ? Float32Array
  : { readonly [K in keyof O]: Float32Array };

/** A model, its loss and its optimiser. */
export interface TrainerOptions<I extends InputSpecs, O extends ModelOutput> {
  /** Shapes of the inputs. */
  readonly inputs: I;
  /** Builds the outputs; `scope.training` is false in {@link Trainer.run}. */
  readonly model: (scope: Scope, inputs: { readonly [K in keyof I]: Tensor }) => O;
  /** Builds the loss, a scalar; or an object with `loss` and other scalars to log. */
  readonly loss: (
    output: O,
    inputs: { readonly [K in keyof I]: Tensor },
  ) => Tensor | { readonly loss: Tensor; readonly [metric: string]: Tensor };
  /** The optimiser, such as `adam({ learningRate: 1e-3 })`. */
  readonly optimizer: Optimizer;
  /** Seed of the initial parameters and of all randomness in the steps; 0 by default. */
  readonly seed?: number;
  /**
   * Micro-batches of a step, 1 by default. Inputs are declared for whole batches; `model` and `loss` get their part of
   * each input that has a batch axis, and a step uses the mean of the parts' gradients, in the memory of one part.
   */
  readonly accumulate?: number;
  /** Keep an exponential moving average of the weights, which {@link Trainer.run} and exports use; none by default. */
  readonly average?: AverageSettings;
  /** How feature maps and their gradients are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
  /** What products of training steps multiply, `f32` by default; see `CompileOptions.compute`. */
  readonly compute?: ComputeType;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /** Called with the memory of the training step before any is allocated. */
  readonly onPlan?: (memory: ProgramMemory) => void;
}

/** The metrics of one step: its number, `loss`, `gradientNorm` and what else the loss returned. */
export type StepMetrics = Readonly<Record<string, number>> & { readonly step: number; readonly loss: number };

/** Steps between readbacks of metrics; the engine keeps those of 1,024 steps. */
const READ_EVERY = 512;
/** Readbacks whose metrics are kept until they are asked for. */
const KEPT_READBACKS = 128;
/** Compiled evaluations that are kept: one for each batch size. */
const KEPT_PROGRAMS = 8;

/**
 * Allocates and initialises a model's parameters and compiles its training step.
 *
 * @throws {TypeError | RangeError} naming the op and the shapes that do not fit, or an input or output that is not one.
 * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
 */
export async function createTrainer<const I extends InputSpecs, O extends ModelOutput>(
  device: Device,
  options: TrainerOptions<I, O>,
): Promise<Trainer<I, O>> {
  requireInputs(options.inputs);
  requireParts(options);
  const {
    optimizer,
    seed = 0,
    accumulate = 1,
    average,
    precision = "f32",
    compute = "f32",
    checkNumerics = false,
    onPlan,
  } = options;
  const trainer = await createStepTrainer(device, {
    model: new FunctionModel(options),
    optimizer,
    seed,
    accumulate,
    average,
    precision,
    compute,
    checkNumerics,
    ...(onPlan ? { onPlan } : {}),
  });
  return new Trainer(trainer, options);
}

/** A model in training, made by {@link createTrainer}. Dispose of it to free its memory. */
export class Trainer<I extends InputSpecs, O extends ModelOutput> implements Disposable {
  #steps = 0;
  #unread = 0;
  #readbacks: Promise<MetricsEntry[]>[] = [];
  readonly #programs = new ProgramCache(KEPT_PROGRAMS);
  /** What the model returns, known once it has been compiled for evaluation. */
  #returns: { readonly names: readonly string[]; readonly single: boolean } = { names: [], single: true };

  /** Use {@link createTrainer}. */
  constructor(
    private readonly trainer: StepTrainer<Readonly<Record<string, InputData>>>,
    private readonly options: TrainerOptions<I, O>,
  ) {}

  /** Number of steps done. */
  get steps(): number {
    return this.#steps;
  }

  /** The model's parameters and running statistics. */
  get parameters(): Parameters {
    return this.trainer.parameters;
  }

  /** GPU memory of the training step. */
  get memory(): ProgramMemory {
    return this.trainer.memory;
  }

  /**
   * Does one step on a batch without waiting for the GPU.
   *
   * @throws {TypeError | RangeError} for an input that is missing, unknown or of the wrong size.
   * @throws {EngineError} for errors of earlier steps.
   */
  step(batch: { readonly [K in keyof I]: InputData }): void {
    const learningRate = this.options.optimizer.learningRate(this.#steps);
    this.trainer.step(batch, { step: this.#steps, learningRate, alpha: 0, beta: 1 });
    this.#steps++;
    if (++this.#unread >= READ_EVERY) this.#readBack();
  }

  /**
   * The metrics of every step since the last call (of the last 65,536 steps at most). Waits for the GPU, so call it
   * only once in many steps.
   *
   * @throws {NonFiniteError} with `checkNumerics`, naming the first op whose result is not finite.
   */
  async metrics(): Promise<StepMetrics[]> {
    this.#readBack();
    const readbacks = this.#readbacks;
    this.#readbacks = [];
    const entries = (await Promise.all(readbacks)).flat();
    return entries.map(({ step, values }) => ({ ...values, step }) as unknown as StepMetrics);
  }

  /**
   * The model's outputs for a batch in evaluation mode: dropout does nothing, batch norm uses running statistics, and
   * the weights are the moving average if one is kept.
   * Inputs that only the loss uses may be left out. The batch may have another size than in training; each size is
   * compiled once.
   *
   * @throws {TypeError | RangeError} for an input that is missing, unknown or of the wrong size.
   */
  async run(batch: { readonly [K in keyof I]?: InputData }): Promise<OutputValues<O>> {
    const size = batchSizeOf(this.options.inputs, batch as Readonly<Record<string, InputData>>);
    const program = await this.#programs.get(
      String(size),
      () =>
        this.compile((scope) => {
          const { tensors, single } = outputsOf(this.options.model(scope, inputTensors(this.options.inputs, size)));
          this.#returns = { names: Object.keys(tensors), single };
          return { outputs: tensors };
        }),
    );
    const { names, single } = this.#returns;
    program.run(batch as Readonly<Record<string, InputData>>, { seed: this.options.seed ?? 0 });
    const values = await program.read(...names);
    const result = single ? values[0] : Object.fromEntries(names.map((name, i) => [name, values[i]]));
    return result as OutputValues<O>;
  }

  /**
   * Compiles another function of the model's parameters, in evaluation mode: the decoder of a VAE alone, for example.
   * The program uses the parameters (the moving average if one is kept) as they are when it runs; the caller disposes
   * of it.
   *
   * @param build Builds the results from a scope that has the parameters by the names under which the model asked for
   * them.
   */
  async compile(build: (scope: Scope) => ProgramResults): Promise<Program> {
    const { precision = "f32" } = this.options;
    const { source } = this.trainer.evaluated;
    return await compile(this.trainer.device, () => build(Scope.bound(source, { training: false })), {
      name: "evaluation",
      precision,
    });
  }

  /**
   * The model's state_dict: parameters and running statistics by name, in PyTorch's layouts; the moving average if one
   * is kept.
   */
  async read(): Promise<Map<string, HostTensor>> {
    return await this.trainer.evaluated.read();
  }

  /** The whole state as a safetensors file: the state_dict, the optimiser's moments, the average and the step. */
  async save(): Promise<Uint8Array> {
    return encodeSafetensors(await this.trainer.read(), { steps: String(this.#steps) });
  }

  /**
   * Restores a file from {@link save}, after which training continues bit for bit, or a state_dict from elsewhere,
   * for which moments and step start at zero.
   *
   * @throws {SafetensorsError} if the bytes are not a safetensors file.
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  load(file: Uint8Array): void {
    const { tensors, metadata } = decodeSafetensors(file);
    const state = [...tensors].map(([name, raw]): [string, HostTensor] => [
      name,
      { shape: raw.shape, data: toFloat32(raw) },
    ]);
    this.trainer.write(new Map(state));
    const steps = Number(metadata.get("steps") ?? 0);
    this.#steps = Number.isSafeInteger(steps) && steps >= 0 ? steps : 0;
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
    this.trainer[Symbol.dispose]();
  }

  #readBack(): void {
    if (this.#unread === 0) return;
    this.#unread = 0;
    const readback = this.trainer.readMetrics();
    // A failure is reported by the next step or by metrics().
    readback.catch(() => {});
    this.#readbacks.push(readback);
    if (this.#readbacks.length > KEPT_READBACKS) this.#readbacks.shift();
  }
}

/** A model of functions as the step's trainer takes it. */
class FunctionModel<I extends InputSpecs, O extends ModelOutput>
  implements Trainable<Readonly<Record<string, InputData>>> {
  constructor(private readonly options: TrainerOptions<I, O>) {}

  declare(scope: Scope): void {
    outputsOf(this.options.model(scope, inputTensors(this.options.inputs)));
  }

  loss(scope: Scope): { loss: Tensor; readonly [metric: string]: Tensor } {
    const tensors = inputTensors(this.options.inputs, this.#samples);
    const found = this.options.loss(this.options.model(scope, tensors), tensors);
    const terms = found instanceof Tensor ? { loss: found } : found;
    for (const [name, term] of Object.entries(terms)) {
      if (!(term instanceof Tensor) || term.size !== 1) {
        const shape = term instanceof Tensor ? `a tensor of shape [${term.shape.join(", ")}]` : typeof term;
        throw new TypeError(`loss must return scalars, but ${name} is ${shape}; reduce it with mean() or sum()`);
      }
    }
    return terms;
  }

  inputs(
    batch: Readonly<Record<string, InputData>>,
    _settings: StepSettings,
    micro: BatchPart,
  ): { values: Record<string, InputData> } {
    if (micro.of === 1) return { values: { ...batch } };
    const { inputs } = this.options;
    const values = Object.entries(batch).map(([name, value]) => {
      const spec = inputs[name];
      const isWhole = typeof value === "number" || !spec || !isBatched(inputs, spec);
      return [name, isWhole ? value : rowsOf(value, { part: micro, samples: this.#samples })];
    });
    return { values: Object.fromEntries(values) };
  }

  /** Samples of a micro-batch. */
  get #samples(): number {
    return declaredSize(this.options.inputs) / (this.options.accumulate ?? 1);
  }
}

/** What a model returned, by name, and whether it is one tensor. */
function outputsOf(output: ModelOutput): { tensors: Record<string, Tensor>; single: boolean } {
  const single = output instanceof Tensor;
  const tensors: Record<string, Tensor> = single ? { output } : { ...output };
  const names = Object.keys(tensors);
  const bad = names.find((name) => !(tensors[name] instanceof Tensor));
  if (names.length === 0 || bad !== undefined) {
    throw new TypeError(
      bad === undefined
        ? "a model must return a tensor or an object of tensors, but it returned none"
        : `a model must return a tensor or an object of tensors, but ${bad} is not one`,
    );
  }
  return { tensors, single };
}
