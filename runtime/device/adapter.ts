/**
 * What an adapter is called and what it can do.
 *
 * @module
 */
import type { Profile } from "../kernels/kernel.ts";

/** The limits of a device that the engine makes use of: the adapter's own, not WebGPU's least ones. */
export function adapterLimits(adapter: GPUAdapter): Record<string, number> {
  const { limits } = adapter;
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxTextureDimension2D: limits.maxTextureDimension2D,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  };
}

/** Identifies what measurements are valid for: the adapter, the kernel profile and the software stack. */
export function adapterName(adapter: GPUAdapter, options: { description: string; profile: Profile }): string {
  const { vendor, architecture, device } = adapter.info;
  const parts = [options.description, vendor, architecture, device, options.profile, navigator.userAgent];
  return [...new Set(parts.filter(Boolean))].join(", ");
}

/** True for adapters that compute on the CPU. */
export function isFallbackAdapter(adapter: GPUAdapter): boolean {
  const info = adapter.info as GPUAdapterInfo & { isFallbackAdapter?: boolean };
  return info.isFallbackAdapter ?? /llvmpipe|swiftshader|lavapipe|warp/i.test(info.description);
}
