/**
 * Preload module (see {@linkcode Fault}): the GPU device is lost when step `at` is submitted, as after a driver reset.
 * This happens the first `times` times the step is reached.
 *
 * @module
 */
import { StepTrainer } from "../../models/mod.ts";

const parameters = new URL(import.meta.url).searchParams;
const at = Number(parameters.get("at"));
let times = Number(parameters.get("times"));

const { step } = StepTrainer.prototype;
StepTrainer.prototype.step = function (batch, settings) {
  step.call(this, batch, settings);
  if (settings.step === at && times-- > 0) this.device.gpu.destroy();
};
