/**
 * A model's state on the GPU: trained parameters in one slab, running statistics in another; converted to and from
 * files' layouts when read and written.
 *
 * @module
 */
import {
  createSlab,
  type Device,
  randomNormalData,
  randomUniformData,
  type Shape,
  type Slab,
  type State,
  type Tensor,
} from "../../runtime/mod.ts";
import { type ParameterSource, type ParameterSpec, Scope } from "./scope.ts";

/** A tensor on the host, in a file's layout. */
export interface HostTensor {
  /** Shape in the file's layout. */
  readonly shape: Shape;
  /** Values in row-major order. */
  readonly data: Float32Array;
}

/** Lists the parameters that a network requests. */
export function declareParameters(build: (scope: Scope) => void): ParameterSpec[] {
  const scope = Scope.declaring();
  build(scope);
  return scope.specs;
}

/** The state of a model. */
export class Parameters implements Disposable {
  readonly #states = new Map<string, State>();

  private constructor(
    readonly specs: readonly ParameterSpec[],
    /** All trained parameters, in the order of `specs`. */
    readonly trained: Slab,
    readonly statistics: Slab,
  ) {
    for (const state of [...trained.states, ...statistics.states]) this.#states.set(state.name, state);
  }

  /**
   * Allocates and initialises parameters; equal seeds give equal values.
   *
   * @param options.seed Seed of the initial values.
   */
  static create(device: Device, options: { specs: readonly ParameterSpec[]; seed: number }): Parameters {
    const { specs, seed } = options;
    const trained = createSlab(device, { name: "parameters", entries: specs.filter((spec) => spec.trained) });
    const statistics = createSlab(device, { name: "statistics", entries: specs.filter((spec) => !spec.trained) });
    const made = new Parameters(specs, trained, statistics);
    specs.forEach((spec, index) => made.state(spec.name).write(initialValue(spec, { seed, index })));
    return made;
  }

  /** Number of trained values. */
  get count(): number {
    return this.trained.states.reduce((total, state) => total + state.size, 0);
  }

  /** The trained parameters' symbolic tensors, in slab order. */
  get tensors(): Tensor[] {
    return this.trained.states.map((state) => state.tensor);
  }

  /** For {@link Scope.bound}. */
  get source(): ParameterSource {
    return (name) => this.state(name);
  }

  /**
   * The state of a parameter or running statistic.
   *
   * @throws {RangeError} for a name that the model does not have.
   */
  state(name: string): State {
    const found = this.#states.get(name);
    if (!found) throw new RangeError(`the model has no parameter ${name}`);
    return found;
  }

  /** Copies everything to the host, in files' layouts, by name. */
  async read(): Promise<Map<string, HostTensor>> {
    const [trained, statistics] = [await this.trained.whole.read(), await this.statistics.whole.read()];
    return new Map(this.specs.map((spec) => {
      const state = this.state(spec.name);
      const slab = spec.trained ? trained : statistics;
      return [spec.name, toFile(spec, slab.slice(state.offset, state.offset + state.size))];
    }));
  }

  /** The parts of a slab laid out as the trained parameters (gradients, moments), in files' layouts, by parameter. */
  fromSlab(slab: Float32Array): Map<string, HostTensor> {
    return new Map(
      this.specs.filter((spec) => spec.trained).map((spec) => {
        const { offset, size } = this.state(spec.name);
        return [spec.name, toFile(spec, slab.slice(offset, offset + size))];
      }),
    );
  }

  /**
   * Sets every parameter from tensors in files' layouts.
   *
   * @throws {RangeError} naming the tensors that are missing, unknown or of another shape; nothing is changed in that
   * case.
   */
  write(tensors: ReadonlyMap<string, HostTensor>): void {
    const missing = this.specs.filter((spec) => !tensors.has(spec.name));
    if (missing.length) {
      throw new RangeError(
        `the state lacks ${missing.length} of the model's tensors, the first is ${missing[0]!.name}`,
      );
    }
    const known = new Set(this.specs.map((spec) => spec.name));
    const unknown = [...tensors.keys()].filter((name) => !known.has(name) && !name.endsWith("num_batches_tracked"));
    if (unknown.length) {
      throw new RangeError(`the state has ${unknown.length} tensors that the model lacks, the first is ${unknown[0]}`);
    }
    const values = this.specs.map((spec) => fromFile(spec, tensors.get(spec.name)!));
    this.specs.forEach((spec, i) => this.state(spec.name).write(values[i]!));
  }

