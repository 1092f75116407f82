/**
 * Tensors that persist on the GPU between runs: parameters, running statistics, optimiser moments.
 *
 * Many states can share one buffer, a **slab**, so that a single dispatch updates all of them. Each state in a slab
 * starts at a multiple of {@link SLAB_ALIGNMENT} elements, because WebGPU aligns bindings to 256 bytes.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { apply, defineOp } from "./op.ts";
import type { Op, Tensor } from "./tensor.ts";
import { type DType, formatShape, type Shape, sizeOf, type TensorSpec } from "./shape.ts";

/** Alignment of the tensors in a slab, in elements (256 bytes). */
const SLAB_ALIGNMENT = 64;

/** STORAGE | COPY_SRC | COPY_DST, as numbers so that the module loads without WebGPU. */
const USAGE = 0x80 | 0x4 | 0x8;

/** A persistent tensor; attributes hold the state's id, and {@link stateOf} finds the state by tensor identity. */
export const stateOp: Op<{ id: number; spec: TensorSpec }> = defineOp({
  name: "state",
  infer: (_, { spec }) => [spec],
});

const states = new WeakMap<Tensor, State>();
let nextStateId = 0;

/** The state that a tensor stands for. */
export function stateOf(tensor: Tensor): State {
  const state = states.get(tensor);
  if (!state) throw new TypeError(`${tensor.node.op.name} is not a state`);
  return state;
}

/** A persistent tensor on the GPU. */
export class State implements Disposable {
  /** Unique id, part of the cache keys of programs that use the state. */
  readonly id = nextStateId++;
  /** The symbolic tensor to use in graphs: the state's value at the start of a run. */
  readonly tensor: Tensor;

  /** Use {@link createState} or {@link createSlab}. */
  constructor(
    readonly device: Device,
    readonly name: string,
    readonly shape: Shape,
    readonly dtype: DType,
    /** The buffer that holds it, possibly with other states. */
    readonly buffer: GPUBuffer,
    /** First element within the buffer. */
    readonly offset: number,
    readonly ownsBuffer: boolean,
    /** For the whole of a slab, the states in it; the contents of the padding between them are undefined. */
    readonly parts: readonly State[] = [],
  ) {
    this.tensor = apply(stateOp, [], { id: this.id, spec: { shape, dtype } })[0]!;
    states.set(this.tensor, this);
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * Sets the value.
   *
   * @throws {RangeError} when the number of values is not the state's size.
   */
  write(data: Float32Array | Uint32Array): void {
    if (data.length !== this.size) {
      throw new RangeError(
        `state ${this.name} ${formatShape(this.shape)} holds ${this.size} values, got ${data.length}`,
      );
    }
    this.device.gpu.queue.writeBuffer(this.buffer, this.offset * 4, data as Float32Array<ArrayBuffer>);
  }

  /** Copies the value to the host. */
  async read(): Promise<Float32Array> {
    return new Float32Array(
      await this.device.readBuffer(this.buffer, { offset: this.offset * 4, bytes: this.size * 4 }),
    );
  }

  /** Frees the buffer, unless it belongs to a slab. */
  [Symbol.dispose](): void {
    if (this.ownsBuffer) this.device.free(this.buffer);
  }
}

/** Creates a state in its own buffer, initialised to zero unless `data` is given. */
export function createState(
  device: Device,
  options: { name: string; shape: Shape; dtype?: DType; data?: Float32Array | Uint32Array },
): State {
  const { name, shape, dtype = "f32" } = options;
  const buffer = device.allocate(sizeOf(shape) * 4, { label: `state ${name}`, usage: USAGE });
  const state = new State(device, name, shape, dtype, buffer, 0, true);
  if (options.data) state.write(options.data);
  return state;
}

/** Several states in one buffer, and the whole buffer as one state. */
export interface Slab extends Disposable {
  /** The whole buffer as one flat f32 tensor, padding included. */
  readonly whole: State;
  /** The states in the buffer, in order. */
  readonly states: readonly State[];
}

/** The offset of each tensor in a slab and the slab's length, in elements. */
export function slabLayout(shapes: readonly Shape[]): { offsets: number[]; length: number } {
  const offsets: number[] = [];
  let length = 0;
  for (const shape of shapes) {
    offsets.push(length);
    length += Math.ceil(sizeOf(shape) / SLAB_ALIGNMENT) * SLAB_ALIGNMENT;
  }
  return { offsets, length: Math.max(length, SLAB_ALIGNMENT) };
}

/**
 * Allocates one zero-initialised buffer for all the tensors named.
 *
 * @param entries Names and shapes in order; equal lists give equal layouts.
 */
export function createSlab(
  device: Device,
  options: { name: string; entries: readonly { readonly name: string; readonly shape: Shape }[] },
): Slab {
  const { offsets, length } = slabLayout(options.entries.map((entry) => entry.shape));
  const buffer = device.allocate(length * 4, { label: `slab ${options.name}`, usage: USAGE });
  const states = options.entries.map((entry, i) =>
    new State(device, entry.name, entry.shape, "f32", buffer, offsets[i] ?? 0, false)
  );
  const whole = new State(device, options.name, [length], "f32", buffer, 0, true, states);
  return { whole, states, [Symbol.dispose]: () => whole[Symbol.dispose]() };
}
