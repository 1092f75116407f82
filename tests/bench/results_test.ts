import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readResults, resultsName, resultsSchema, saveResults } from "../../bench/results.ts";

const machine = { adapter: "llvmpipe (LLVM 15.0.6)", driver: null, cpu: "x86", cores: 2, deno: "2.9.6", commit: "abc" };
const now = new Date("2026-11-23T23:59:59Z");
const result = (value: number) => ({
  works: [{
    work: "step",
    flops: null,
    load: [0.5],
    contestants: [{ name: "ours", about: "software kernels", values: [1], seconds: [0.2], processorSeconds: [0.4] }],
  }],
  ratios: [{ work: "step", a: "jax-js", b: "ours", value }],
  memory: [{ work: "step", arenaBytes: 1, unsharedBytes: 4, peakBytes: 2 }],
  absent: [{ name: "tfjs", reason: "no network" }],
});

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mmvm_results_"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("resultsName() combines the day and the adapter into a safe file name", () => {
  assert.equal(resultsName(now, "llvmpipe (LLVM 15.0.6, 256 bits)"), "2026-11-23-llvmpipe-llvm-15-0-6-256-bits.json");
  assert.equal(resultsName(now, "../?"), "2026-11-23-adapter.json");
});

Deno.test("saveResults() keeps other benchmarks of the day and replaces its own", () =>
  inFolder(async (folder) => {
    const path = await saveResults("peers", { machine, result: result(1), folder, now });
    await saveResults("paper64", { machine, result: result(2), folder, now });
    await saveResults("peers", { machine, result: result(3), folder, now });
    const saved = resultsSchema.parse(JSON.parse(await readFile(path, "utf8")));
    assert.deepEqual(Object.keys(saved.parts).sort(), ["paper64", "peers"]);
    assert.equal(saved.parts.peers!.ratios[0]!.value, 3);
    assert.equal(saved.parts.paper64!.ratios[0]!.value, 2);
    assert.equal(saved.parts.peers!.finished, now.toISOString());
    assert.deepEqual(await readdir(folder), ["2026-11-23-llvmpipe-llvm-15-0-6.json"]);
  }));

Deno.test("saveResults() rejects invalid results", () =>
  inFolder(async (folder) => {
    const negative = { ...result(1), memory: [{ work: "step", arenaBytes: -1, unsharedBytes: 4, peakBytes: 2 }] };
    await assert.rejects(saveResults("peers", { machine, result: negative, folder, now }));
    assert.deepEqual(await readdir(folder), []);
  }));

Deno.test("readResults() is undefined for missing, malformed and other-version files", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.json");
    assert.equal(await readResults(path), undefined);
    for (const text of ["{", "[]", '{"version": 2, "parts": {}}']) {
      await writeFile(path, text);
      assert.equal(await readResults(path), undefined, text);
    }
  }));
