/**
 * Repeated copies of the same parts of GPU memory to the host, through buffers that are allocated once.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { EngineError } from "./errors.ts";

/** A part of a buffer. */
export interface BufferPart {
  /** The buffer. */
  readonly buffer: GPUBuffer;
  /** First byte, a multiple of four. */
  readonly offset: number;
  /** Number of bytes, a multiple of four. */
  readonly bytes: number;
}

/**
 * Copies parts of GPU memory to one array, end to end. `Device.readBuffer()` does so once; this keeps the buffer
 * between the GPU and the host, and the array, for the next time. Dispose of it to free its memory.
 */
export class Readback implements Disposable {
  /** What the last {@link read} copied; room for `extra` more values follows. */
  readonly data: Float32Array<ArrayBuffer>;
  readonly #bytes: number;
  readonly #staging: GPUBuffer;

  /**
   * Allocates the buffer between the GPU and the host.
   *
   * @param options.extra Number of values in {@link data} after those that are read, for the caller's use.
   */
  constructor(
    private readonly device: Device,
    private readonly parts: readonly BufferPart[],
    options: { extra?: number } = {},
  ) {
    this.#bytes = parts.reduce((total, { bytes }) => total + bytes, 0);
    this.data = new Float32Array(this.#bytes / 4 + (options.extra ?? 0));
    this.#staging = device.allocate(this.#bytes, {
      label: "readback",
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
  }

  /**
   * Waits for the GPU and copies the parts to {@link data}.
   *
   * @throws {EngineError} if the device fails.
   */
  async read(): Promise<void> {
    this.device.check();
    const encoder = this.device.gpu.createCommandEncoder({ label: "readback" });
    let offset = 0;
    for (const { buffer, offset: from, bytes } of this.parts) {
      encoder.copyBufferToBuffer(buffer, from, this.#staging, offset, bytes);
      offset += bytes;
    }
    this.device.submit(encoder, `a readback of ${this.#bytes} bytes`);
    try {
      await this.#staging.mapAsync(GPUMapMode.READ, 0, this.#bytes);
    } catch (cause) {
      // The device's own error says more, if there is one.
      await this.device.settle();
      throw new EngineError(`reading ${this.#bytes} bytes from the GPU failed: ${(cause as Error).message}`, { cause });
    }
    this.data.set(new Float32Array(this.#staging.getMappedRange(0, this.#bytes)));
    this.#staging.unmap();
    await this.device.settle();
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.device.free(this.#staging);
  }
}
