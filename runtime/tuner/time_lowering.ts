/**
 * Times a lowering by itself on a device, by GPU timestamps.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { accessOf, type Binding, type Dispatch, type Lowering } from "../kernels/kernel.ts";
import { copyTexels, texelRows, type TexelSource } from "../kernels/texels.ts";

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** Buffers of a lowering, in elements. */
export interface LoweringSizes {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** How long to time. */
export interface TimingOptions {
  /** Work of at least this many milliseconds makes a sample, so that what a submission costs does not count. */
  readonly sampleMilliseconds: number;
  readonly samples: number;
  /** Which of the samples counts. */
  readonly pick: "median" | "fastest";
  /** Nanoseconds that are counted instead of the GPU's, for example of CPU time on a machine that is busy with other things. */
  readonly clock?: () => number;
}

interface ReadyDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Dispatch["grid"];
  readonly sources: readonly TexelSource[];
}

/**
 * Milliseconds of one run of all dispatches, of several samples. The inputs hold random numbers.
 *
 * @throws {EngineError} where WebGPU or the driver rejects a dispatch, or memory does not suffice.
 */
export async function timeLowering(
  device: Device,
  lowering: Lowering,
  options: LoweringSizes & TimingOptions,
): Promise<number> {
  using made = new LoweringBuffers(device, { lowering, sizes: options });
  const ready = await Promise.all(lowering.dispatches.map((dispatch) => made.ready(dispatch)));
  const run = (repeats: number) => timeRuns(device, { ready, texture: made.texture, repeats, clock: options.clock });
  // The first run compiles; the second tells how many make a sample.
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

/** The buffers of a lowering, and its bind groups. */
class LoweringBuffers implements Disposable {
  readonly texture: GPUTexture | undefined;
  readonly #made: GPUBuffer[] = [];
  readonly #inputs: readonly GPUBuffer[];
  readonly #outputs: readonly GPUBuffer[];
  readonly #scratch: readonly GPUBuffer[];

  constructor(readonly device: Device, options: { lowering: Lowering; sizes: LoweringSizes }) {
    const { lowering, sizes } = options;
    try {
      this.#inputs = sizes.inputs.map((elements) => this.#random(elements));
      this.#outputs = sizes.outputs.map((elements) => this.#storage(elements));
      this.#scratch = (lowering.scratch ?? []).map((elements) => this.#storage(elements));
      const rows = lowering.dispatches.map(({ texels = [] }) =>
        texels.reduce((total, binding) => total + texelRows(this.#source(binding).bytes / 4), 0)
      );
      const most = Math.max(0, ...rows);
      this.texture = most > 0 ? device.allocateTexels(most, { label: "texels to time" }) : undefined;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  async ready(dispatch: Dispatch): Promise<ReadyDispatch> {
    const { device } = this;
    const pipeline = await device.pipeline({
      kernel: dispatch.kernel,
      code: dispatch.code,
      constants: dispatch.constants ?? {},
      access: accessOf(dispatch.code),
      uniforms: dispatch.uniforms !== undefined,
      texels: dispatch.texels !== undefined,
    });
    const bound = dispatch.bindings.map((binding) => this.#source(binding)).map(({ buffer, offset, bytes }) => ({
      buffer,
      offset,
      size: bytes,
    }));
    const resources: GPUBindingResource[] = dispatch.uniforms
      ? [...bound, { buffer: this.#uniforms(dispatch.uniforms) }]
      : bound;
    if (dispatch.texels) resources.push(this.texture!.createView());
    const group = await device.guarded(() =>
      device.gpu.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: resources.map((resource, binding) => ({ binding, resource })),
      }), { label: dispatch.kernel });
    const sources = (dispatch.texels ?? []).map((binding) => this.#source(binding));
    return { pipeline, group, grid: dispatch.grid, sources };
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#made) this.device.free(buffer);
    if (this.texture) this.device.freeTexels(this.texture);
  }

  #source(binding: Binding): TexelSource {
    const buffer = "input" in binding
      ? this.#inputs[binding.input]
      : "output" in binding
      ? this.#outputs[binding.output]
      : this.#scratch[binding.scratch];
    const { first = 0, count = buffer!.size / 4 - first } = binding;
    return { buffer: buffer!, offset: first * 4, bytes: count * 4 };
  }

  #storage(elements: number): GPUBuffer {
    const buffer = this.device.allocate(elements * 4, { label: "work to time", usage: USAGE });
    this.#made.push(buffer);
    return buffer;
  }

  #random(elements: number): GPUBuffer {
    const buffer = this.#storage(elements);
    for (let start = 0; start < elements; start += NOISE.length) {
      const part = NOISE.subarray(0, Math.min(NOISE.length, elements - start));
      this.device.gpu.queue.writeBuffer(buffer, start * 4, part);
    }
    return buffer;
  }

  #uniforms(words: readonly number[]): GPUBuffer {
    const bytes = Math.max(16, Math.ceil(words.length / 4) * 16);
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.device.allocate(bytes, { label: "uniforms", usage });
    this.#made.push(buffer);
    this.device.gpu.queue.writeBuffer(buffer, 0, new Uint32Array(words));
    return buffer;
  }
}

/** Milliseconds of so many runs, from an empty pass before to one after them: copies lie between passes. */
async function timeRuns(
  device: Device,
  options: {
    ready: readonly ReadyDispatch[];
    texture: GPUTexture | undefined;
    repeats: number;
    clock: (() => number) | undefined;
  },
): Promise<number> {
  const { ready, texture, repeats, clock } = options;
  const querySet = device.gpu.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.allocate(16, {
    label: "timestamps",
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  try {
    const encoder = device.gpu.createCommandEncoder();
    encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 0 } }).end();
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const { pipeline, group, grid, sources } of ready) {
        if (texture && sources.length > 0) copyTexels(encoder, { texture, sources });
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...grid);
        pass.end();
      }
    }
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
