/**
 * Times a lowering by itself on a device, by GPU timestamps.
 *
 * @module
 */
import type { Device } from "../runtime/device.ts";
import type { Binding, Dispatch, Lowering } from "../runtime/kernel.ts";

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
/** Work of at least this long is submitted at once, so that what a submission costs does not count. */
const MIN_SAMPLE_MS = 40;
const SAMPLES = 7;

/** Buffers of a lowering, in elements. */
export interface Sizes {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Median milliseconds of one run of all dispatches, of several samples. The inputs hold random numbers. */
export async function timeLowering(device: Device, lowering: Lowering, sizes: Sizes): Promise<number> {
  const made: GPUBuffer[] = [];
  const buffer = (elements: number, random: boolean) => {
    const result = device.allocate(elements * 4, { label: "benchmark", usage: USAGE });
    made.push(result);
    if (random) {
      device.gpu.queue.writeBuffer(
        result,
        0,
        Float32Array.from({ length: elements }, () => Math.random() - 0.5),
      );
    }
    return result;
  };
  const uniforms = (words: readonly number[]) => {
    const bytes = Math.max(16, Math.ceil(words.length / 4) * 16);
    const result = device.allocate(bytes, {
      label: "uniforms",
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    made.push(result);
    device.gpu.queue.writeBuffer(result, 0, new Uint32Array(words));
    return result;
  };
  const inputs = sizes.inputs.map((elements) => buffer(elements, true));
  const outputs = sizes.outputs.map((elements) => buffer(elements, false));
  const scratch = (lowering.scratch ?? []).map((elements) => buffer(elements, false));
  const bound = (binding: Binding) =>
    ("input" in binding
      ? inputs[binding.input]
      : "output" in binding
      ? outputs[binding.output]
      : scratch[binding.scratch])!;
  try {
    const ready = await Promise.all(lowering.dispatches.map(async (dispatch) => {
      const pipeline = await device.pipeline({
        kernel: dispatch.kernel,
        code: dispatch.code,
        constants: dispatch.constants ?? {},
        access: accessOf(dispatch),
        uniforms: dispatch.uniforms !== undefined,
        texels: dispatch.texels !== undefined,
      });
      const buffers = [
        ...dispatch.bindings.map(bound),
        ...(dispatch.uniforms ? [uniforms(dispatch.uniforms)] : []),
      ];
      const entries = buffers.map((each, binding) => ({ binding, resource: { buffer: each } }));
      const layout = pipeline.getBindGroupLayout(0);
      return { pipeline, group: device.gpu.createBindGroup({ layout, entries }), grid: dispatch.grid };
    }));
    const once = (pass: GPUComputePassEncoder) => {
      for (const { pipeline, group, grid } of ready) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...grid);
      }
    };
    // The first run compiles; the second tells how many make a sample.
    await timePass(device, once);
    const repeats = Math.max(1, Math.ceil(MIN_SAMPLE_MS / await timePass(device, once)));
    const samples: number[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const sample = await timePass(device, (pass) => {
        for (let repeat = 0; repeat < repeats; repeat++) once(pass);
      });
      samples.push(sample / repeats);
    }
    return samples.sort((a, b) => a - b)[SAMPLES >> 1]!;
  } finally {
    for (const each of made) device.free(each);
  }
}

/** GPU milliseconds of a compute pass. */
async function timePass(device: Device, encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
  const querySet = device.gpu.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.allocate(16, {
    label: "timestamps",
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  try {
    const encoder = device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    });
    encode(pass);
    pass.end();
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    device.gpu.queue.submit([encoder.finish()]);
    const [start, end] = new BigUint64Array(await device.readBuffer(resolved, { bytes: 16 }));
    return Number(end! - start!) / 1e6;
  } finally {
    querySet.destroy();
    device.free(resolved);
  }
}

function accessOf(dispatch: Dispatch): ("read" | "read_write")[] {
  const access: ("read" | "read_write")[] = [];
  for (const [, index, mode] of dispatch.code.matchAll(/@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>/g)) {
    access[Number(index)] = mode as "read" | "read_write";
  }
  return access;
}
