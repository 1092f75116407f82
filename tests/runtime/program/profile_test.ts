import assert from "node:assert/strict";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import { exp, sub } from "../../../runtime/ops/pointwise.ts";
import { mean, sum } from "../../../runtime/ops/reduce.ts";
import { summarizeProfile, type Trace, traceOf } from "../../../runtime/program/profile.ts";
import type { ProfileEntry } from "../../../runtime/program/program.ts";

const entry = (
  kernel: string,
  options: { start: number; time: number; flops?: number; bytes?: number },
): ProfileEntry => ({
  kernel,
  op: kernel,
  shape: "[4] -> [4]",
  startNanoseconds: options.start,
  nanoseconds: options.time,
  flops: options.flops ?? 0,
  bytes: options.bytes ?? 0,
});

const ENTRIES = [
  entry("copy", { start: 1_000_000, time: 1000, bytes: 4000 }),
  entry("matmul", { start: 1_002_000, time: 2000, flops: 30_000, bytes: 100 }),
  entry("matmul", { start: 1_010_000, time: 5000, flops: 40_000, bytes: 600 }),
];

/** Asserts that a trace conforms to the Trace Event Format (object form): viewers drop or fail on invalid events. */
function assertTraceEvents({ traceEvents, displayTimeUnit }: Trace, dispatches: number): void {
  assert.ok(displayTimeUnit === "ms");
  const isTime = (time: unknown) => typeof time === "number" && Number.isFinite(time) && time >= 0;
  for (const { name, cat, ph, ts, dur, pid, tid, args } of traceEvents) {
    assert.ok(typeof name === "string" && name !== "" && typeof cat === "string", name);
    assert.ok(Number.isInteger(pid) && Number.isInteger(tid) && isTime(ts), name);
    assert.equal(Object.prototype.toString.call(args), "[object Object]", name);
    if (ph === "M") assert.ok(name === "thread_name" && typeof args.name === "string");
    else assert.ok(ph === "X" && isTime(dur), name);
  }
  const complete = traceEvents.filter(({ ph }) => ph === "X");
  assert.equal(complete.length, dispatches);
  // Events of one thread nest or follow each other; dispatches follow each other. Microseconds are rounded.
  complete.slice(1).forEach(({ ts }, i) => assert.ok(ts >= complete[i]!.ts + complete[i]!.dur! - 1e-3));
}

Deno.test("summarizeProfile() adds up calls, times and work by kernel, the slowest first", () => {
  assert.deepEqual(summarizeProfile(ENTRIES), [
    { kernel: "matmul", calls: 2, milliseconds: 0.007, share: 7 / 8, gflops: 10, gigabytes: 0.1 },
    { kernel: "copy", calls: 1, milliseconds: 0.001, share: 1 / 8, gflops: 0, gigabytes: 4 },
  ]);
});

Deno.test("summarizeProfile() takes dispatches that were too short for the clock", () => {
  assert.deepEqual(summarizeProfile([entry("copy", { start: 0, time: 0, bytes: 4 })]), [
    { kernel: "copy", calls: 1, milliseconds: 0, share: 0, gflops: 0, gigabytes: 0 },
  ]);
  assert.deepEqual(summarizeProfile([]), []);
});

Deno.test("traceOf() returns every dispatch as a complete event in microseconds relative to the first", () => {
  const { traceEvents, displayTimeUnit } = traceOf(ENTRIES, { name: "step" });
  assert.equal(displayTimeUnit, "ms");
  const [name, ...events] = traceEvents;
  assert.deepEqual(name, {
    name: "thread_name",
    cat: "__metadata",
    ph: "M",
    ts: 0,
    pid: 1,
    tid: 1,
    args: { name: "step" },
  });
  assert.deepEqual(events.map(({ name, ph, ts, dur }) => ({ name, ph, ts, dur })), [
    { name: "copy", ph: "X", ts: 0, dur: 1 },
    { name: "matmul", ph: "X", ts: 2, dur: 2 },
    { name: "matmul", ph: "X", ts: 10, dur: 5 },
  ]);
  assert.deepEqual(events[1]!.args, { dispatch: 1, op: "matmul", shapes: "[4] -> [4]", flops: 30_000, bytes: 100 });
});

Deno.test("a profile of a program names its kernels, ops and shapes in the order in which they run", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [64, 8] });
    const y = exp(sub(x, mean(x, { axes: 1, keepdims: true })));
    return { outputs: { y, total: sum(y, { axes: 0 }) } };
  });
  const entries = await program.profile({ x: new Float32Array(512) });
  assert.deepEqual(entries.map(({ kernel, op, shape }) => ({ kernel, op, shape })), [
    { kernel: "reduce_sum/reduce", op: "reduce", shape: "[64, 8] -> [64, 1]" },
    { kernel: "pointwise/sub+exp", op: "sub+exp", shape: "[64, 8] [64, 1] -> [64, 8]" },
    { kernel: "reduce_sum/reduce", op: "reduce", shape: "[64, 8] -> [1, 8]" },
  ]);
  for (const { nanoseconds, flops, bytes } of entries) assert.ok(nanoseconds > 0 && flops > 0 && bytes > 0);
  for (const [i, next] of entries.slice(1).entries()) {
    assert.ok(next.startNanoseconds >= entries[i]!.startNanoseconds + entries[i]!.nanoseconds);
  }
  const share = summarizeProfile(entries).reduce((total, kernel) => total + kernel.share, 0);
  assert.ok(Math.abs(share - 1) < 1e-9);
  assertTraceEvents(JSON.parse(JSON.stringify(traceOf(entries))), entries.length);
});
