/**
 * Preload module (see {@linkcode Fault}): makes the loss of step `at` non-finite by weighting its KL divergence with
 * infinity.
 *
 * @module
 */
import { StepTrainer } from "../../models/mod.ts";

const at = Number(new URL(import.meta.url).searchParams.get("at"));

const { step } = StepTrainer.prototype;
StepTrainer.prototype.step = function (batch, settings) {
  step.call(this, batch, settings.step === at ? { ...settings, beta: Infinity } : settings);
};
