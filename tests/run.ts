/**
 * `deno task test`: runs the suite and summarises it. Paths and flags of `deno test` may follow, for example
 * `deno task test tests/data --filter csv`. `--times` prints how long each file took; `--fast` leaves out the slow
 * files; `--changed` runs only the files that may depend on what differs from the main branch.
 *
 * Tests that cannot run here (those that need a browser, if there is none) are listed by name. With CI=true each counts
 * as failed: a suite must not pass because it skipped something.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { writeAll } from "../base/atomic_file.ts";
import { prepareEnvironment } from "../cli/terminal/environment.ts";
import { printable } from "../cli/terminal/errors.ts";
import { changedFiles, testsOf } from "./changed_tests.ts";
import { countTests, type TestCounts, type TestName } from "./junit.ts";
import { ROOT } from "./process.ts";
import { findTestFiles, groupFiles, isSlow, needsAbsentCluster, type TestGroup } from "./test_files.ts";

/** Time limit of a group of tests in minutes. The whole suite takes a third of it on two cores. */
const LIMIT = 60;

/** Permissions: files, environment, child processes (the command line, a browser), and network on this machine only. */
const FLAGS = [
  "--quiet",
  "--no-prompt",
  "--no-check",
  "--cached-only",
  "--sanitize-ops",
  "--sanitize-resources",
  `--preload=${join(ROOT, "tests", "property_seed.ts")}`,
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
  "--allow-net=127.0.0.1,localhost",
];

/** Exit codes of a process that aborted (glibc found its heap corrupted) or segfaulted. */
const CRASHES: readonly number[] = [134, 139];

/** The outcome of the tests of one process. */
export interface GroupResult extends TestCounts {
  readonly group: TestGroup;
  /** Exit code of `deno test`. */
  readonly code: number;
  /** Its output, if that was captured. */
  readonly output?: Uint8Array;
}

interface Arguments {
  /** Passed on to `deno test`. */
  readonly flags: readonly string[];
  readonly paths: readonly string[];
  readonly fast: boolean;
  readonly changed: boolean;
  readonly times: boolean;
}

async function main(args: readonly string[]): Promise<number> {
  // The tests run in child processes, which inherit the environment.
  prepareEnvironment();
  const { flags, paths, fast, changed, times } = parse(args);
  const absent = paths.find((path) => !existsSync(path));
  if (absent !== undefined) {
    console.error(`error: there is no ${printable(absent)}; name test files or folders`);
    return 2;
  }
  const all = await findTestFiles(paths);
  const touched = changed ? await touchedOf(all) : all;
  const found = touched.filter((file) => !fast || !isSlow(file));
  const leftOut = found.filter(needsAbsentCluster);
  if (leftOut.length > 0) console.log(`Left out, because no cluster can be started here: ${leftOut.join(", ")}`);
  const files = found.filter((file) => !leftOut.includes(file));
  const results = await runGroups(groupFiles(files), flags);
  if (times) printTimes(results);
  // Deno reports tests that a filter excludes as skipped.
  const filtered = flags.some((flag) => flag.startsWith("--filter"));
  return summarise(results, { strict: Deno.env.get("CI") === "true", filtered });
}

/** Those of the test files that a change may affect; names the slow ones, which `--fast` leaves to CI. */
async function touchedOf(files: readonly string[]): Promise<readonly string[]> {
  const changed = await changedFiles();
  if (changed === undefined) {
    console.log("git cannot say what has changed, so all tests run.");
    return files;
  }
  const chosen = new Set(await testsOf(changed));
  const touched = files.filter((file) => chosen.has(resolve(file)));
  const slow = touched.filter(isSlow);
  console.log(`${changed.length} files changed, which ${touched.length} of ${files.length} test files may depend on.`);
  if (slow.length > 0) {
    console.log(`Slow ones among them: ${slow.map((file) => relative(ROOT, resolve(file))).join(" ")}`);
  }
  return touched;
}

function parse(args: readonly string[]): Arguments {
  const flags: string[] = [];
  const paths: string[] = [];
  args.forEach((arg, index) => {
    const isValue = args[index - 1] === "--filter";
    if (arg.startsWith("-") || isValue) flags.push(arg);
    else paths.push(arg);
  });
  return {
    flags: flags.filter((flag) => !["--fast", "--changed", "--times"].includes(flag)),
    paths: paths.length > 0 ? paths : ["tests"],
    fast: flags.includes("--fast"),
    changed: flags.includes("--changed"),
    times: flags.includes("--times"),
  };
}

/**
 * Runs the groups in parallel, because each keeps less than one core busy and waits half of the time. The first prints
 * as it goes, the others when all are done. With `--fail-fast` they run one after the other.
 */
