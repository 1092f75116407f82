/**
 * Times a single lowering with GPU timestamps.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Lowering } from "../kernels/kernel.ts";
import { BoundLowering, type OpBuffer, type OpBuffers } from "../program/bound_lowering.ts";

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** Buffers of a lowering, in elements. */
export interface LoweringSizes {
  /** Elements of each input. */
  readonly inputs: readonly number[];
  /** Elements of each output. */
  readonly outputs: readonly number[];
}

/** How to time. */
export interface TimingOptions {
  /** Minimum duration of a sample in milliseconds, so that the cost of a submission is negligible. */
  readonly sampleMilliseconds: number;
  /** Number of samples. */
  readonly samples: number;
  /** Which sample to report. */
  readonly pick: "median" | "fastest";
  /** Clock to use instead of GPU timestamps, in nanoseconds: process CPU time on a busy machine, for example. */
  readonly clock?: () => number;
}

/**
 * Milliseconds of one run of all dispatches, measured over several samples with random inputs.
 *
 * @throws {EngineError} where WebGPU or the driver rejects a dispatch, or memory does not suffice.
 */
export async function timeLowering(
  device: Device,
  lowering: Lowering,
  options: LoweringSizes & TimingOptions,
): Promise<number> {
  using buffers = new TimedBuffers(device, options);
  using bound = await BoundLowering.make(device, lowering, buffers);
  const run = (repeats: number) => timeRuns(device, { bound, repeats, clock: options.clock });
  // The first run includes compilation; the second determines the number of runs per sample.
  await run(1);
  const repeats = Math.max(1, Math.ceil(options.sampleMilliseconds / await run(1)));
  const samples: number[] = [];
  for (let i = 0; i < options.samples; i++) samples.push(await run(repeats) / repeats);
  samples.sort((a, b) => a - b);
  return samples[options.pick === "fastest" ? 0 : samples.length >> 1]!;
}

/** Random numbers from -1/2 to 1/2. */
const NOISE = noise(1 << 16);

function noise(length: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length }, () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 32 - 0.5);
}

/** Inputs of random numbers, and outputs. */
class TimedBuffers implements Disposable, OpBuffers {
  readonly inputs: readonly OpBuffer[];
  readonly outputs: readonly OpBuffer[];
  readonly #made: GPUBuffer[] = [];

  constructor(private readonly device: Device, sizes: LoweringSizes) {
    try {
      this.inputs = sizes.inputs.map((elements) => this.#random(elements));
      this.outputs = sizes.outputs.map((elements) => this.#storage(elements));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#made) this.device.free(buffer);
  }

  #storage(elements: number): OpBuffer {
    const buffer = this.device.allocate(elements * 4, { label: "work to time", usage: USAGE });
    this.#made.push(buffer);
    return { buffer };
  }

  #random(elements: number): OpBuffer {
    const made = this.#storage(elements);
    for (let start = 0; start < elements; start += NOISE.length) {
      const part = NOISE.subarray(0, Math.min(NOISE.length, elements - start));
      this.device.gpu.queue.writeBuffer(made.buffer, start * 4, part);
    }
    return made;
  }
}

/**
 * Milliseconds of a number of runs, between timestamps of an empty pass before and after them, because copies happen
 * between passes.
 */
async function timeRuns(
  device: Device,
  options: {
    bound: BoundLowering;
    repeats: number;
    clock: (() => number) | undefined;
  },
): Promise<number> {
  const { bound, repeats, clock } = options;
  const querySet = device.gpu.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.allocate(16, {
    label: "timestamps",
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  try {
    const encoder = device.gpu.createCommandEncoder();
    encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 0 } }).end();
    for (let repeat = 0; repeat < repeats; repeat++) bound.encode(encoder);
    encoder.beginComputePass({ timestampWrites: { querySet, endOfPassWriteIndex: 1 } }).end();
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    const before = clock?.() ?? 0;
    device.submit(encoder, "work to time");
    const [start, end] = new BigUint64Array(await device.readBuffer(resolved, { bytes: 16 }));
    return (clock ? clock() - before : Number(end! - start!)) / 1e6;
  } finally {
    querySet.destroy();
    device.free(resolved);
  }
}
