/**
 * Evaluates runs on phantoms on many new phantoms: `deno task bench fresh-phantoms RUN...`.
 *
 * The test split of 900 phantoms has 110 studies, too few to distinguish methods that differ by one point of AUROC.
 * Here probes are trained on the runs' own training pairs, as usual, but scored on thousands of unseen phantoms from
 * the same population.
 *
 * @module
 */
import { integer, parseArguments, text } from "../cli/options/options.ts";
import { drawPhantoms, phantomRoot } from "../cli/run/phantom_data.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { runDirectory } from "../cli/options/run_options.ts";
import { formatTable } from "../cli/terminal/table.ts";
import {
  evaluateLatents,
  type Evaluation,
  openModel,
  type StudyTable,
  studyTable,
  type ViewLatents,
} from "../eval/mod.ts";
import { neededData, openRunData, readRunConfig, type RunConfig, type RunData } from "../training/mod.ts";
import { splitCode } from "../eval/protocol/study_table.ts";
import { encodePairs } from "../eval/runs/encode_pairs.ts";
import { Device } from "../runtime/mod.ts";

const CACHE = "cache";

async function main(args: readonly string[]): Promise<void> {
  const { values, operands } = parseArguments({
    name: "bench fresh-phantoms",
    summary: "Evaluates runs on phantoms on many new phantoms.",
    options: {
      studies: integer({ min: 10, help: "number of new studies", default: 4000 }),
      seed: integer({ min: 0, help: "seed of the new phantoms", default: 777 }),
      labelled: text({
        pattern: /^[0-9.,]+$/,
        allowed: "comma-separated numbers above 0 and at most 1",
        help: "fractions of the training patients whose labels the probes use",
        default: "1",
      }),
    },
    operands: { name: "RUN", help: "names or directories of runs", min: 1, max: 100 },
  }, args);
  const phantoms = { studies: values.studies, seed: values.seed };
  await drawPhantoms(phantoms, { signal: new AbortController().signal });
  const fractions = values.labelled.split(",").map(Number);
  using device = await Device.open();
  const evaluations: Evaluation[] = [];
  for (const run of operands) {
    const directory = runDirectory(run);
    const config = await readRunConfig(directory);
    const root = phantomRoot(phantoms);
    evaluations.push(...await scoreRun(device, { config, directory, root, fractions }));
    console.log(`${config.name} evaluated`);
  }
  for (const fraction of fractions) {
    const some = evaluations.filter(({ labelledFraction }) => labelledFraction === fraction);
    console.log(`\nmacro AUROC in percent, ${fraction * 100}% of the labels, mean ± deviation (run by run)`);
    console.log(macroTable(some));
    console.log(`\nAUROC by label, mean over runs`);
    console.log(labelTable(some));
  }
}

async function scoreRun(
  device: Device,
  options: { config: RunConfig; directory: string; root: string; fractions: readonly number[] },
): Promise<Evaluation[]> {
  const { config, directory, root, fractions } = options;
  const open = (data: RunConfig["data"]) => openRunData({ ...neededData({ ...config, data }), cacheDir: CACHE });
  const own = await open(config.data);
  const fresh = await open({ ...config.data, root });
  using opened = await openModel(device, { config, directory, data: own });
  const encode = (data: RunData) => encodePairs({ model: opened.model, data, pairs: data.pairs });
  const tables = [own, fresh].map(({ index, pairs }) => studyTable(index, pairs)) as [StudyTable, StudyTable];
  const [learned, unseen] = [await encode(own), await encode(fresh)];
  const { evaluations } = await evaluateLatents({
    run: { name: config.name, method: config.model.method, seed: config.training.seed },
    table: joined(tables[0], tables[1]),
    views: learned.map((view, m) => joinedLatents(view, unseen[m]!, tables[0].studyIds.length)),
    latents: "unimodal",
    labelledFractions: fractions,
    // Only means are printed, so intervals need not be computed.
    bootstrap: { resamples: 1 },
  });
  return evaluations;
}

/** Replaces the test studies of the first table by all studies of the second. */
function joined(own: StudyTable, fresh: StudyTable): StudyTable {
  const test = splitCode("test");
  return {
    studyIds: [...own.studyIds, ...fresh.studyIds],
    subjectIds: [...own.subjectIds, ...fresh.subjectIds],
    viewPositions: [...own.viewPositions, ...fresh.viewPositions],
    splits: Int8Array.from([
      ...own.splits.map((split) => (split === test ? -1 : split)),
      ...fresh.splits.map(() => test),
    ]),
    labels: own.labels,
    targets: own.targets.map((target, label) => Int8Array.from([...target, ...fresh.targets[label]!])),
    labelledStudies: own.labelledStudies,
  };
}

function joinedLatents(own: ViewLatents, fresh: ViewLatents, studies: number): ViewLatents {
  return {
    ...own,
    values: Float32Array.from([...own.values, ...fresh.values]),
    study: Int32Array.from([...own.study, ...fresh.study.map((study) => study + studies)]),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(value: number): string {
  return (100 * value).toFixed(1);
}

function macroTable(evaluations: readonly Evaluation[]): string {
  const [methods, views] = [distinct(evaluations, "method"), distinct(evaluations, "view")];
  return formatTable(
    ["method", ...views],
    methods.map((method) => [
      method,
      ...views.map((view) => {
        const macros = evaluations.filter((one) => one.method === method && one.view === view)
          .map(({ macro }) => macro.auroc.value ?? NaN);
        const mean = meanOf(macros);
        const deviation = Math.sqrt(
          macros.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (macros.length - 1 || 1),
        );
        return `${percent(mean)} ± ${percent(deviation)} (${macros.map(percent).join(", ")})`;
      }),
    ]),
  );
}

function labelTable(evaluations: readonly Evaluation[]): string {
  const [methods, views] = [distinct(evaluations, "method"), distinct(evaluations, "view")];
  const labels = evaluations[0]?.metrics.map(({ label }) => label) ?? [];
  return formatTable(
    ["label", ...views.flatMap((view) => methods.map((method) => `${method}, ${view}`))],
    labels.map((label, at) => [
      label,
      ...views.flatMap((view) =>
        methods.map((method) => {
          const values = evaluations.filter((one) => one.method === method && one.view === view)
            .map(({ metrics }) => metrics[at]!.auroc.value ?? NaN);
          return percent(meanOf(values));
        })
      ),
    ]),
  );
}

function distinct(evaluations: readonly Evaluation[], column: "method" | "view"): string[] {
  return [...new Set(evaluations.map((one) => one[column]))];
}

if (import.meta.main) await runCli(main);
