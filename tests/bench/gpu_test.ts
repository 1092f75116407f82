/**
 * `deno task bench gpu`: its runner ends what hangs and keeps what was found, and a dry run answers every part.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { GPU_PARTS, MEASURES, TOTAL_SECONDS } from "../../bench/gpu/parts.ts";
import { gpuResultsSchema, type PartRecord } from "../../bench/gpu/part_results.ts";
import { runPart } from "../../bench/gpu/run_part.ts";
import { sentencesOf } from "../../bench/gpu/summary.ts";
import { limitOf } from "../../bench/gpu/time_budget.ts";
import { ROOT, runTask } from "../process.ts";

const [PART] = GPU_PARTS;

/** Runs a shell script as a part. */
function runScript(script: string, limit = 20) {
  const records: PartRecord[] = [];
  const lines: string[] = [];
  const outcome = runPart(PART!, {
    limit,
    command: ["/bin/sh", "-c", script],
    log: (line) => lines.push(line),
    onRecord: (record) => records.push(record),
  });
  return outcome.then((outcome) => ({ outcome, records, lines }));
}

Deno.test("the parts of bench gpu fit into eight minutes, and each measurement has a module", async () => {
  assert.equal(TOTAL_SECONDS, 480);
  assert.ok(GPU_PARTS.reduce((total, { seconds }) => total + seconds, 0) <= TOTAL_SECONDS);
  assert.equal(new Set(GPU_PARTS.map(({ name }) => name)).size, GPU_PARTS.length);
  assert.deepEqual(new Set(GPU_PARTS.map(({ measure }) => measure)), new Set(MEASURES));
  for (const measure of MEASURES) {
    assert.ok((await Deno.stat(join(ROOT, "bench/gpu/measures", `${measure}.ts`))).isFile, measure);
  }
});

Deno.test("limitOf() gives a part its own time and at most as much again of what is unused", () => {
  assert.equal(limitOf(10, { left: 100, later: 90 }), 10);
  assert.equal(limitOf(10, { left: 104, later: 90 }), 14);
  assert.equal(limitOf(10, { left: 400, later: 90 }), 20);
  assert.equal(limitOf(10, { left: 95, later: 90 }), 10);
  assert.equal(limitOf(10, { left: 4, later: 0 }), 4);
  assert.equal(limitOf(10, { left: -3, later: 0 }), 0);
  assert.equal(limitOf(10, { left: 250, later: 0, isLast: true }), 250);
});

Deno.test("runPart() collects records as they come, and logs everything else", async () => {
  const { outcome, records, lines } = await runScript(`echo '@{"a":1}'; echo text; echo '@no record'; echo '@{"b":2}'`);
  assert.equal(outcome.status, "done");
  assert.deepEqual(records, [{ a: 1 }, { b: 2 }]);
  assert.deepEqual(outcome.records, records);
  assert.deepEqual(lines, ["text", "@no record"]);
});

Deno.test("runPart() reports a failure with the error's line, and what was found before it", async () => {
  const { outcome } = await runScript(`echo '@{"a":1}'; echo "error: the driver failed" >&2; echo more >&2; exit 3`);
  assert.equal(outcome.status, "failed");
  assert.equal(outcome.reason, "error: the driver failed");
  assert.deepEqual(outcome.records, [{ a: 1 }]);
});

Deno.test("runPart() reports what is absent", async () => {
  const { outcome } = await runScript(`echo '@{"absent":"no such framework"}'`);
  assert.deepEqual([outcome.status, outcome.reason], ["absent", "no such framework"]);
});

Deno.test("runPart() reports a program that does not exist", async () => {
  const options = { limit: 5, log: () => {}, onRecord: () => {} };
  const outcome = await runPart(PART!, { ...options, command: ["/no/such/program"] });
  assert.equal(outcome.status, "failed");
  assert.match(outcome.reason ?? "", /no\/such\/program|No such file/);
});

Deno.test("runPart() ends a part at its limit together with the processes that it started", async () => {
  const file = await Deno.makeTempFile({ prefix: "mmvm_gpu_" });
  try {
    // The shell ignores polite signals, and so does what it starts.
    const busy = `while :; do echo x >> ${file}; sleep 0.02; done`;
    const script = `trap '' TERM INT HUP; echo '@{"a":1}'; (${busy}) & sleep 600`;
    const { outcome } = await runScript(script, 1);
    assert.equal(outcome.status, "timed out");
    assert.deepEqual(outcome.records, [{ a: 1 }]);
    const { size } = await Deno.stat(file);
    assert.ok(size > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await Deno.stat(file)).size, size, "what the part started still runs");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("sentencesOf() divides our best time by each peer's", () => {
  const part = (records: PartRecord[]) => ({ name: "x", status: "done", seconds: 1, limit: 9, records } as const);
  const ours = { work: "paper64", precision: "f32" };
  const lines = sentencesOf([
    part([{ ...ours, tuned: false, milliseconds: 12 }, { ...ours, tuned: true, milliseconds: 10 }]),
    part([{ contestant: "pytorch", compile: true, tf32: false, work: "paper64", milliseconds: 8 }]),
  ]);
  assert.ok(lines.includes("RATIO paper64 ours/pytorch-compiled 1.25"), lines.join("\n"));
});

Deno.test("bench gpu --dry-run answers every part on any adapter and writes the results as JSON", async () => {
  const out = await Deno.makeTempDir({ prefix: "mmvm_gpu_" });
  try {
    const { code, stdout, stderr } = await runTask(
      ["bench", "gpu", "--dry-run", "--minutes", "30", "--python", "/no/such/python", "--out", out],
    );
    assert.equal(code, 0, stdout + stderr + await Deno.readTextFile(join(out, "gpu.log")));
    const results = gpuResultsSchema.parse(JSON.parse(await Deno.readTextFile(join(out, "gpu.json"))));
    assert.deepEqual(results.parts.map(({ name }) => name), GPU_PARTS.map(({ name }) => name));
    const peers = new Set(GPU_PARTS.filter(({ measure }) => measure === "peer").map(({ name }) => name));
    for (const { name, status, records } of results.parts) {
      assert.ok(status === "done" || (status === "absent" && peers.has(name)), `${name}: ${status}`);
      assert.ok(records.length > 0, name);
    }
    const of = (name: string) => results.parts.find((part) => part.name === name)!.records;
    assert.equal(of("variants").at(-1)!.failed, 0);
    assert.equal(of("verify").at(-1)!.failed, 0);
    assert.deepEqual(of("repeat").map(({ bitEqual }) => bitEqual), [true, true]);
    assert.deepEqual(of("paper224-f16").map(({ tuned }) => tuned), [false, true]);
    assert.match(stdout, /^FEATURE wgpu-cooperative-matrix granted=(true|false)$/m);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("bench gpu rejects an unknown part with the list of known ones", async () => {
  const { code, stderr } = await runTask(["bench", "gpu", "--only", "adapter,speed"]);
  assert.equal(code, 2);
  assert.match(stderr, /^error: there is no part speed; choose some of adapter, verify, /);
});
