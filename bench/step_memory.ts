/**
 * GPU memory of a training step: what the engine's plan needs, against all activations and gradients side by side.
 *
 * @module
 */
import { AdamState } from "../models/adam_state.ts";
import { declareParameters, Scope, Vae } from "../models/mod.ts";
import { type Device, input, type Precision, type Tensor } from "../runtime/mod.ts";
import { traced } from "../runtime/graph/op.ts";
import { planProgram, type ProgramPlan } from "../runtime/plan/program_plan.ts";
import { type StepName, stepWork } from "./peers/work.ts";
import type { MemoryResult } from "./results.ts";

/** Plans a step, allocates nothing but its parameters, and tells what it needs. */
export function measureMemory(
  device: Device,
  name: StepName,
  { precision = "f32" }: { precision?: Precision } = {},
): MemoryResult {
  const before = device.allocatedBytes;
  const { config, batchSize } = stepWork(name);
  const { imageSize, latentDim, views } = config;
  const vae = new Vae(config);
  using state = AdamState.create(device, {
    specs: declareParameters((scope) => vae.declare(scope)),
    seed: 0,
    precision,
  });
  const { result, trace } = traced(() => {
    const scope = Scope.bound(state.parameters.source, { training: true });
    const { loss } = vae.terms(scope, {
      images: views.map((view) => input(view, { shape: [batchSize, imageSize, imageSize, 1] })),
      noise: input("noise", { shape: [views.length, batchSize, latentDim] }),
      alpha: input("alpha", { shape: [1] }),
      beta: input("beta", { shape: [] }),
    });
    return { loss, ...state.minimize(loss).metrics };
  });
  const request = {
    outputs: new Map<string, Tensor>(),
    metrics: new Map(Object.entries(result)),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 1024,
  };
  const options = { target: device.target, maxBufferBytes: device.gpu.limits.maxBufferSize, precision };
  const plan = planProgram(request, options);
  const states = device.allocatedBytes - before;
  return {
    work: precision === "f32" ? name : `${name}, ${precision}`,
    arenaBytes: plan.memory.arena,
    // Checks of the numbers keep every op apart: the sum does not fall with what fusion saves.
    unsharedBytes: tensorBytes(planProgram(request, { ...options, precision: "f32", checkNumerics: true })),
    peakBytes: states + plan.requests.reduce((total, { bytes }) => total + bytes, 0),
  };
}

/**
 * Bytes of all tensors that ops give, in float32, each in a place of its own: what a framework holds that neither fuses nor shares memory.
 * Kernels' scratch memory is left out: it is ours alone.
 */
function tensorBytes(plan: ProgramPlan): number {
  const slots = new Set(
    plan.commands.flatMap(({ command }) => command.operands).map(({ slot }) => slot.inside?.slot ?? slot)
      .filter(({ leaf, label }) => !leaf && !label.startsWith("scratch of")),
  );
  return [...slots].reduce((total, { bytes }) => total + bytes, 0);
}

/** One line for people. */
export function memoryLine({ work, arenaBytes, unsharedBytes, peakBytes }: MemoryResult): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${work}: activations, gradients and scratch take ${mebibytes(arenaBytes)}, ` +
    `${(100 * arenaBytes / unsharedBytes).toFixed(0)} % of the ${
      mebibytes(unsharedBytes)
    } of all activations and gradients; ` +
    `with parameters, moments and inputs ${mebibytes(peakBytes)}`;
}
