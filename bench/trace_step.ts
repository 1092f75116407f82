/**
 * Traces training steps without compiling them, for benchmarks that examine their plans.
 *
 * @module
 */
import { TrainingState } from "../models/training_state.ts";
import { declareParameters } from "../models/mod.ts";
import { buildStep } from "../models/step_programs.ts";
import { TrainableVae, type VaeTrainerOptions } from "../models/vae/vae_trainer.ts";
import { traced } from "../runtime/graph/op.ts";
import type { Device, Tensor } from "../runtime/mod.ts";
import type { ProgramRequest } from "../runtime/plan/program_plan.ts";

/** A traced step, and its parameters and moments, the only GPU memory that it takes. */
export interface TracedStep extends Disposable {
  readonly request: ProgramRequest;
}

/** Traces the step that `createVaeTrainer()` would compile. */
export function traceStep(device: Device, options: VaeTrainerOptions): TracedStep {
  const model = new TrainableVae(options);
  const state = TrainingState.create(device, {
    specs: declareParameters((scope) => model.declare(scope)),
    seed: options.seed,
    precision: options.precision ?? "f32",
  });
  const { result, trace } = traced(() => buildStep(model, state));
  const request = {
    outputs: new Map<string, Tensor>(),
    metrics: new Map(Object.entries(result.metrics)),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 1024,
  };
  return { request, [Symbol.dispose]: () => state[Symbol.dispose]() };
}
