/**
 * `deno task evidence`: keeps what experiments have found, and writes the page of figures with their reports beside it.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../base/atomic_file.ts";
import { isDigits } from "../data/mod.ts";
import {
  compareEvidence,
  type EvidenceRecord,
  includeEvidence,
  makeEvidence,
  mergeEvidence,
  readEvidence,
  readResults,
  writeEvidence,
} from "../eval/mod.ts";
import { type Experiment, EXPERIMENTS, SCALES } from "../experiments/mod.ts";
import { EVIDENCE_TOPICS, type EvidenceSource, renderEvidence } from "../viz/mod.ts";
import { choice, parseArguments, path } from "./options/options.ts";
import { EXPERIMENTS_FOLDER } from "./run/phantom_data.ts";
import { exists } from "./terminal/exists.ts";
import { UserError } from "./terminal/errors.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Larger reports stay where they are. */
const MOST_BYTES = 3_000_000;

/** The folder of records below that of the page. */
const DATA = "data";

/** The name of a report in the folder of its experiment. */
const REPORT = "report.html";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "evidence",
    summary: "Keeps what experiments have found in small records, and writes a page of figures from all records.",
    options: {
      scale: choice(SCALES, { help: "scale of the experiments that are shown", default: "small" }),
      from: path({ help: "folder of the experiments", placeholder: "dir", default: EXPERIMENTS_FOLDER }),
      out: path({ help: "folder of the page", placeholder: "dir", default: join("docs", "results") }),
    },
  }, args);
  const { scale, from, out } = values;
  const known = new Set([
    ...await namesIn(from, (name) => exists(join(from, name, "results.json"))),
    ...(await namesIn(join(out, DATA), () => true)).map((name) => name.replace(/\.json$/, "")),
  ]);
  const byExperiment = Map.groupBy([...known].sort(), (name) => experimentOf(name, scale));
  const named = EVIDENCE_TOPICS.map(({ experiment }) => ({ experiment, names: byExperiment.get(experiment) ?? [] }));
  if (named.every(({ names }) => names.length === 0)) {
    throw new UserError(
      `neither ${from} nor ${
        join(out, DATA)
      } has results at scale ${scale}: run \`deno task experiment table --scale ` +
        `${scale}\` or another first`,
    );
  }
  const records = new Map<string, EvidenceRecord>();
  for (const name of named.flatMap(({ names }) => names)) records.set(name, await recordOf(name, { from, out }));
  const evidence = new Map<string, EvidenceSource[]>();
  for (const { experiment, names } of named) {
    const definition = EXPERIMENTS.find(({ name }) => name === experiment)!;
    const sources: EvidenceSource[] = [];
    for (const name of chestFirst(names, records)) sources.push(await sourceOf(name, { records, definition, out }));
    evidence.set(experiment, sources);
  }
  const shown = [...evidence.values()].flat();
  await writeFileAtomic(join(out, "index.html"), renderEvidence(evidence));
  const missing = EVIDENCE_TOPICS.filter(({ experiment }) => evidence.get(experiment)!.length === 0);
  console.log(`${join(out, "index.html")}: ${shown.map(({ path }) => path).join(", ")}`);
  if (missing.length > 0) console.log(`not run: ${missing.map(({ experiment }) => experiment).join(", ")}`);
}

/**
 * The experiment of results at a scale, from their name: the experiment, its data and the scale, as in
 * `other-datasets-mnist-three-views-small`. None if they are of another scale or of no topic of the page.
 */
function experimentOf(name: string, scale: string): string | undefined {
  if (!name.endsWith(`-${scale}`)) return undefined;
  const matching = EVIDENCE_TOPICS.map(({ experiment }) => experiment).filter((each) => name.startsWith(`${each}-`));
  // table-extended-phantoms-small begins with `table` too.
  return matching.sort((a, b) => b.length - a.length)[0];
}

/** Orders results on X-rays, which the page is about, before those on digits. */
function chestFirst(names: readonly string[], records: ReadonlyMap<string, EvidenceRecord>): string[] {
  const hasDigits = (name: string) => isDigits(records.get(name)!.data.dataset);
  return names.toSorted((a, b) => Number(hasDigits(a)) - Number(hasDigits(b)));
}

/** Names in a folder, which need not exist. */
async function namesIn(folder: string, accept: (name: string) => boolean | Promise<boolean>): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (await accept(name)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

/** The record of an experiment with its new results, whose report comes beside the page if it is small enough. */
async function recordOf(name: string, { from, out }: { from: string; out: string }): Promise<EvidenceRecord> {
  const file = fileOf(name, out);
  const kept = await exists(file) ? await readEvidence(file) : undefined;
  const added = await evidenceIn(join(from, name), name);
  const record = kept && added ? mergeEvidence(kept, added) : (added ?? kept)!;
  // After merging: where new results are refused, or have fewer runs, the report of the kept ones stays.
  if (added?.reportRuns !== undefined && added.reportRuns === record.reportRuns) {
    await makeFolder(out);
    await writeFileAtomic(join(out, `${name}.html`), await Deno.readTextFile(join(from, name, REPORT)));
  }
  return record;
}

/** Keeps the record of an experiment, with the runs of the experiments that it includes, and returns what is shown. */
async function sourceOf(
  name: string,
  { records, definition, out }: {
    records: ReadonlyMap<string, EvidenceRecord>;
    definition: Experiment;
    out: string;
  },
): Promise<EvidenceSource> {
  let record = records.get(name)!;
  for (const { experiment, methods } of definition.includes ?? []) {
    const included = records.get(name.replace(definition.name, experiment));
    if (included === undefined) continue;
    const merged = includeEvidence(record, included, { ...(methods ? { methods } : {}) });
    if (typeof merged !== "string") record = merged;
    else console.error(`${name} is shown without the runs of ${included.title}, which ${merged}`);
  }
  await writeEvidence(fileOf(name, out), record);
  return {
    path: `${DATA}/${name}.json`,
    record,
    comparisons: compareEvidence(record, { by: definition.by }),
    ...(await exists(join(out, `${name}.html`)) ? { report: `${name}.html` } : {}),
  };
}

function fileOf(name: string, out: string): string {
  return join(out, DATA, `${name}.json`);
}

/** The record of an experiment's results, with its report's runs if that is small enough; none without results. */
async function evidenceIn(folder: string, title: string): Promise<EvidenceRecord | undefined> {
  const file = join(folder, "results.json");
  if (!await exists(file)) return undefined;
  const results = await readResults(file);
  const record = { ...await makeEvidence(results), title };
  const report = join(folder, REPORT);
  const isShown = await exists(report) && (await Deno.stat(report)).size < MOST_BYTES;
  return isShown ? { ...record, reportRuns: results.runs.length } : record;
}

if (import.meta.main) await runCli(main);
