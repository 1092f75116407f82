/**
 * The few places where Deno's WebGPU and the browsers' differ. Everything else in the engine is standard WebGPU.
 *
 * @module
 */

import type { Profile, Tuner } from "../kernels/kernel.ts";

interface DenoLike {
  readonly env: { get(name: string): string | undefined; set(name: string, value: string): void };
}

/**
 * Lavapipe, the software Vulkan driver, prints two error lines when XDG_RUNTIME_DIR is unset; give it any directory. A process
 * without the permission to see the environment goes on: the lines are harmless.
 */
export function prepareEnvironment(): void {
  const deno = (globalThis as { Deno?: DenoLike }).Deno;
  if (!deno) return;
  try {
    if (!deno.env.get("XDG_RUNTIME_DIR")) deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  } catch {
    // No permission for the variable: see above.
  }
}

/** Families with a variant for each register block. */
const BLOCKED: ReadonlySet<string> = new Set(["conv_forward", "conv_transposed", "conv_weight_gradient", "matmul"]);

/**
 * Choices between variants where none were measured, for an adapter that runs on the CPU. In Chromium that is SwiftShader, which takes seconds to
 * minutes to compile a kernel with a large register block; lavapipe, which Deno uses, takes a tenth of a second, and runs it faster.
 */
export function softwareTuner(): Tuner | undefined {
  if ((globalThis as { Deno?: DenoLike }).Deno) return undefined;
  return { choose: ({ family }) => (BLOCKED.has(family) ? "software-8x1" : undefined) };
}

/** True where kernels gain from reading buffers through a texture: on lavapipe, see `texels.ts`. */
export function readsTexels(profile: Profile): boolean {
  return profile === "software" && (globalThis as { Deno?: DenoLike }).Deno !== undefined;
}

/** The optional features that the engine uses, where the adapter has them. */
export function wantedFeatures(adapter: GPUAdapter): GPUFeatureName[] {
  const wanted = ["timestamp-query", "shader-f16"] as const;
  return wanted.filter((feature) => adapter.features.has(feature));
}
