/**
 * Writes the HTML report of a run.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { makeFolder, writeFileAtomic } from "../../base/atomic_file.ts";
import { PUBLISHED_AUROC } from "../../eval/results/published_auroc.ts";
import type { Results } from "../../eval/results/results.ts";
import type { AddedPart } from "../../viz/report/added_part.ts";
import { renderReport } from "../../viz/report/report.ts";
import { UserError } from "../terminal/errors.ts";

/**
 * Renders a report with published numbers for comparison and writes it atomically, creating missing folders.
 *
 * @returns The absolute path of the report.
 * @throws {UserError} If the path is a folder.
 */
export async function writeReport(
  results: Results,
  options: { path: string; includeImages?: boolean; includeIds?: boolean; part?: AddedPart },
): Promise<string> {
  const { path, includeImages = false, includeIds = false, part } = options;
  const html = renderReport(results, {
    published: PUBLISHED_AUROC,
    includeImages,
    includeIds,
    ...(part ? { part } : {}),
  });
  const folder = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  if (folder) throw new UserError(`${path} is a folder: name the file that the report is to be written to`);
  await makeFolder(dirname(path));
  await writeFileAtomic(path, html);
  return resolve(path);
}
