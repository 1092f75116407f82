/**
 * Everything needed to repeat a run, as kept in `runs/<name>/config.json`.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { type GroupValues, schemaOf } from "../../base/setting_group.ts";
import { RUN_SETTINGS } from "./run_settings.ts";

/** Version of the schema below. */
export const RUN_CONFIG_VERSION = 1;

/** A whole run. */
const runConfigSchema = z.object({
  schema: z.literal("mmvm-run"),
  version: z.literal(RUN_CONFIG_VERSION),
  name: z.string(),
  data: schemaOf(RUN_SETTINGS.data),
  model: schemaOf(RUN_SETTINGS.model),
  training: schemaOf(RUN_SETTINGS.training),
});

export type DataConfig = GroupValues<typeof RUN_SETTINGS.data>;
export type ModelConfig = GroupValues<typeof RUN_SETTINGS.model>;
export type TrainingConfig = GroupValues<typeof RUN_SETTINGS.training>;
export type RunConfig = z.infer<typeof runConfigSchema>;

/**
 * Checks a configuration.
 *
 * @param options.file Named in errors.
 * @throws {DataError} naming the first field that is wrong.
 */
export function checkRunConfig(value: unknown, options: { file: string }): RunConfig {
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") || "the file";
  throw new DataError(
    `${options.file}: ${field} is not valid (${issue?.message}); start a new run or correct the field`,
  );
}
