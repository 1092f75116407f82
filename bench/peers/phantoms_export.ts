/**
 * Writes the phantoms of `experiment table --scale small` as raw files for `phantoms_torch.py`: the pairs that a run is
 * trained on, those it is validated on, and those of the fresh studies that it is scored on.
 *
 *     deno run -A bench/peers/phantoms_export.ts DIR
 *
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { parseArguments } from "../../cli/options/options.ts";
import { phantomsOf } from "../../cli/run/experiment_phantoms.ts";
import { CACHE, drawPhantoms, phantomRoot } from "../../cli/run/phantom_data.ts";
import { printable } from "../../cli/terminal/errors.ts";
import { userPath } from "../../cli/terminal/paths.ts";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { stopSignals } from "../../cli/terminal/stop_signals.ts";
import { type PairTable, type Split, SPLITS, studiesOfPairs } from "../../data/mod.ts";
import { casesOf, type StudyTable, studyTable } from "../../eval/protocol/study_table.ts";
import { baseOf, vaeRun } from "../../experiments/definitions/scales.ts";
import { testData } from "../../experiments/run_messages.ts";
import {
  neededData,
  openRunData,
  type RunConfig,
  type RunData,
  viewsOfRun,
  withAnnealing,
  withTestSet,
} from "../../training/mod.ts";
import { exportSplits } from "./export_splits.ts";

const SCALE = "small";

/** A run as the experiment plans it, and its data: the drawn phantoms, and as their test split the fresh ones. */
async function openExperiment(signal: AbortSignal): Promise<{ config: RunConfig; data: RunData }> {
  const { drawn, fresh } = phantomsOf("phantoms", { scale: SCALE })!;
  for (const phantoms of [drawn, fresh]) await drawPhantoms(phantoms, { signal });
  const base = baseOf("phantoms", { scale: SCALE, root: phantomRoot(drawn) });
  const { config, alphaShare } = vaeRun(base, "mmvm", { seed: base.seeds[0]! });
  const needed = neededData(config);
  const options = { ...needed, cacheDir: CACHE, signal };
  const own = await openRunData(options);
  const unseen = await openRunData({ ...options, data: testData(needed.data, phantomRoot(fresh)) });
  return {
    config: alphaShare === undefined ? config : withAnnealing(config, own, { share: alphaShare }),
    data: withTestSet(own, unseen),
  };
}

/** A split's studies with their patients and labels, as results.json has them, and the study of each pair by place. */
function describeSplit(pairs: PairTable, { table, split }: { table: StudyTable; split: Split }) {
  const studies = studiesOfPairs(pairs);
  const place = new Map(Array.from(studies, (study, i) => [study, i]));
  const { studyIds, subjectIds, labels } = casesOf(table, studies, { id: split, split });
  const rows = Array.from(pairs.study, (study) => place.get(study)!);
  return { count: pairs.count, pairs: rows, studyIds, subjectIds, labels };
}

/** Writes the pixels of each split's pairs, and in `phantoms.json` what they are and how a run is trained on them. */
export async function exportPhantoms(
  { config, data }: { config: RunConfig; data: RunData },
  directory: string,
): Promise<void> {
  const { index, pixels } = data;
  const { names, pairs } = viewsOfRun(config, data);
  const splits = await exportSplits({ index, pixels, pairs }, directory);
  const table = studyTable(index, data.pairs);
  const about = {
    views: names,
    labels: index.labels,
    model: config.model,
    training: config.training,
    splits: Object.fromEntries(SPLITS.map((split) => [split, describeSplit(splits[split], { table, split })])),
  };
  await writeFileAtomic(join(directory, "phantoms.json"), `${JSON.stringify(about)}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const { operands: [directory] } = parseArguments({
    name: "phantoms_export",
    summary: "Writes the phantoms of `experiment table --scale small` as raw files for phantoms_torch.py.",
    options: {},
    operands: { name: "DIR", help: "where to write them", min: 1, max: 1 },
  }, args);
  const { signal } = stopSignals("stopping");
  const folder = userPath(directory!);
  await exportPhantoms(await openExperiment(signal), folder);
  console.log(printable(folder));
}

if (import.meta.main) await runCli(main);
