/**
 * Preload module (see {@linkcode Fault}): from step `from` on, prints each step's number on standard error and sleeps
 * for `milliseconds` before running it, so that a test can send a signal during a known step.
 *
 * @module
 */
import { StepTrainer } from "../../models/mod.ts";

const parameters = new URL(import.meta.url).searchParams;
const from = Number(parameters.get("from"));
const milliseconds = Number(parameters.get("milliseconds"));

const { step } = StepTrainer.prototype;
StepTrainer.prototype.step = function (batch, settings) {
  if (settings.step >= from) {
    console.error(`STEP ${settings.step}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }
  step.call(this, batch, settings);
};
