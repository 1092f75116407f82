import assert from "node:assert/strict";
import { join } from "node:path";
import { runDeno } from "./process.ts";
import { type GroupResult, summarise } from "./run.ts";
import { findTestFiles, groupFiles, isSlow, SLOW } from "./test_files.ts";

/** Runs the test runner on files with these texts; returns its exit code and its closing lines. */
async function run(files: Record<string, string>, options: { ci?: boolean; flags?: string[] } = {}) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    const { code, stdout } = await runDeno(
      ["run", "--quiet", "--allow-all", "tests/run.ts", ...(options.flags ?? []), folder],
      { env: { CI: options.ci ? "true" : "" } },
    );
    const lines = stdout.trimEnd().split("\n");
    return { code, last: lines.at(-1), text: lines.join("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PASSING = `Deno.test("one", () => {}); Deno.test("two", () => {});`;
const SKIPPING = `Deno.test({ name: "in a browser", ignore: true, fn() {} });`;

Deno.test("the test entry ends with the counts and exit code 0", async () => {
  const { code, last } = await run({ "a_test.ts": PASSING });
  assert.deepEqual({ code, last }, { code: 0, last: "2 passed, 0 failed" });
});

Deno.test("the test entry lists skipped tests by name", async () => {
  const { code, last, text } = await run({ "a_test.ts": PASSING + SKIPPING });
  assert.deepEqual({ code, last }, { code: 0, last: "2 passed, 0 failed, 1 skipped" });
  assert.match(text, /\nSkipped \(1\):\n {2}\S*a_test\.ts: in a browser\n/);
});

Deno.test("in CI a skipped test counts as failed", async () => {
  const { code, last } = await run({ "a_test.ts": PASSING + SKIPPING }, { ci: true });
  assert.deepEqual({ code, last }, { code: 1, last: "2 passed, 1 failed" });
});

Deno.test("the test entry fails with a failing test, a file that does not load, and no test at all", async () => {
  const failing = await run({ "a_test.ts": `${PASSING} Deno.test("bad", () => { throw new Error("x"); });` });
  assert.deepEqual([failing.code, failing.last], [1, "2 passed, 1 failed"]);
  const broken = await run({ "a_test.ts": PASSING, "b_test.ts": `throw new Error("x");` });
  assert.deepEqual([broken.code, broken.last], [1, "2 passed, 1 failed"]);
  const none = await run({ "a_test.ts": PASSING }, { flags: ["--filter", "nothing is called this"] });
  assert.deepEqual([none.code, none.last], [1, "0 passed, 1 failed"]);
});

Deno.test("tests of clusters are left out, with a line that says so, where MMVM_CLUSTER=absent", async () => {
  const { code, stdout } = await runDeno(
    ["run", "--quiet", "--allow-all", "tests/run.ts", "tests/cluster/mpi/train_mpi_test.ts"],
    { env: { MMVM_CLUSTER: "absent" } },
  );
  assert.equal(code, 1);
  assert.match(stdout, /^Left out, because no cluster can be started here: tests\/cluster\/mpi\/train_mpi_test\.ts\n/);
});

/** Summarises one group's result, capturing the lines. */
function summaryOf(result: Partial<GroupResult>, mayCrashAtExit: boolean): { code: number; told: string[] } {
  const { log } = console;
  const told: string[] = [];
  console.log = (text: string) => told.push(text);
  try {
    const group = { name: "on the GPU", files: [], mayCrashAtExit };
    const whole = { group, code: 0, passed: 0, failed: 0, skipped: [], seconds: new Map<string, number>(), ...result };
    return { code: summarise([whole], { strict: true }), told };
  } finally {
    console.log = log;
  }
}

Deno.test("a crash after the last test is reported and tolerated only in the group whose driver does that", () => {
  const crashed = summaryOf({ passed: 3, code: 134 }, true);
  assert.equal(crashed.code, 0);
  assert.match(crashed.told[0]!, /deno test \(on the GPU\) crashed while exiting, .* \(exit code 134\)/);
  assert.equal(summaryOf({ passed: 3, code: 139 }, true).code, 0);
  assert.equal(summaryOf({ passed: 3, code: 134 }, false).code, 1);
  assert.equal(summaryOf({ passed: 3, failed: 1, code: 134 }, true).code, 1);
  assert.equal(summaryOf({ passed: 0, code: 134 }, true).code, 1);
  assert.equal(summaryOf({ passed: 3, code: 1 }, true).code, 1);
});

Deno.test("tests that open a device run in the group whose driver may crash", async () => {
  const files = await findTestFiles(["tests"]);
  const [without, gpu, processes] = groupFiles(files);
  assert.deepEqual([without, gpu, processes].flatMap((group) => group!.files).sort(), files);
  assert.deepEqual([without, gpu, processes].map((group) => group!.mayCrashAtExit), [false, true, false]);
  assert.ok(gpu!.files.length > 60 && processes!.files.includes("tests/faults/kill_test.ts"));
  const opens = /\bDevice\.open\(|new ReplaceableDevice\(/;
  // The text of this test, and a program that runs in a process of its own.
  const exceptions = ["tests/run_test.ts", "tests/npm/package_test.ts"];
  const astray = [...without!.files, ...processes!.files].filter((file) =>
    !exceptions.includes(file) && opens.test(Deno.readTextFileSync(file))
  );
  assert.deepEqual(astray, []);
});

Deno.test("--fast leaves out what is slow, and only files that exist", async () => {
  const files = await findTestFiles(["tests"]);
  const fast = files.filter((file) => !isSlow(file));
  assert.ok(fast.length > files.length / 2 && fast.length < files.length);
  for (const slow of SLOW) assert.ok((await Deno.stat(slow)).isFile !== slow.endsWith("/"), slow);
});

Deno.test("the test entry prints how long each file took", async () => {
  const { text } = await run({ "a_test.ts": PASSING }, { flags: ["--times"] });
  assert.match(
    text,
    / seconds {2}file\n +\d+\.\d {2}\S*a_test\.ts\n +\d+\.\d {2}all files without a GPU\n +\d+\.\d {2}all files\n/,
  );
});

Deno.test("the test entry finds leaked timers and open files, and allows no host but this one", async () => {
  const leaking = await run({ "a_test.ts": `Deno.test("timer", () => { setTimeout(() => {}, 5000); });` });
  assert.deepEqual([leaking.code, leaking.last], [1, "0 passed, 1 failed"]);
  const open = await run({ "a_test.ts": `Deno.test("file", () => { Deno.openSync(Deno.execPath()); });` });
  assert.deepEqual([open.code, open.last], [1, "0 passed, 1 failed"]);
  const network = await run({
    "a_test.ts": `Deno.test("net", async () => { await Deno.connect({ hostname: "192.0.2.1", port: 80 }); });`,
  });
  assert.equal(network.code, 1);
  assert.match(network.text, /NotCapable: Requires net access to "192\.0\.2\.1:80"/);
});
