import assert from "node:assert/strict";
import { configHash } from "../../../training/run/run_checkpoint.ts";
import { smallRunConfig } from "../small_run.ts";

Deno.test("configHash() depends on values and not on the order of fields or the run's name", async () => {
  const config = smallRunConfig("mmvm");
  const reversed = {
    ...config,
    name: "other",
    data: Object.fromEntries(Object.entries(config.data).reverse()) as unknown as typeof config.data,
    model: Object.fromEntries(Object.entries(config.model).reverse()) as unknown as typeof config.model,
  };
  assert.equal(await configHash(reversed), await configHash(config));
  const changed = { ...config, training: { ...config.training, seed: config.training.seed + 1 } };
  assert.notEqual(await configHash(changed), await configHash(config));
});
