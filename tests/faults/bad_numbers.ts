/** Loaded before the program, see {@linkcode Fault}: the divergence of step `at` is weighted by infinity, so that the loss is not finite. */
import { Trainer } from "../../models/mod.ts";

const at = Number(new URL(import.meta.url).searchParams.get("at"));

const { step } = Trainer.prototype;
Trainer.prototype.step = function (batch, settings) {
  step.call(this, batch, settings.step === at ? { ...settings, beta: Infinity } : settings);
};
