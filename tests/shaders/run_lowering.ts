/**
 * Runs a lowering by itself on a device, for tests of kernels: outputs and scratch are poisoned with NaN first.
 *
 * @module
 */
import type { Device } from "../../runtime/device/device.ts";
import type { Lowering } from "../../runtime/kernels/kernel.ts";
import { BoundLowering, type OpBuffer } from "../../runtime/program/bound_lowering.ts";

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** A 32-bit typed array, as bound to a kernel. */
export type Data = Float32Array | Uint32Array | Int32Array;

/** Which inputs and outputs are stored as float16, by their numbers. */
export interface Halves {
  readonly inputs?: readonly number[];
  readonly outputs?: readonly number[];
}

/**
 * Runs every dispatch of `lowering` and reads the outputs back.
 *
 * @param options.inputs Contents of the input buffers. Inputs that the kernel writes in place come back in `inputs`.
 * @param options.outputs Number of 32-bit elements of each output.
 * @param options.halves What is stored as float16; inputs are rounded to it, and outputs are given as float32.
 */
export async function runLowering(
  device: Device,
  lowering: Lowering,
  options: { inputs: readonly Data[]; outputs: readonly number[]; halves?: Halves },
): Promise<{ outputs: Float32Array[]; inputs: Float32Array[] }> {
  const { halves = {} } = options;
  using buffers = new Buffers(device);
  const inputs = options.inputs.map((data, i) => buffers.upload(data, halves.inputs?.includes(i)));
  const outputs = options.outputs.map((count, i) => buffers.upload(poison(count), halves.outputs?.includes(i)));
  using bound = await BoundLowering.make(device, lowering, { inputs, outputs });
  for (const buffer of bound.scratch) device.gpu.queue.writeBuffer(buffer, 0, poison(buffer.size / 4));
  await device.guarded(() => {
    const encoder = device.gpu.createCommandEncoder();
    bound.encode(encoder);
    device.gpu.queue.submit([encoder.finish()]);
  }, { label: lowering.dispatches.map(({ kernel }) => kernel).join(", ") });
  return {
    outputs: await Promise.all(outputs.map((made, i) => buffers.download(made, options.outputs[i]!))),
    inputs: await Promise.all(inputs.map((made, i) => buffers.download(made, options.inputs[i]!.length))),
  };
}

function poison(count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(count).fill(NaN);
}

/** Buffers of a test. */
class Buffers implements Disposable {
  readonly #made: GPUBuffer[] = [];

  constructor(private readonly device: Device) {}

  upload(data: Data, half = false): OpBuffer {
    const bytes = half ? data.length * 2 : data.byteLength;
    const buffer = this.device.allocate(bytes, { label: "test data", usage: USAGE });
    this.#made.push(buffer);
    // What is written has a multiple of four bytes.
    const stored = half ? Float16Array.from({ length: buffer.size / 2 }, (_, i) => data[i] ?? NaN) : data;
    this.device.gpu.queue.writeBuffer(buffer, 0, stored as Float32Array<ArrayBuffer>);
    return { buffer, half };
  }

  async download({ buffer, half }: OpBuffer, count: number): Promise<Float32Array> {
    const bytes = await this.device.readBuffer(buffer, { bytes: count * (half ? 2 : 4) });
    return half ? Float32Array.from(new Float16Array(bytes)) : new Float32Array(bytes);
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#made) this.device.free(buffer);
  }
}
