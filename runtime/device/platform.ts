/**
 * The few differences between WebGPU in Deno and in browsers. Everything else in the engine is standard WebGPU.
 *
 * @module
 */

import type { Profile, Tuner } from "../kernels/kernel.ts";

interface DenoLike {
  readonly env: { get(name: string): string | undefined; set(name: string, value: string): void };
}

/**
 * Lavapipe, the software Vulkan driver, prints two error lines when XDG_RUNTIME_DIR is unset; set it to any
 * directory. Without permission to access the environment nothing is done: the lines are harmless.
 */
export function prepareEnvironment(): void {
  const deno = (globalThis as { Deno?: DenoLike }).Deno;
  if (!deno) return;
  try {
    if (!deno.env.get("XDG_RUNTIME_DIR")) deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  } catch {
    // No permission to access the variable: see above.
  }
}

/** Families with a variant for each register block. */
const BLOCKED: ReadonlySet<string> = new Set(["conv_forward", "conv_transposed", "conv_weight_gradient", "matmul"]);

/**
 * Default choices between kernel variants on CPU adapters. Chromium uses SwiftShader, which takes seconds to minutes
 * to compile a kernel with a large register block; lavapipe, used by Deno, compiles it in a tenth of a second and
 * runs it faster than small blocks.
 */
export function softwareTuner(): Tuner | undefined {
  if ((globalThis as { Deno?: DenoLike }).Deno) return undefined;
  return { choose: ({ family }) => (BLOCKED.has(family) ? "software-8x1" : undefined) };
}

/** True where reading buffers through a texture is faster: on lavapipe, see `texels.ts`. */
export function readsTexels(profile: Profile): boolean {
  return profile === "software" && (globalThis as { Deno?: DenoLike }).Deno !== undefined;
}

/** What a kernel that uses subgroups begins with: Deno's compiler knows no such directive, browsers' need it. */
export function subgroupsDirective(): string {
  return (globalThis as { Deno?: DenoLike }).Deno ? "" : "enable subgroups; ";
}

/** The optional features that the engine uses, where the adapter has them. */
export function wantedFeatures(adapter: GPUAdapter): GPUFeatureName[] {
  const wanted = ["timestamp-query", "shader-f16", "subgroups"] as const;
  return wanted.filter((feature) => adapter.features.has(feature));
}

/** Features that Deno's adapters may grant although they do not list them. */
export function unlistedFeatures(adapter: GPUAdapter): GPUFeatureName[] {
  const isDeno = (globalThis as { Deno?: DenoLike }).Deno !== undefined;
  return isDeno && !adapter.features.has("subgroups") ? ["subgroups"] : [];
}

/** Invocations of the adapter's smallest subgroup, a power of two; 1 where the device cannot use subgroups. */
export function smallestSubgroup({ features }: GPUDevice, { info }: GPUAdapter): number {
  const { subgroupMinSize = 1 } = info as { readonly subgroupMinSize?: number };
  return features.has("subgroups") && subgroupMinSize > 1 ? 2 ** Math.floor(Math.log2(subgroupMinSize)) : 1;
}
