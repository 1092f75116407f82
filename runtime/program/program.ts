/**
 * A compiled graph: pipelines, memory and bind groups are created once and reused at every run.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { BufferPart } from "../device/readback.ts";
import { type NonFiniteError, OutOfMemoryError, ValidationError } from "../device/errors.ts";
import { RANDOM_COUNTERS } from "../graph/leaf.ts";
import { nonFiniteError } from "./numerics.ts";
import type { PlannedBuffer, ProgramMemory, ProgramPlan } from "../plan/program_plan.ts";
import type { TexelTextures } from "./dispatch.ts";
import { type Commands, makeBuffers, makeCommands, makeTextures } from "./program_resources.ts";
import { type DType, formatShape, type Shape, sizeOf } from "../graph/shape.ts";

/** A value for an input: a number for a tensor of one element, otherwise its elements or their bytes. */
export type InputData = number | Float32Array | Uint32Array | Uint8Array;

/** The step and the seed of a run, which key its random numbers. */
export interface RunOptions {
  /**
   * Step of the run; random ops draw new numbers at each step. By default one more than at the last run. Numbers from
   * 2^32 on stand for parts of a step: s + 2^32 p is part p of step s, and part 0 the undivided step.
   */
  readonly step?: number;
  /** Seed of the random ops, up to 2^53. */
  readonly seed?: number;
}

/** Logged scalars of one step. */
export interface MetricsEntry {
  /** Number of the step. */
  readonly step: number;
  /** Values by name. */
  readonly values: Readonly<Record<string, number>>;
}

/** GPU time of one dispatch. */
export interface ProfileEntry {
  /** Name of the kernel and its variant. */
  readonly kernel: string;
  /** Name of the op, or of the ops of a fused chain. */
  readonly op: string;
  /** Shapes of the op's inputs and outputs. */
  readonly shape: string;
  /** Start on the GPU's clock. */
  readonly startNanoseconds: number;
  /** Duration on the GPU's clock. */
  readonly nanoseconds: number;
  /** Floating-point operations, as the kernel reports them. */
  readonly flops: number;
  /** Bytes read and written at least once. */
  readonly bytes: number;
}

/** A compiled program; see `compile()`. Dispose of it to free its memory; states are not affected. */
export class Program implements Disposable {
  readonly #commands: Commands;
  readonly #inputs: ReadonlyMap<string, { buffer: PlannedBuffer; shape: Shape; dtype: DType }>;
  readonly #ring: GPUBuffer | undefined;
  #ringSteps: number[] = [];
  #step = 0;
  #nonFinite: NonFiniteError | undefined;
  #disposed = false;

  private constructor(
    readonly device: Device,
    readonly name: string,
    private readonly plan: ProgramPlan,
    private readonly buffers: readonly GPUBuffer[],
    private readonly textures: TexelTextures,
    commands: Commands,
  ) {
    this.#commands = commands;
    this.#inputs = plan.inputs;
    this.#ring = plan.ring === undefined ? undefined : buffers[plan.ring];
  }

  /** Allocates and compiles a plan; use `compile()`. */
  static async create(device: Device, options: { name: string; plan: ProgramPlan }): Promise<Program> {
    const { name, plan } = options;
    const buffers = await makeBuffers(device, options);
    let textures: TexelTextures = {};
    try {
      textures = makeTextures(device, options);
      const commands = await makeCommands(device, { name, plan, buffers, textures });
      return new Program(device, name, plan, buffers, textures, commands);
    } catch (error) {
      for (const buffer of buffers) device.free(buffer);
      freeTextures(device, textures);
      throw error;
    }
  }

  /** Bytes of GPU memory by purpose. */
  get memory(): ProgramMemory {
    return this.plan.memory;
  }

  /** Number of dispatches per run. */
  get dispatchCount(): number {
    return this.#commands.dispatches.length;
  }

