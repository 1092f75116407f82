import assert from "node:assert/strict";
import { join } from "node:path";
import { excesses, type Limits, readLimits, withLimits } from "../../../bench/gpu_static/ratchet.ts";
import { ROOT } from "../../architecture/source_files.ts";

const LIMITS: Limits = {
  figures: {
    "hot-loop-min": 0.9,
    "round-min": 0.8,
    "round-min-32x32": 0.5,
    "waited-fetches-max": 2,
    "spills-max": 0,
    "waves-min": 3,
    dispatches: 500,
    "under-132": 90,
    gigabytes: 18,
  },
  milliseconds: { h100: 30, a100: 80 },
};

const COMPILER = { mesa: "1.2.3", family: "navi21" };

Deno.test("limits of one step replace its own and keep the others', unless another compiler made those", () => {
  const first = withLimits(undefined, { ...LIMITS, ...COMPILER, work: "paper64-b32" });
  const both = withLimits(first, { ...LIMITS, ...COMPILER, work: "paper224-b32" });
  assert.deepEqual(Object.keys(both.works), ["paper64-b32", "paper224-b32"]);
  const better = { ...LIMITS, figures: { ...LIMITS.figures, dispatches: 1 } };
  const tightened = withLimits(both, { ...better, ...COMPILER, work: "paper64-b32" });
  assert.deepEqual(tightened.works, { ...both.works, "paper64-b32": better });
  const other = withLimits(both, { ...LIMITS, ...COMPILER, mesa: "1.2.4", work: "paper64-b32" });
  assert.deepEqual(Object.keys(other.works), ["paper64-b32"]);
});

Deno.test("figures that equal their limits pass, and so do better ones", () => {
  assert.deepEqual(excesses(LIMITS, LIMITS), []);
  const better = { ...LIMITS.figures, "hot-loop-min": 0.98, dispatches: 400, "waves-min": 5 };
  assert.deepEqual(excesses(LIMITS, { figures: better, milliseconds: { h100: 20, a100: 80 } }), []);
});

Deno.test("each figure that is worse is named with its value and limit", () => {
  const worse = { ...LIMITS.figures, "hot-loop-min": 0.89, dispatches: 501, "waves-min": 2 };
  assert.deepEqual(excesses(LIMITS, { figures: worse, milliseconds: { h100: 30.1 } }), [
    { name: "hot-loop-min", limit: 0.9, value: 0.89 },
    { name: "waves-min", limit: 3, value: 2 },
    { name: "dispatches", limit: 500, value: 501 },
    { name: "h100 ms", limit: 30, value: 30.1 },
    { name: "a100 ms", limit: 80, value: Infinity },
  ]);
});

Deno.test("limits survive being written and read; other files are rejected by name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "limits.json");
    const limits = withLimits(undefined, { ...LIMITS, ...COMPILER, work: "paper64-b32" });
    await Deno.writeTextFile(file, JSON.stringify(limits));
    assert.deepEqual(await readLimits(file), limits);
    await Deno.writeTextFile(file, '{"mesa": 3}');
    await assert.rejects(readLimits(file), /limits\.json: no file of limits/);
    await assert.rejects(readLimits(join(folder, "absent.json")), /absent\.json: the limits cannot be read/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the project's own limits can be read, and are for Debian 12's Mesa", async () => {
  const limits = await readLimits(join(ROOT, "bench/gpu_static/limits.json"));
  assert.deepEqual(Object.keys(limits.works), ["paper224-b32", "paper224-b32-f16-products"]);
  assert.match(limits.mesa, /^\d+\.\d+\.\d+$/);
});
