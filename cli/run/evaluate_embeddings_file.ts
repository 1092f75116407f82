/**
 * `deno task evaluate --embeddings FILE --data DIR`.
 *
 * @module
 */
import { basename, extname, join } from "node:path";
import { makeFolder } from "../../base/atomic_file.ts";
import { isDigits, openDataset, pairStudies } from "../../data/mod.ts";
import {
  evaluateEmbeddings,
  type EvaluateEmbeddingsOptions,
  PUBLISHED_AUROC,
  readEmbeddings,
  writeResults,
} from "../../eval/mod.ts";
import { runPaths } from "../../training/mod.ts";
import type { OptionValues } from "../options/options.ts";
import { type DATA_OPTIONS, datasetOptions } from "../options/run_options.ts";
import { printable, UsageError } from "../terminal/errors.ts";
import { exists } from "../terminal/exists.ts";
import { reportIndex, stageProgress } from "./run_output.ts";
import { scoreTables } from "./score_tables.ts";
import { writeReport } from "./write_report.ts";

/** How embeddings and runs are probed, and what is recorded of it. */
export type Probing = Pick<
  EvaluateEmbeddingsOptions,
  "probe" | "labelledFractions" | "probeSeeds" | "bootstrap" | "commands" | "versions"
>;

/** The flags that embeddings need. */
export interface EmbeddingValues extends OptionValues<typeof DATA_OPTIONS> {
  readonly data: string | undefined;
  readonly ids: string | undefined;
  readonly name: string | undefined;
  readonly allowMissing: boolean;
}

/**
 * Evaluates a file of embeddings and writes results and report to `runs/NAME`, without using a GPU.
 *
 * @throws {UsageError} without `--data`, or if `runs/NAME` is a trained run.
 */
export async function evaluateEmbeddingsFile(
  file: string,
  { values, probing }: { values: EmbeddingValues; probing: Probing },
): Promise<void> {
  const { data: root, ids, allowMissing } = values;
  if (root === undefined && !isDigits(values.dataset)) {
    throw new UsageError("--embeddings needs --data DIR, the data set that the embeddings are of");
  }
  const name = values.name ?? nameOf(file);
  const directory = join("runs", name);
  const paths = runPaths(directory);
  if (await exists(paths.config)) {
    throw new UsageError(`${directory} holds a trained run, whose results would be lost: choose another --name`);
  }
  const started = performance.now();
  const dataset = datasetOptions(values, root);
  const index = await openDataset(dataset);
  const pairs = pairStudies(index);
  reportIndex({ index, pairs });
  const embeddings = await readEmbeddings(file, { index, pairs, ids, allowMissing });
  for (const { view, dimension, study } of embeddings.views) {
    const missing = embeddings.missing[view]!;
    const without = missing > 0 ? `, ${missing} without one` : "";
    console.error(printable(`${view}: ${dimension} dimensions for ${study.length} pairs${without}`));
  }
  if (embeddings.unlisted > 0) {
    console.error(printable(`  left out: rows about images that the data do not list: ${embeddings.unlisted}`));
  }
  using progress = stageProgress();
  const results = await evaluateEmbeddings({
    name,
    embeddings,
    index,
    pairs,
    config: { data: dataset },
    ...probing,
    seconds: { read: (performance.now() - started) / 1000 },
    onProgress: progress.update,
  });
  progress.stop();
  await makeFolder(directory);
  await writeResults(paths.results, results);
  const report = await writeReport(results, { path: paths.report });
  console.log(printable(scoreTables(results, { published: PUBLISHED_AUROC })));
  console.log(printable(`\nresults: ${paths.results}\nreport: ${report}`));
}

/** The name of a file as that of a run. */
function nameOf(file: string): string {
  const stem = basename(file, extname(file)).replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return stem.slice(0, 100) || "embeddings";
}
