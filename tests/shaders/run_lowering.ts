/** Runs a lowering by itself on a device, for shader-level tests: outputs and scratch are poisoned with NaN first. */
import type { Device } from "../../runtime/device/device.ts";
import { type HalfBindings, hasHalf } from "../../runtime/kernels/half.ts";
import type { Binding, Lowering } from "../../runtime/kernels/kernel.ts";
import { texelFormats } from "../../runtime/device/pipeline.ts";
import { copyTexels, texelRows } from "../../runtime/kernels/texels.ts";

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
 * @param options.halves What is stored as float16; inputs are rounded to it, and outputs given as float32.
 */
export async function runLowering(
  device: Device,
  lowering: Lowering,
  options: { inputs: readonly Data[]; outputs: readonly number[]; halves?: Halves },
): Promise<{ outputs: Float32Array[]; inputs: Float32Array[] }> {
  const isHalf = { input: new Set(options.halves?.inputs), output: new Set(options.halves?.outputs) };
  const halfBuffers = new Set<GPUBuffer>();
  const upload = (data: Data, how: { label: string; half: boolean }) => {
    const bytes = how.half ? data.length * 2 : data.byteLength;
    const buffer = device.allocate(bytes, { label: how.label, usage: USAGE });
    if (how.half) halfBuffers.add(buffer);
    // What is written has a multiple of four bytes.
    const stored = how.half ? Float16Array.from({ length: buffer.size / 2 }, (_, i) => data[i] ?? NaN) : data;
    device.gpu.queue.writeBuffer(buffer, 0, stored as Float32Array<ArrayBuffer>);
    return buffer;
  };
  const poison = (count: number, label: string, half = false) =>
    upload(new Float32Array(count).fill(NaN), { label, half });
  const inputs = options.inputs.map((data, i) => upload(data, { label: `input ${i}`, half: isHalf.input.has(i) }));
  const outputs = options.outputs.map((count, i) => poison(count, `output ${i}`, isHalf.output.has(i)));
  const scratch = (lowering.scratch ?? []).map((count, i) => poison(count, `scratch ${i}`));
  const uniforms: GPUBuffer[] = [];
  const textures: GPUTexture[] = [];
  const bufferOf = (binding: Binding): GPUBuffer => {
    const found = "input" in binding
      ? inputs[binding.input]
      : "output" in binding
      ? outputs[binding.output]
      : scratch[binding.scratch];
    if (!found) throw new RangeError(`no buffer for binding ${JSON.stringify(binding)}`);
    return found;
  };
  try {
    for (const dispatch of lowering.dispatches) {
      const declared = [...dispatch.code.matchAll(/@binding\((\d+)\)\s*var<storage,\s*(read|read_write)>/g)];
      const access = dispatch.bindings.map((_, i) =>
        declared.find(([, index]) => Number(index) === i)?.[2] === "read_write"
          ? "read_write" as const
          : "read" as const
      );
      const holdsHalf = (binding: Binding) => halfBuffers.has(bufferOf(binding));
      const halves: HalfBindings = {
        bindings: dispatch.bindings.map(holdsHalf),
        texels: (dispatch.texels ?? []).map(holdsHalf),
      };
      const pipeline = await device.pipeline({
        kernel: dispatch.kernel,
        code: dispatch.code,
        constants: dispatch.constants ?? {},
        access,
        uniforms: dispatch.uniforms !== undefined,
        texels: dispatch.texels !== undefined,
        ...(hasHalf(halves) ? { halves } : {}),
      });
      const entries: GPUBindGroupEntry[] = dispatch.bindings.map((binding, i) => ({
        binding: i,
        resource: { buffer: bufferOf(binding) },
      }));
      if (dispatch.uniforms) {
        const size = Math.max(16, Math.ceil(dispatch.uniforms.length / 4) * 16);
        const buffer = device.allocate(size, {
          label: "uniforms",
          usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
        });
        device.gpu.queue.writeBuffer(buffer, 0, new Uint32Array(dispatch.uniforms));
        uniforms.push(buffer);
        entries.push({ binding: entries.length, resource: { buffer } });
      }
      const sources = (dispatch.texels ?? []).map((binding) => {
        const buffer = bufferOf(binding);
        const half = halfBuffers.has(buffer);
        const size = half ? 2 : 4;
        const { first = 0, count = buffer.size / size - first } = binding;
        return { buffer, offset: first * size, bytes: count * size, half };
      });
      const rows = sources.reduce((total, { bytes, half }) => total + texelRows(bytes / (half ? 2 : 4)), 0);
      const made = new Map<string, GPUTexture>();
      for (const format of rows ? texelFormats(halves) : []) {
        const texture = device.allocateTexels(rows, { label: "texels", half: format === "rgba16float" });
        made.set(format, texture);
        textures.push(texture);
        entries.push({ binding: entries.length, resource: texture.createView() });
      }
      await device.guarded(() => {
        const encoder = device.gpu.createCommandEncoder();
        const texture = made.get("rgba32float");
        const halfTexture = made.get("rgba16float");
        if (rows) copyTexels(encoder, { texture, halfTexture, sources });
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, device.gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
        pass.dispatchWorkgroups(...dispatch.grid);
        pass.end();
        device.gpu.queue.submit([encoder.finish()]);
      }, { label: dispatch.kernel });
    }
    const read = async (buffer: GPUBuffer, count: number) => {
      const half = halfBuffers.has(buffer);
      const bytes = await device.readBuffer(buffer, { bytes: count * (half ? 2 : 4) });
      return half ? Float32Array.from(new Float16Array(bytes)) : new Float32Array(bytes);
    };
    return {
      outputs: await Promise.all(outputs.map((buffer, i) => read(buffer, options.outputs[i]!))),
      inputs: await Promise.all(inputs.map((buffer, i) => read(buffer, options.inputs[i]!.length))),
    };
  } finally {
    for (const buffer of [...inputs, ...outputs, ...scratch, ...uniforms]) device.free(buffer);
    for (const texture of textures) device.freeTexels(texture);
  }
}
