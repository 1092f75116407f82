import assert from "node:assert/strict";
import type { GroupValues } from "../../../base/setting_group.ts";
import type { DataConfig, ModelConfig, TrainingConfig } from "../../../training/run/run_config.ts";
import { RUN_SETTINGS } from "../../../training/run/run_settings.ts";

/** `true` for types that are mutually assignable and have the same fields. */
type Same<A, B> = [A, B, keyof A, keyof B] extends [B, A, keyof B, keyof A] ? true : false;

type Declared = typeof RUN_SETTINGS;

Deno.test("the interfaces of config.json have exactly the settings that are declared", () => {
  // The type checker compares; a setting that only one side has makes the value `false` an error.
  const same: [
    Same<DataConfig, GroupValues<Declared["data"]>>,
    Same<ModelConfig, GroupValues<Declared["model"]>>,
    Same<TrainingConfig, GroupValues<Declared["training"]>>,
  ] = [true, true, true];
  assert.deepEqual(same, [true, true, true]);
  assert.deepEqual(Object.keys(RUN_SETTINGS), ["data", "model", "training"]);
});
