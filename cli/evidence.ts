/**
 * `deno task evidence`: writes the page of figures from the results of experiments, with their reports beside it.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../base/atomic_file.ts";
import { DATASETS } from "../data/mod.ts";
import { readResults } from "../eval/mod.ts";
import { SCALES, tradeOffPoints } from "../experiments/mod.ts";
import { EVIDENCE_TOPICS, type EvidenceSource, renderEvidence } from "../viz/mod.ts";
import { choice, parseArguments, path } from "./options/options.ts";
import { EXPERIMENTS_FOLDER } from "./run/phantom_data.ts";
import { exists } from "./terminal/exists.ts";
import { UserError } from "./terminal/errors.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Larger reports stay where they are. */
const MOST_BYTES = 3_000_000;

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "evidence",
    summary: "Writes a page of figures from the results of experiments, and copies their reports beside it.",
    options: {
      scale: choice(SCALES, { help: "scale of the experiments that are shown", default: "small" }),
      from: path({ help: "folder of the experiments", placeholder: "dir", default: EXPERIMENTS_FOLDER }),
      out: path({ help: "folder of the page", placeholder: "dir", default: join("docs", "results") }),
    },
  }, args);
  const { scale, from, out } = values;
  const folders = await foldersOf(from, scale);
  const named = EVIDENCE_TOPICS.map(({ experiment }) => {
    const own = [experiment, ...DATASETS.map((dataset) => `${experiment}-${dataset}`)].map((name) =>
      `${name}-${scale}`
    );
    return { experiment, names: folders.filter((name) => own.includes(name)) };
  });
  if (named.every(({ names }) => names.length === 0)) {
    throw new UserError(
      `${from} has no results at scale ${scale}: run \`deno task experiment table --scale ${scale}\` or another first`,
    );
  }
  await makeFolder(out);
  const evidence = new Map<string, EvidenceSource[]>();
  for (const { experiment, names } of named) {
    const sources: EvidenceSource[] = [];
    for (const name of names) sources.push(await sourceOf(name, { from, out }));
    evidence.set(experiment, sources);
  }
  const shown = [...evidence.values()].flat();
  await writeFileAtomic(join(out, "index.html"), renderEvidence(evidence));
  const missing = EVIDENCE_TOPICS.filter(({ experiment }) => evidence.get(experiment)!.length === 0);
  console.log(`${join(out, "index.html")}: ${shown.map(({ path }) => path).join(", ")}`);
  if (missing.length > 0) console.log(`not run: ${missing.map(({ experiment }) => experiment).join(", ")}`);
}

/** Names of the experiments' folders that have results at a scale. */
async function foldersOf(from: string, scale: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(from)) {
      if (!isDirectory || !name.endsWith(`-${scale}`)) continue;
      if (await exists(join(from, name, "results.json"))) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** Reads an experiment's results, and copies its report if it is small enough. */
async function sourceOf(name: string, { from, out }: { from: string; out: string }): Promise<EvidenceSource> {
  const file = join(from, name, "results.json");
  const results = await readResults(file);
  const report = join(from, name, "report.html");
  const small = await exists(report) && (await Deno.stat(report)).size < MOST_BYTES;
  if (small) await writeFileAtomic(join(out, `${name}.html`), await Deno.readTextFile(report));
  return {
    path: join(name, "results.json"),
    results,
    tradeOff: tradeOffPoints(results),
    ...(small ? { report: `${name}.html` } : {}),
  };
}

if (import.meta.main) await runCli(main);