  /** Submits work to the GPU, then restores the selected running statistics to their values before it. */
  preserveStatistics(isPreserved: (name: string) => boolean, work: () => void): void {
    const preserved = this.statistics.states.filter(({ name }) => isPreserved(name));
    if (preserved.length === 0) return work();
    const { device, buffer } = this.statistics.whole;
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const kept = device.allocate(buffer.size, { label: "kept statistics", usage });
    copyStates(device, { states: preserved, from: buffer, to: kept });
    work();
    copyStates(device, { states: preserved, from: kept, to: buffer });
    device.free(kept);
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.trained[Symbol.dispose]();
    this.statistics[Symbol.dispose]();
  }
}

function copyStates(device: Device, options: { states: readonly State[]; from: GPUBuffer; to: GPUBuffer }): void {
  const { states, from, to } = options;
  const encoder = device.gpu.createCommandEncoder({ label: "statistics" });
  for (const { offset, size } of states) encoder.copyBufferToBuffer(from, offset * 4, to, offset * 4, size * 4);
  device.gpu.queue.submit([encoder.finish()]);
}

/**
 * Initial values are drawn at a step number that no training step reaches, so that they share no numbers with layers.
 */
function initialValue(spec: ParameterSpec, options: { seed: number; index: number }): Float32Array {
  const { initializer, shape } = spec;
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (initializer.kind === "zeros") return new Float32Array(size);
  if (initializer.kind === "ones") return new Float32Array(size).fill(1);
  if (initializer.kind === "constant") return new Float32Array(size).fill(initializer.value);
  const key = { seed: options.seed, stream: options.index, step: 0xffffffff };
  if (initializer.kind === "normal") {
    const { deviation = 1 } = initializer;
    const normal = randomNormalData(size, key);
    return deviation === 1 ? normal : normal.map((value) => value * deviation);
  }
  const bound = 1 / Math.sqrt(initializer.fanIn);
  const uniform = randomUniformData(size, key);
  return uniform.map((u) => (2 * u - 1) * bound);
}

/** Shape in a file of a tensor with engine shape [kh, kw, in, out]. */
export function fileShape(spec: ParameterSpec): Shape {
  const [kh, kw, inputs, outputs] = spec.shape;
  if (spec.layout === "conv") return [outputs!, inputs!, kh!, kw!];
  if (spec.layout === "conv-transpose") return [inputs!, outputs!, kh!, kw!];
  if (spec.layout === "conv1d") return [outputs!, inputs!, kw!];
  if (spec.layout === "conv-transpose1d") return [inputs!, outputs!, kw!];
  return spec.shape;
}

/** HWIO to OIHW (conv) or IOHW (transposed conv), without the height of 1 in one dimension. */
function toFile(spec: ParameterSpec, data: Float32Array): HostTensor {
  const shape = fileShape(spec);
  if (spec.layout === "same") return { shape, data };
  const result = new Float32Array(data.length);
  reorder(spec, (engine, file) => (result[file] = data[engine]!));
  return { shape, data: result };
}

function fromFile(spec: ParameterSpec, tensor: HostTensor): Float32Array {
  const shape = fileShape(spec);
  if (shape.length !== tensor.shape.length || shape.some((size, axis) => size !== tensor.shape[axis])) {
    throw new RangeError(
      `tensor ${spec.name} has shape [${tensor.shape.join(", ")}], but the model needs [${shape.join(", ")}]`,
    );
  }
  if (spec.layout === "same") return tensor.data;
  const result = new Float32Array(tensor.data.length);
  reorder(spec, (engine, file) => (result[engine] = tensor.data[file]!));
  return result;
}

/** Visits every element with its position in the engine's layout and in the file's. */
function reorder(spec: ParameterSpec, visit: (engine: number, file: number) => void): void {
  const [kh, kw, inputs, outputs] = spec.shape as [number, number, number, number];
  const outputsFirst = spec.layout === "conv" || spec.layout === "conv1d";
  let engine = 0;
  for (let y = 0; y < kh; y++) {
    for (let x = 0; x < kw; x++) {
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) {
          const channels = outputsFirst ? o * inputs + i : i * outputs + o;
          visit(engine++, (channels * kh + y) * kw + x);
        }
      }
    }
  }
}
