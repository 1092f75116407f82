/**
 * Whether devices can be had with features that the engine does not use yet: cooperative matrices (matrix units) and
 * subgroups.
 *
 * @module
 */
import type { Measure, Report } from "../measurement.ts";

/** Deno's name of the feature; it is not part of WebGPU. */
const COOPERATIVE = "wgpu-cooperative-matrix" as GPUFeatureName;

/** Shaders that use a feature, with and without an `enable` line, of which implementations want one or the other. */
const SHADERS: Readonly<Record<string, readonly string[]>> = {
  subgroups: ["", "enable subgroups;\n"].map((head) =>
    `${head}@group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      let total = subgroupAdd(f32(id.x));
      y[id.x] = total;
    }`
  ),
  [COOPERATIVE]: ["enable wgpu_cooperative_matrix;\n", ""].map((head) =>
    `${head}@group(0) @binding(0) var<storage, read_write> a: array<f32>;
    @group(0) @binding(1) var<storage, read_write> b: array<f32>;
    @group(0) @binding(2) var<storage, read_write> c: array<f32>;
    @compute @workgroup_size(32) fn main() {
      let left = coopLoad<coop_mat8x8<f32, A>>(&a[0], 8);
      let right = coopLoad<coop_mat8x8<f32, B>>(&b[0], 8);
      var sum = coopLoad<coop_mat8x8<f32, C>>(&c[0], 8);
      sum = coopMultiplyAdd(left, right, sum);
      coopStore(sum, &c[0], 8);
    }`
  ),
};

export const measure: Measure = async (_options, report) => {
  for (const feature of [COOPERATIVE, "subgroups" as GPUFeatureName]) await tryFeature(feature, report);
};

async function tryFeature(feature: GPUFeatureName, report: Report): Promise<void> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const offered = adapter?.features.has(feature) ?? false;
  let device: GPUDevice;
  try {
    device = await adapter!.requestDevice({ requiredFeatures: [feature] });
  } catch (error) {
    return report({ feature, offered, granted: false, reason: (error as Error).message });
  }
  report({ feature, offered, granted: true });
  for (const code of SHADERS[feature] ?? []) {
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code });
    let reason = (await device.popErrorScope())?.message;
    if (reason === undefined) {
      try {
        await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
      } catch (error) {
        reason = (error as Error).message;
      }
    }
    const enables = /^enable [^;]*;/.exec(code)?.[0] ?? "no enable line";
    report({ feature, shader: enables, compiles: reason === undefined, ...(reason ? { reason } : {}) });
  }
  device.destroy();
}
