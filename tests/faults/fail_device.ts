/**
 * Preload module (see {@linkcode Fault}): step `at` fails the first `times` times it runs, either because other
 * processes have taken the GPU's memory (`kind` is `memory`) or because of a driver error (`driver`).
 *
 * @module
 */
import { StepTrainer } from "../../models/mod.ts";
import { EngineError, OutOfMemoryError } from "../../runtime/mod.ts";

const parameters = new URL(import.meta.url).searchParams;
const at = Number(parameters.get("at"));
let times = Number(parameters.get("times"));
const isMemory = parameters.get("kind") === "memory";

const { step } = StepTrainer.prototype;
StepTrainer.prototype.step = function (batch, settings) {
  if (settings.step === at && times-- > 0) {
    throw isMemory ? new OutOfMemoryError(0, 0, "out of GPU memory in submit") : new EngineError("the driver failed");
  }
  step.call(this, batch, settings);
};