async function runGroups(groups: readonly TestGroup[], flags: readonly string[]): Promise<GroupResult[]> {
  if (!flags.includes("--fail-fast")) {
    const results = await Promise.all(groups.map((group, index) => runGroup(group, { flags, isQuiet: index > 0 })));
    for (const { output } of results) if (output) writeAll(Deno.stdout, output);
    return results;
  }
  const results: GroupResult[] = [];
  for (const group of groups) {
    const result = await runGroup(group, { flags, isQuiet: false });
    results.push(result);
    if (result.code !== 0) break;
  }
  return results;
}

async function runGroup(
  group: TestGroup,
  { flags, isQuiet }: { flags: readonly string[]; isQuiet: boolean },
): Promise<GroupResult> {
  const report = await Deno.makeTempFile({ prefix: "mmvm_tests_", suffix: ".xml" });
  try {
    const args = [`--junit-path=${report}`, ...flags, ...group.files];
    const { code, output } = await runTests(args, isQuiet);
    return { group, code, ...(output ? { output } : {}), ...countTests(await Deno.readTextFile(report)) };
  } finally {
    await Deno.remove(report);
  }
}

/** Runs `deno test` until it ends or exceeds the limit; returns its exit code, and the output of a quiet run. */
async function runTests(args: readonly string[], isQuiet: boolean): Promise<{ code: number; output?: Uint8Array }> {
  const tests = new Deno.Command(Deno.execPath(), {
    args: ["test", ...FLAGS, ...args],
    env: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
    stdout: isQuiet ? "piped" : "inherit",
    stderr: isQuiet ? "piped" : "inherit",
  }).spawn();
  const timer = setTimeout(() => {
    console.log(`\nStopped after ${LIMIT} minutes: the last test above does not end.`);
    tests.kill("SIGKILL");
  }, LIMIT * 60_000);
  const output = isQuiet ? await allOutput(tests) : undefined;
  const { code } = await tests.status;
  clearTimeout(timer);
  return output ? { code, output } : { code };
}

/** What a process prints on both streams, in the order in which it arrives. */
async function allOutput(child: Deno.ChildProcess): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) chunks.push(chunk);
  };
  await Promise.all([collect(child.stdout), collect(child.stderr)]);
  return Buffer.concat(chunks);
}

/** Prints how long each file took, the slowest first. */
function printTimes(results: readonly GroupResult[]): void {
  const files = results.flatMap(({ seconds }) => [...seconds]).sort((a, b) => b[1] - a[1]);
  const total = (some: Iterable<readonly [string, number]>) => [...some].reduce((sum, [, seconds]) => sum + seconds, 0);
  const groups = results.map(({ group, seconds }) => [`all files ${group.name}`, total(seconds)] as const);
  console.log(`\n${"seconds".padStart(8)}  file`);
  for (const [file, seconds] of [...files, ...groups, ["all files", total(files)] as const]) {
    console.log(`${seconds.toFixed(1).padStart(8)}  ${printable(file)}`);
  }
}

/** Prints the closing lines and returns the exit code. */
export function summarise(
  results: readonly GroupResult[],
  { strict, filtered = false }: { strict: boolean; filtered?: boolean },
): number {
  let passed = 0;
  let failed = 0;
  const skipped: TestName[] = [];
  for (const result of results) {
    passed += result.passed;
    failed += failuresOf(result);
    if (!filtered) skipped.push(...result.skipped);
  }
  if (passed + failed === 0) {
    console.log("\nNo test ran.");
    failed = 1;
  }
  if (skipped.length > 0) {
    console.log(`\nSkipped (${skipped.length})${strict ? ", which counts as failed in CI" : ""}:`);
    for (const { file, name } of skipped) console.log(`  ${printable(`${file}: ${name}`)}`);
    if (strict) failed += skipped.length;
  }
  console.log(
    `\n${passed} passed, ${failed} failed${skipped.length > 0 && !strict ? `, ${skipped.length} skipped` : ""}`,
  );
  return failed > 0 ? 1 : 0;
}

/** Counts the failed tests of a group; an abnormal exit counts as one. Prints the reason. */
function failuresOf({ group, code, passed, failed }: GroupResult): number {
  if (code === 0 || failed > 0) return failed;
  // The report is written after the last test: a process that crashed earlier has none, and no test of it counts as
  // passed.
  if (group.mayCrashAtExit && CRASHES.includes(code) && passed > 0) {
    console.log(`\ndeno test (${group.name}) crashed while exiting, after reporting all tests (exit code ${code}).`);
    return 0;
  }
  // A file that cannot be loaded has no tests to fail.
  console.log(`\ndeno test (${group.name}) ended with exit code ${code}: see above.`);
  return 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
