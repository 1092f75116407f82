/**
 * GPU memory of a training step: the engine's memory plan compared with all activations and gradients held at once.
 *
 * @module
 */
import type { Device, Precision } from "../runtime/mod.ts";
import { planProgram, type ProgramPlan } from "../runtime/plan/program_plan.ts";
import { type StepName, stepWork } from "./peers/work.ts";
import type { MemoryResult } from "./results.ts";
import { traceStep } from "./trace_step.ts";

/** Plans a step and returns its memory needs; only parameters are allocated. */
export function measureMemory(
  device: Device,
  name: StepName,
  { precision = "f32" }: { precision?: Precision } = {},
): MemoryResult {
  const before = device.allocatedBytes;
  // Everyone in the races starts from the same float images and noise.
  const given = { ...stepWork(name), seed: 0, precision, floatImages: true, givenNoise: true };
  using step = traceStep(device, given);
  const { request } = step;
  const options = { target: device.target, maxBufferBytes: device.gpu.limits.maxBufferSize, precision };
  const plan = planProgram(request, options);
  const states = device.allocatedBytes - before;
  return {
    work: precision === "f32" ? name : `${name}, ${precision}`,
    arenaBytes: plan.memory.arena,
    // checkNumerics disables fusion, so that the sum includes results that fusion would eliminate.
    unsharedBytes: tensorBytes(planProgram(request, { ...options, precision: "f32", checkNumerics: true })),
    peakBytes: states + plan.requests.reduce((total, { bytes }) => total + bytes, 0),
  };
}

/**
 * Total bytes of all op results in float32: the memory of a framework that neither fuses ops nor shares buffers.
 * Excludes scratch memory, which is specific to our kernels.
 */
function tensorBytes(plan: ProgramPlan): number {
  const slots = new Set(
    plan.commands.flatMap(({ command }) => command.operands).map(({ slot }) => slot.inside?.slot ?? slot)
      .filter(({ leaf, label }) => !leaf && !label.startsWith("scratch of")),
  );
  return [...slots].reduce((total, { bytes }) => total + bytes, 0);
}

/** Formats the memory use as one line. */
export function memoryLine({ work, arenaBytes, unsharedBytes, peakBytes }: MemoryResult): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${work}: activations, gradients and scratch take ${mebibytes(arenaBytes)}, ` +
    `${(100 * arenaBytes / unsharedBytes).toFixed(0)}% of the ${
      mebibytes(unsharedBytes)
    } of all activations and gradients; ` +
    `with parameters, moments and inputs ${mebibytes(peakBytes)}`;
}
