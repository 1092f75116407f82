/**
 * What readbacks, writes, dispatches and submits cost besides their work.
 *
 * @module
 */
import { Device } from "../../../runtime/mod.ts";
import { median } from "../../statistics.ts";
import type { Measure } from "../measurement.ts";

const MEBIBYTE = 2 ** 20;

export const measure: Measure = async ({ dryRun }, report) => {
  using device = await Device.open();
  const repeats = dryRun ? 1 : 10;
  const sizes = dryRun ? [4, MEBIBYTE] : [4, MEBIBYTE, 64 * MEBIBYTE];
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.allocate(Math.max(...sizes), { label: "costs", usage });
  for (const bytes of sizes) {
    const readback = await milliseconds(repeats, () => device.readBuffer(buffer, { bytes }));
    const data = new Uint8Array(bytes);
    const write = await milliseconds(repeats, async () => {
      device.gpu.queue.writeBuffer(buffer, 0, data);
      await device.finish();
    });
    report({ bytes, readbackMilliseconds: readback, writeMilliseconds: write });
  }
  const finish = await milliseconds(repeats, () => device.finish());
  const dispatch = await dispatcher(device, buffer);
  const count = dryRun ? 10 : 1000;
  for (const how of ["one pass", "a pass each", "a submit each"] as const) {
    const wall = await milliseconds(dryRun ? 1 : 5, async () => {
      dispatch(how, count);
      await device.finish();
    });
    report({ dispatches: count, how, microsecondsEach: 1000 * (wall - finish) / count, finishMilliseconds: finish });
  }
};

async function milliseconds(repeats: number, work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Encodes and submits dispatches of one workgroup, each of which depends on the one before. */
async function dispatcher(
  device: Device,
  buffer: GPUBuffer,
): Promise<(how: "one pass" | "a pass each" | "a submit each", count: number) => void> {
  const { gpu } = device;
  const module = gpu.createShaderModule({
    code: `@group(0) @binding(0) var<storage, read_write> y: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x == 0u) { y[0] = y[0] + 1u; }
      }`,
  });
  const pipeline = await gpu.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const encodePass = (encoder: GPUCommandEncoder, dispatches: number) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(1);
    pass.end();
  };
  return (how, count) => {
    const submits = how === "a submit each" ? count : 1;
    const passes = how === "a pass each" ? count : 1;
    for (let submit = 0; submit < submits; submit++) {
      const encoder = gpu.createCommandEncoder();
      for (let pass = 0; pass < passes; pass++) encodePass(encoder, count / submits / passes);
      gpu.queue.submit([encoder.finish()]);
    }
  };
}
