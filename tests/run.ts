/**
 * `deno task test`: runs the suite and sums it up. Paths and flags of `deno test` may follow, for example
 * `deno task test tests/data --filter csv`.
 *
 * Tests that cannot run here (those that need a browser, where there is none) are listed by name. With CI=true each counts as failed:
 * a suite that is green because it skipped something is not green.
 *
 * @module
 */
import { prepareEnvironment } from "../cli/terminal/environment.ts";
import { printable } from "../cli/terminal/errors.ts";
import { countTests, type TestCounts } from "./junit.ts";

async function main(args: readonly string[]): Promise<number> {
  // The tests are in processes of their own, which inherit these.
  prepareEnvironment();
  const report = await Deno.makeTempFile({ prefix: "mmvm_tests_", suffix: ".xml" });
  try {
    const code = await runTests([`--junit-path=${report}`, ...withDefaultPath(args)]);
    const counts = countTests(await Deno.readTextFile(report));
    // Deno reports what a filter leaves out as skipped.
    const skipped = args.some((arg) => arg.startsWith("--filter")) ? [] : counts.skipped;
    return summarise({ ...counts, skipped }, { code, strict: Deno.env.get("CI") === "true" });
  } finally {
    await Deno.remove(report);
  }
}

/** Minutes after which a suite that does not end is stopped. It takes a quarter of that on two cores. */
const LIMIT = 60;

/** Runs `deno test` to its end, or to the limit, and returns its exit code. */
async function runTests(args: readonly string[]): Promise<number> {
  const tests = new Deno.Command(Deno.execPath(), {
    args: ["test", ...FLAGS, ...args],
    env: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
  }).spawn();
  const timer = setTimeout(() => {
    console.log(`\nStopped after ${LIMIT} minutes: the last test above does not end.`);
    tests.kill("SIGKILL");
  }, LIMIT * 60_000);
  const { code } = await tests.status;
  clearTimeout(timer);
  return code;
}

/** Tests may read and write files, start the command line and a browser, and talk to this machine; nothing beyond it. */
const FLAGS = [
  "--quiet",
  "--no-prompt",
  "--no-check",
  "--cached-only",
  "--sanitize-ops",
  "--sanitize-resources",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
  "--allow-net=127.0.0.1,localhost",
];

function withDefaultPath(args: readonly string[]): string[] {
  return args.some((arg) => !arg.startsWith("-")) && !followsFilter(args) ? [...args] : ["tests", ...args];
}

/** True where the only bare argument is the value of `--filter`. */
function followsFilter(args: readonly string[]): boolean {
  const bare = args.map((arg, index) => ({ arg, before: args[index - 1] })).filter(({ arg }) => !arg.startsWith("-"));
  return bare.length === 1 && bare[0]!.before === "--filter";
}

/**
 * Exit codes of a process that aborted (glibc found its heap in disorder) or made a segmentation fault. Now and then a process that opened
 * many devices on lavapipe (Mesa 22.3.6) ends so when it shuts down: seen once in some twenty runs of one file. The report is written after
 * the last test, so that a crash on the way leaves none and fails. This can go when Deno's WebGPU ends without it.
 */
const CRASHES: readonly number[] = [134, 139];

/** Prints the closing lines and returns the exit code. */
export function summarise(counts: TestCounts, { code, strict }: { code: number; strict: boolean }): number {
  const { passed, skipped } = counts;
  let { failed } = counts;
  if (CRASHES.includes(code) && passed > 0) {
    console.log(`\ndeno test crashed at its end, after all tests were reported (exit code ${code}).`);
  } else if (code !== 0 && failed === 0) {
    // A file that cannot be loaded has no tests to fail.
    console.log(`\ndeno test ended with exit code ${code}: see above.`);
    failed = 1;
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

if (import.meta.main) Deno.exit(await main(Deno.args));
