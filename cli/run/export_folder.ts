/**
 * Writes a run's model for other programs, as the files of a folder.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../base/atomic_file.ts";
import { exportPytorch } from "../../eval/mod.ts";
import { readResults } from "../../eval/results/results_file.ts";
import type { CheckpointChoice } from "../../training/run/run_checkpoint.ts";
import { readRunConfig, type RunConfig, runPaths } from "../../training/mod.ts";
import { printable, UserError } from "../terminal/errors.ts";
import { exists } from "../terminal/exists.ts";

/**
 * Exports a run to PyTorch, and prints the files.
 *
 * @throws {UserError} if `out` is a file.
 */
export async function exportFolder(
  directory: string,
  { out, checkpoint }: { out: string; checkpoint: CheckpointChoice },
): Promise<void> {
  const config = await readRunConfig(directory);
  if (await Deno.stat(out).then(({ isFile }) => isFile, () => false)) {
    throw new UserError(`${out} is a file: name the folder that the export is to be written to`);
  }
  const views = await viewNames(directory, config);
  const files = await exportPytorch({
    config,
    directory,
    checkpoint,
    ...(views ? { views } : {}),
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
  await makeFolder(out);
  for (const { name, content } of files) {
    await writeFileAtomic(join(out, name), content);
    console.log(printable(join(out, name)));
  }
}

/** The run's views in the order of their encoders, which is that of the data; known once the run was evaluated. */
async function viewNames(directory: string, { model }: RunConfig): Promise<string[] | undefined> {
  const { results } = runPaths(directory);
  if (!await exists(results)) return undefined;
  const { data } = await readResults(results);
  return data.views.filter((view) => model.views?.includes(view) ?? true);
}
