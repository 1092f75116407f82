/**
 * Everything that a GPU must answer about this project, within eight minutes, most important first:
 * `deno task bench gpu`. Each part is a process with its own time limit, so that none that fails or hangs stops the
 * others; results are written as they come.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder } from "../base/atomic_file.ts";
import { flag, number, parseArguments, path, text } from "../cli/options/options.ts";
import { printable, UsageError } from "../cli/terminal/errors.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { formatTable } from "../cli/terminal/table.ts";
import { describeMachine } from "./machine.ts";
import { GPU_PARTS, type GpuPart, TOTAL_SECONDS } from "./gpu/parts.ts";
import { type GpuResults, type PartOutcome, saveGpuResults } from "./gpu/part_results.ts";
import { runPart } from "./gpu/run_part.ts";
import { limitOf } from "./gpu/time_budget.ts";
import { sentencesOf } from "./gpu/summary.ts";

const OPTIONS = {
  minutes: number({ above: 0, max: 600, help: "time for everything", default: TOTAL_SECONDS / 60 }),
  only: text({
    pattern: /^[\w-]+(,[\w-]+)*$/,
    allowed: "names of parts, separated by commas",
    help: "parts to run; --list prints them",
    placeholder: "parts",
  }),
  list: flag({ help: "list the parts and stop" }),
  dryRun: flag({ help: "the smallest sizes, to see every part work on any adapter" }),
  python: text({
    pattern: /\S/,
    allowed: "a program",
    help: "a Python with PyTorch for CUDA and NumPy",
    default: "python3",
  }),
  static: path({
    help: "file of `bench gpu-static`, whose modelled times are shown beside the measured ones",
    default: "bench/results/gpu-static-navi21-paper224-b32.json",
  }),
  out: path({ help: "folder for the results", default: "bench/results/gpu" }),
};

const MEASURE = join(import.meta.dirname!, "gpu", "measure.ts");

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments({
    name: "bench gpu",
    summary: "Asks a GPU everything about this project, most important first, in eight minutes.",
    options: OPTIONS,
  }, args);
  if (values.list) {
    console.log(
      formatTable(["part", "s", ""], GPU_PARTS.map(({ name, seconds, summary }) => [name, seconds, summary])),
    );
    return 0;
  }
  const parts = chosenParts(values.only);
  await makeFolder(values.out);
  const file = join(values.out, "gpu.json");
  using log = Deno.openSync(join(values.out, "gpu.log"), { write: true, create: true, truncate: true });
  const { commit, deno } = await describeMachine("");
  const results: GpuResults = {
    version: 1,
    started: new Date().toISOString(),
    dryRun: values.dryRun,
    commit,
    deno,
    parts: [],
  };
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());
  await runParts(parts, {
    seconds: 60 * values.minutes,
    signal: stop.signal,
    commandOf: (part) => commandOf(part, values),
    log: (line) => void log.writeSync(new TextEncoder().encode(`${line}\n`)),
    onChange: (outcomes) => {
      results.parts = [...outcomes];
      saveGpuResults(file, results);
    },
  });
  console.log(`\n${tableOf(results.parts)}`);
  for (const line of sentencesOf(results.parts)) console.log(line);
  console.log(`results: ${file}`);
  if (stop.signal.aborted) return 130;
  return results.parts.some(({ status }) => status === "failed" || status === "timed out") ? 1 : 0;
}

function chosenParts(only: string | undefined): readonly GpuPart[] {
  if (only === undefined) return GPU_PARTS;
  const names = only.split(",");
  const unknown = names.find((name) => !GPU_PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new UsageError(
      `there is no part ${printable(unknown)}; choose some of ${GPU_PARTS.map(({ name }) => name).join(", ")}`,
    );
  }
  return GPU_PARTS.filter(({ name }) => names.includes(name));
}

function commandOf(
  part: GpuPart,
  { dryRun, python, static: model, out }: { dryRun: boolean; python: string; static: string; out: string },
): [string, ...string[]] {
  const deno = ["run", "--quiet", "--no-prompt", "--cached-only"];
  const permissions = ["--allow-env", "--allow-read", "--allow-write", "--allow-run", "--allow-sys"];
  const given = JSON.stringify({ ...part.options, dryRun, python, model, out });
  return [Deno.execPath(), ...deno, ...permissions, MEASURE, part.measure, given];
}

/** Runs parts one after the other. */
async function runParts(parts: readonly GpuPart[], options: {
  seconds: number;
  signal: AbortSignal;
  commandOf: (part: GpuPart) => [string, ...string[]];
  log: (line: string) => void;
  onChange: (outcomes: readonly PartOutcome[]) => void;
}): Promise<void> {
  const { seconds, signal, commandOf, log, onChange } = options;
  const end = performance.now() + 1000 * seconds;
  const done: PartOutcome[] = [];
  for (const [index, part] of parts.entries()) {
    if (signal.aborted) return;
    const left = (end - performance.now()) / 1000;
    // With fewer minutes every part has its share of them.
    const share = seconds / TOTAL_SECONDS;
    const later = parts.slice(index + 1).reduce((total, { seconds }) => total + share * seconds, 0);
    const limit = limitOf(share * part.seconds, { left, later, isLast: index === parts.length - 1 });
    if (limit < 1) {
      done.push({ name: part.name, status: "no time", seconds: 0, limit, records: [] });
      onChange(done);
      continue;
    }
    console.log(`${part.name}: ${part.summary} (at most ${limit.toFixed(0)} s)`);
    log(`== ${part.name}`);
    const running: PartOutcome = { name: part.name, status: "running", seconds: 0, limit, records: [] };
    onChange([...done, running]);
    const outcome = await runPart(part, {
      limit,
      signal,
      log,
      command: commandOf(part),
      onRecord: (record) => {
        running.records.push(record);
        onChange([...done, running]);
      },
    });
    done.push(outcome);
    onChange(done);
    console.log(`  ${outcome.status} in ${outcome.seconds.toFixed(1)} s${outcome.reason ? `: ${outcome.reason}` : ""}`);
  }
}

function tableOf(parts: readonly PartOutcome[]): string {
  return formatTable(
    ["part", "status", "s", "records"],
    parts.map(({ name, status, seconds, records }) => [name, status, seconds.toFixed(1), records.length]),
  );
}

if (import.meta.main) await runCli(main);
