/**
 * What an adapter is called and what it can do.
 *
 * @module
 */
import type { Profile } from "../kernels/kernel.ts";
import { unlistedFeatures, wantedFeatures } from "./platform.ts";

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

/**
 * The adapter's device, with all of its limits and the features that kernels can use.
 *
 * @throws {Error} if the driver does not provide one.
 */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const wanted = wantedFeatures(adapter);
  const request = (features: GPUFeatureName[]) =>
    adapter.requestDevice({ requiredFeatures: features, requiredLimits: adapterLimits(adapter) });
  const unlisted = unlistedFeatures(adapter);
  if (unlisted.length === 0) return await request(wanted);
  try {
    return await request([...wanted, ...unlisted]);
  } catch {
    return await request(wanted);
  }
}
