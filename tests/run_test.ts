import assert from "node:assert/strict";
import { join } from "node:path";
import { runDeno } from "./process.ts";
import { summarise } from "./run.ts";

/** Runs the test entry on files with these texts; returns its exit code and what it said after the last test. */
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

Deno.test("a crash after the last test is told, one on the way fails", () => {
  const options = { code: 134, strict: true };
  const { log } = console;
  const told: string[] = [];
  console.log = (text: string) => told.push(text);
  try {
    assert.equal(summarise({ passed: 3, failed: 0, skipped: [] }, options), 0);
    assert.match(told[0]!, /deno test crashed at its end, after all tests were reported \(exit code 134\)/);
    assert.equal(summarise({ passed: 3, failed: 1, skipped: [] }, options), 1);
    assert.equal(summarise({ passed: 0, failed: 0, skipped: [] }, options), 1);
    assert.equal(summarise({ passed: 3, failed: 0, skipped: [] }, { ...options, code: 1 }), 1);
  } finally {
    console.log = log;
  }
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
