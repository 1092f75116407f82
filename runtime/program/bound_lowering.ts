/**
 * Runs a lowering outside of a program, for the tuner and for kernel tests.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { storageOperands, texelOperands, uniformsOf } from "../kernels/declarations.ts";
import type { Binding, Dispatch, Lowering } from "../kernels/kernel.ts";
import { texelRows } from "../kernels/texels.ts";
import {
  type BoundDispatch,
  type BufferPiece,
  encodeDispatches,
  pipelineOf,
  type ReadyDispatch,
  readyDispatch,
  type TexelPiece,
  type TexelTextures,
} from "./dispatch.ts";

/** A buffer of an op: of float32 or other 32-bit words, or of float16. */
export interface OpBuffer {
  readonly buffer: GPUBuffer;
  readonly half?: boolean;
}

/** The buffers of an op. */
export interface OpBuffers {
  readonly inputs: readonly OpBuffer[];
  readonly outputs: readonly OpBuffer[];
}

const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** The dispatches of a lowering, compiled and bound, with the memory that they need besides the op's buffers. */
export class BoundLowering implements Disposable {
  readonly scratch: readonly GPUBuffer[];
  readonly #made: GPUBuffer[] = [];
  #textures: { texture?: GPUTexture; halfTexture?: GPUTexture } = {};
  #ready: readonly ReadyDispatch[] = [];

  private constructor(private readonly device: Device, lowering: Lowering, private readonly buffers: OpBuffers) {
    this.scratch = (lowering.scratch ?? []).map((elements) =>
      this.#allocate(elements * 4, { label: "scratch", usage: STORAGE })
    );
  }

  /**
   * Compiles and binds a lowering.
   *
   * @throws {EngineError} if WebGPU or the driver rejects a dispatch, or memory does not suffice.
   */
  static async make(device: Device, lowering: Lowering, buffers: OpBuffers): Promise<BoundLowering> {
    const made = new BoundLowering(device, lowering, buffers);
    try {
      const textures = made.#makeTextures(lowering.dispatches);
      const bound = lowering.dispatches.map((dispatch) => made.#bind(dispatch, textures));
      const pipelines = await Promise.all(bound.map((each) => pipelineOf(device, each)));
      made.#ready = await device.guarded(
        () => bound.map((each, i) => readyDispatch(device, { bound: each, pipeline: pipelines[i]! })),
        { label: lowering.dispatches.map(({ kernel }) => kernel).join(", ") },
      );
      return made;
    } catch (error) {
      made[Symbol.dispose]();
      throw error;
    }
  }

  /** Encodes all dispatches, in order. */
  encode(encoder: GPUCommandEncoder): void {
    encodeDispatches(encoder, this.#ready);
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#made) this.device.free(buffer);
    for (const texture of Object.values(this.#textures)) this.device.freeTexels(texture);
    this.#textures = {};
  }

  #bind(dispatch: Dispatch, textures: TexelTextures): BoundDispatch {
    const texels = this.#texelsOf(dispatch);
    const data = uniformsOf(dispatch, texels.map(({ row }) => row));
    const storage = storageOperands(dispatch).map(([, { buffer }]) => this.#piece(buffer));
    return { dispatch, storage, texels, uniforms: data && this.#uniforms(data), textures };
  }

  /** Operands that are read as texels, one after the other. */
  #texelsOf(dispatch: Dispatch): TexelPiece[] {
    let row = 0;
    return texelOperands(dispatch).map(([, { buffer }]) => {
      const piece = { ...this.#piece(buffer), row, copied: true };
      row += rowsOf(piece);
      return piece;
    });
  }

  #makeTextures(dispatches: readonly Dispatch[]): TexelTextures {
    const pieces = dispatches.flatMap((dispatch) => this.#texelsOf(dispatch));
    const rows = (half: boolean) =>
      pieces.filter((piece) => piece.half === half).reduce(
        (most, piece) => Math.max(most, piece.row + rowsOf(piece)),
        0,
      );
    const [full, halved] = [rows(false), rows(true)];
    if (full > 0) this.#textures.texture = this.device.allocateTexels(full, { label: "texels" });
    if (halved > 0) this.#textures.halfTexture = this.device.allocateTexels(halved, { label: "texels", half: true });
    return this.#textures;
  }

  #piece(binding: Binding): BufferPiece {
    const found: OpBuffer | undefined = "input" in binding
      ? this.buffers.inputs[binding.input]
      : "output" in binding
      ? this.buffers.outputs[binding.output]
      : this.scratch[binding.scratch] && { buffer: this.scratch[binding.scratch]! };
    if (!found) throw new RangeError(`the lowering binds ${JSON.stringify(binding)}, which the op does not have`);
    const { buffer, half = false } = found;
    const size = half ? 2 : 4;
    const { first = 0, count = buffer.size / size - first } = binding;
    return { buffer, half, offset: first * size, bytes: count * size };
  }

  #uniforms(data: Uint8Array<ArrayBuffer>) {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.#allocate(data.byteLength, { label: "uniforms", usage });
    this.device.gpu.queue.writeBuffer(buffer, 0, data);
    return { buffer, offset: 0, bytes: data.byteLength };
  }

  #allocate(bytes: number, options: { label: string; usage: number }): GPUBuffer {
    const buffer = this.device.allocate(bytes, options);
    this.#made.push(buffer);
    return buffer;
  }
}

function rowsOf({ bytes, half }: TexelPiece): number {
  return texelRows(bytes / (half ? 2 : 4));
}
