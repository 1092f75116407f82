/** Runs a lowering by itself on a device, for shader-level tests: outputs and scratch are poisoned with NaN first. */
import type { Device } from "../../runtime/device.ts";
import type { Binding, Lowering } from "../../runtime/kernel.ts";
import { copyTexels, texelRows } from "../../runtime/texels.ts";

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** A 32-bit typed array, as bound to a kernel. */
export type Data = Float32Array | Uint32Array | Int32Array;

/**
 * Runs every dispatch of `lowering` and reads the outputs back.
 *
 * @param options.inputs Contents of the input buffers. Inputs that the kernel writes in place come back in `inputs`.
 * @param options.outputs Number of 32-bit elements of each output.
 */
export async function runLowering(
  device: Device,
  lowering: Lowering,
  options: { inputs: readonly Data[]; outputs: readonly number[] },
): Promise<{ outputs: Float32Array[]; inputs: Float32Array[] }> {
  const poison = (count: number, label: string) => {
    const buffer = device.allocate(count * 4, { label, usage: USAGE });
    device.gpu.queue.writeBuffer(buffer, 0, new Float32Array(count).fill(NaN));
    return buffer;
  };
  const inputs = options.inputs.map((data, i) => {
    const buffer = device.allocate(data.byteLength, { label: `input ${i}`, usage: USAGE });
    device.gpu.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
    return buffer;
  });
  const outputs = options.outputs.map((count, i) => poison(count, `output ${i}`));
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
      const pipeline = await device.pipeline({
        kernel: dispatch.kernel,
        code: dispatch.code,
        constants: dispatch.constants ?? {},
        access,
        uniforms: dispatch.uniforms !== undefined,
        texels: dispatch.texels !== undefined,
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
        const { first = 0, count = buffer.size / 4 - first } = binding;
        return { buffer, offset: first * 4, bytes: count * 4 };
      });
      const rows = sources.reduce((total, { bytes }) => total + texelRows(bytes / 4), 0);
      const texture = rows ? device.allocateTexels(rows, { label: "texels" }) : undefined;
      if (texture) {
        textures.push(texture);
        entries.push({ binding: entries.length, resource: texture.createView() });
      }
      await device.guarded(() => {
        const encoder = device.gpu.createCommandEncoder();
        if (texture) copyTexels(encoder, { texture, sources });
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, device.gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
        pass.dispatchWorkgroups(...dispatch.grid);
        pass.end();
        device.gpu.queue.submit([encoder.finish()]);
      }, { label: dispatch.kernel });
    }
    const read = async (buffer: GPUBuffer) => new Float32Array(await device.readBuffer(buffer, { bytes: buffer.size }));
    return {
      outputs: await Promise.all(outputs.map(read)),
      inputs: await Promise.all(inputs.map(read)),
    };
  } finally {
    for (const buffer of [...inputs, ...outputs, ...scratch, ...uniforms]) device.free(buffer);
    for (const texture of textures) device.freeTexels(texture);
  }
}