  /** Names, shapes and types of the inputs. */
  get inputs(): { name: string; shape: Shape; dtype: DType }[] {
    return [...this.#inputs].filter(([name]) => name !== RANDOM_COUNTERS).map(([name, { shape, dtype }]) => ({
      name,
      shape,
      dtype,
    }));
  }

  /**
   * Runs the program once: writes the inputs, encodes all dispatches into one command buffer and submits it, without
   * waiting for the GPU.
   *
   * Values of declared but unused inputs are ignored.
   *
   * @throws {TypeError | RangeError} for an input that is missing, unknown or of the wrong size.
   * @throws {ValidationError | OutOfMemoryError | DeviceLostError} for errors of earlier runs.
   * @throws {NonFiniteError} if {@link checkNumerics} has found a non-finite value.
   */
  run(inputs: Readonly<Record<string, InputData>> = {}, options: RunOptions = {}): void {
    this.#requireUsable();
    const step = options.step ?? this.#step;
    this.#writeInputs(inputs, { step, seed: options.seed ?? 0 });
    const encoder = this.device.gpu.createCommandEncoder({ label: this.name });
    this.#startChecks(encoder, step);
    this.#commands.encode(encoder);
    this.#recordMetrics(encoder, step);
    this.device.submit(encoder, `program ${this.name}`);
    this.#step = step + 1;
  }

  /**
   * Reads outputs of the last run; they stay valid until the next one. Waits for the GPU.
   *
   * @throws {RangeError} for a name that is not an output.
   * @throws {NonFiniteError} as {@link checkNumerics} does.
   */
  async read(...names: string[]): Promise<Float32Array[]> {
    // Nothing may come between a run and the copy of its outputs.
    if (this.plan.watch) await this.checkNumerics();
    const sources = names.map((name) => this.#outputOf(name));
    const total = sources.reduce((bytes, source) => bytes + source.bytes, 0);
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const gathered = this.device.allocate(total, { label: "outputs", usage });
    try {
      const encoder = this.device.gpu.createCommandEncoder();
      let offset = 0;
      for (const source of sources) {
        encoder.copyBufferToBuffer(this.#bufferOf(source), source.offset, gathered, offset, source.bytes);
        offset += source.bytes;
      }
      this.device.submit(encoder, `a readback from program ${this.name}`);
      const data = await this.device.readBuffer(gathered, { bytes: total });
      let start = 0;
      return sources.map(({ bytes }) => new Float32Array(data.slice(start, start += bytes)));
    } finally {
      this.device.free(gathered);
    }
  }

  /**
   * Where an output is on the GPU, for a {@link Readback}. Its contents stay valid until the next run.
   *
   * @throws {RangeError} for a name that is not an output.
   */
  output(name: string): BufferPart {
    const found = this.#outputOf(name);
    return { buffer: this.#bufferOf(found), offset: found.offset, bytes: found.bytes };
  }

  /**
   * Waits for the GPU and checks that all results of all runs so far were finite. Does nothing if the program was
   * compiled without `checkNumerics`.
   *
   * @throws {NonFiniteError} naming the first op with a non-finite result, and the step.
   */
  async checkNumerics(): Promise<void> {
    const { watch } = this.plan;
    if (!watch) return;
    if (!this.#nonFinite) {
      const { offset, bytes } = watch.record;
      const record = new Uint32Array(await this.device.readBuffer(this.#bufferOf(watch.record), { offset, bytes }));
      this.#nonFinite = nonFiniteError(record, { program: this.name, values: watch.values });
    }
    if (this.#nonFinite) throw this.#nonFinite;
  }

  /**
   * The metrics of all runs since the last call, oldest first. Waits for the GPU, so call it only once in many steps.
   *
   * @throws {NonFiniteError} as {@link checkNumerics} does.
   */
  async readMetrics(): Promise<MetricsEntry[]> {
    if (this.plan.watch) await this.checkNumerics();
    const steps = this.#ringSteps;
    const names = [...this.plan.metrics.keys()];
    if (!this.#ring || steps.length === 0) return [];
    // The copy is queued right away, so later runs may overwrite the ring from its start.
    this.#ringSteps = [];
    const data = new Float32Array(await this.device.readBuffer(this.#ring, { bytes: steps.length * names.length * 4 }));
    return steps.map((step, row) => ({
      step,
      values: Object.fromEntries(names.map((name, i) => [name, data[row * names.length + i] ?? NaN])),
    }));
  }

  /**
   * Runs the program once with every dispatch in a separate pass, timed by GPU timestamps.
   *
   * @throws {TypeError} where the device has no timestamps.
   */
  async profile(inputs: Readonly<Record<string, InputData>> = {}, options: RunOptions = {}): Promise<ProfileEntry[]> {
    if (!this.device.hasTimestamps) {
      throw new TypeError("profile() needs the timestamp-query feature, which this adapter lacks");
    }
    this.#requireUsable();
    const step = options.step ?? this.#step;
    this.#writeInputs(inputs, { step, seed: options.seed ?? 0 });
    const times = await this.#commands.time();
    this.#step = step + 1;
    return this.#commands.dispatches.map((dispatch, i) => ({
      kernel: dispatch.kernel,
      op: dispatch.op,
      shape: dispatch.shape,
      startNanoseconds: times[i]?.start ?? 0,
      nanoseconds: times[i]?.duration ?? 0,
      flops: dispatch.flops,
      bytes: dispatch.bytes,
    }));
  }

  /** Frees the program's memory; states are not affected. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.buffers) this.device.free(buffer);
    freeTextures(this.device, this.textures);
  }

  #outputOf(name: string): PlannedBuffer {
    const found = this.plan.outputs.get(name);
    if (!found) {
      throw new RangeError(
        `program ${this.name} has no output ${name}; it has ${[...this.plan.outputs.keys()].join(", ")}`,
      );
    }
    return found;
  }

  #bufferOf(planned: PlannedBuffer): GPUBuffer {
    return planned.external ?? this.buffers[planned.buffer]!;
  }

  #requireUsable(): void {
    if (this.#disposed) throw new TypeError(`program ${this.name} has been disposed of`);
    this.device.check();
    if (this.#nonFinite) throw this.#nonFinite;
    for (const { buffer, label, dispatch } of this.#commands.borrowed) {
      if (!this.device.isFreed(buffer)) continue;
      const { kernel, op, shape } = dispatch;
      throw new ValidationError(
        kernel,
        `program ${this.name} needs ${label}, in ${op} ${shape}, but it has been disposed of: ` +
          "keep states as long as programs",
        { op, shapes: shape },
      );
    }
  }

  /** Resets the numeric checks of a run and tells them its step. */
  #startChecks(encoder: GPUCommandEncoder, step: number): void {
    const { watch } = this.plan;
    if (!watch) return;
    const words = Uint32Array.of(step >>> 0, Math.floor(step / 2 ** 32) >>> 0);
    this.device.gpu.queue.writeBuffer(this.#bufferOf(watch.record), watch.record.offset, words);
    encoder.clearBuffer(this.#bufferOf(watch.found), watch.found.offset, watch.found.bytes);
  }

  #writeInputs(inputs: Readonly<Record<string, InputData>>, options: { step: number; seed: number }): void {
    const { queue } = this.device.gpu;
    const given = new Set(Object.keys(inputs));
    for (const [name, { buffer, shape, dtype }] of this.#inputs) {
      given.delete(name);
      const value = name === RANDOM_COUNTERS ? randomWords(options) : inputs[name];
      if (value === undefined) {
        throw new TypeError(`program ${this.name} needs input ${name}, ${dtype} ${formatShape(shape)}`);
      }
      const data = typeof value === "number"
        ? (dtype === "u32" ? Uint32Array.of(value) : Float32Array.of(value))
        : value;
      if (data.byteLength !== sizeOf(shape) * 4) {
        throw new RangeError(
          `input ${name} of program ${this.name} is ${dtype} ${formatShape(shape)}, ${
            sizeOf(shape) * 4
          } bytes, but ${data.byteLength} bytes were given`,
        );
      }
      queue.writeBuffer(this.#bufferOf(buffer), buffer.offset, data as Float32Array<ArrayBuffer>);
    }
    const unknown = [...given].find((name) => !this.plan.declared.has(name));
    if (unknown !== undefined) {
      throw new TypeError(
        `program ${this.name} has no input ${unknown}; it has ${
          this.inputs.map((input) => input.name).join(", ") || "none"
        }`,
      );
    }
  }

  #recordMetrics(encoder: GPUCommandEncoder, step: number): void {
    const { metrics, ringCapacity } = this.plan;
    if (!this.#ring) return;
    if (this.#ringSteps.length >= ringCapacity) {
      throw new RangeError(
        `program ${this.name} has run ${ringCapacity} times without readMetrics(): read them more often`,
      );
    }
    let offset = this.#ringSteps.length * metrics.size * 4;
    for (const source of metrics.values()) {
      encoder.copyBufferToBuffer(this.#bufferOf(source), source.offset, this.#ring, offset, 4);
      offset += 4;
    }
    this.#ringSteps.push(step);
  }
}

function freeTextures(device: Device, { texture, halfTexture }: TexelTextures): void {
  if (texture) device.freeTexels(texture);
  if (halfTexture) device.freeTexels(halfTexture);
}

/** Seed (two words), step, and the part of a batch that is divided, which is the upper half of the step. */
function randomWords(options: { step: number; seed: number }): Uint32Array {
  const { step, seed } = options;
  return Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, step >>> 0, Math.floor(step / 2 ** 32) >>> 0);
}

/**
 * Checks a plan against the device before anything is allocated.
 *
 * @throws {OutOfMemoryError} naming the tensor that is too large for one binding, or the program that exceeds the
 * device's memory budget.
 */
export function checkPlan(device: Device, options: { name: string; plan: ProgramPlan }): void {
  const { name, plan } = options;
  const limit = device.target.maxBindingBytes;
  for (const { label, bytes } of plan.bindings) {
    if (bytes > limit) {
      throw new OutOfMemoryError(
        bytes,
        limit,
        `${label} takes ${bytes} bytes, but this adapter binds at most ${limit} at once: use a smaller batch`,
      );
    }
  }
  device.requireMemory(plan.memory.arena + plan.memory.fixed, `program ${name}`);
}
