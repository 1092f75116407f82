import assert from "node:assert/strict";
import { join } from "node:path";
import { compareResults } from "../../../eval/results/compare_results.ts";
import { readResults, writeResults } from "../../../eval/results/results_file.ts";
import type { Results } from "../../../eval/results/results.ts";
import { syntheticResults } from "./synthetic_results.ts";

const results = await syntheticResults({ name: "a", method: "mmvm" });

/** Runs `use` with a file path in a temporary folder. */
async function withPath(use: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(join(directory, "runs", "a", "results.json"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A modified deep copy. */
function mutated(change: (copy: Results) => void): Results {
  const copy = structuredClone(results);
  change(copy);
  return copy;
}

/** The error message of reading a file with this content. */
async function complaint(content: string): Promise<string> {
  let message = "";
  await withPath(async (path) => {
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, content);
    await assert.rejects(readResults(path), (error: Error) => {
      assert.equal(error.name, "DataError");
      assert.ok(error.message.startsWith(`${path}: `), error.message);
      message = error.message.slice(path.length + 2);
      return true;
    });
  });
  return message;
}

Deno.test("results round-trip unchanged, comparisons included, without leaving a temporary file", async () => {
  const worse = await syntheticResults({ name: "b", method: "independent", noise: 0.5 });
  const joined: Results = {
    ...results,
    runs: [...results.runs, ...worse.runs],
    evaluations: [...results.evaluations, ...worse.evaluations],
    comparisons: await compareResults([results, worse], { resamples: 100 }),
  };
  await withPath(async (path) => {
    await writeResults(path, joined);
    assert.deepEqual(await readResults(path), joined);
    const files = await Array.fromAsync(Deno.readDir(join(path, "..")));
    assert.deepEqual(files.map((entry) => entry.name), ["results.json"]);
  });
});

Deno.test("writeResults() rejects NaN, which JSON would turn into null, and keeps the old file", async () => {
  await withPath(async (path) => {
    await writeResults(path, results);
    const bad = mutated((copy) => copy.evaluations[1]!.scores[0]![3] = NaN);
    await assert.rejects(writeResults(path, bad), /evaluations\[1\]\.scores\[0\]\[3\]: .*NaN/);
    assert.deepEqual(await readResults(path), results);
  });
});

Deno.test("writeResults() leaves no partial file if renaming fails", async () => {
  await withPath(async (path) => {
    await Deno.mkdir(path, { recursive: true });
    await assert.rejects(writeResults(path, results));
    const files = await Array.fromAsync(Deno.readDir(join(path, "..")));
    assert.deepEqual(files.map((entry) => [entry.name, entry.isDirectory]), [["results.json", true]]);
  });
});

Deno.test("readResults() rejects other versions, other kinds of file and malformed JSON", async () => {
  assert.match(
    await complaint(JSON.stringify({ ...results, version: 2 })),
    /^this is version 2 .* version 1 is required/,
  );
  assert.match(await complaint(JSON.stringify({ ...results, schema: "x" })), /^this is not a results file/);
  assert.match(await complaint("null"), /^this is not a results file/);
  assert.match(await complaint("[]"), /^this is not a results file/);
  assert.match(await complaint('{"schema": "mmvm-results",'), /^it is not valid JSON/);
  assert.match(await complaint(""), /^it is not valid JSON/);
  assert.match(await complaint('{\n"a": [1,\nNaN]}'), /^it has the value NaN in line 2/);
  assert.match(await complaint('{"a": -Infinity}'), /^it has the value -Infinity in line 1/);
});

Deno.test("readResults() rejects missing fields, wrong types and values out of range", async () => {
  const without = (change: (copy: Record<string, unknown>) => void) =>
    complaint(JSON.stringify(mutated((copy) => change(copy as unknown as Record<string, unknown>))));
  assert.match(await without((copy) => delete copy["data"]), /: data: expected object, received undefined/);
  assert.match(await without((copy) => copy["runs"] = []), /: runs: /);
  const evaluations = (change: (e: Record<string, unknown>) => void) =>
    without((copy) => change((copy["evaluations"] as Record<string, unknown>[])[0]!));
  assert.match(await evaluations((e) => delete e["probe"]), /: evaluations\[0\]\.probe: /);
  assert.match(await evaluations((e) => e["labelledFraction"] = 1.5), /: evaluations\[0\]\.labelledFraction: /);
  assert.match(
    await evaluations((e) => e["seed"] = "one"),
    /: evaluations\[0\]\.seed: expected number, received string/,
  );
  const many = await without((copy) => copy["data"] = {});
  assert.match(many, /; and \d+ more$/);
  assert.ok(many.length < 400);
});

Deno.test("readResults() rejects dangling references and mismatched lengths", async () => {
  const inconsistent = async (change: (copy: Results) => void, message: RegExp) =>
    assert.match(await complaint(JSON.stringify(mutated(change))), message);
  await inconsistent(
    (copy) => copy.evaluations[0]!.run = "z",
    /evaluations\[0\]\.run is "z", which is none of the runs/,
  );
  await inconsistent((copy) => copy.evaluations[1]!.cases = "z", /evaluations\[1\]\.cases is "z"/);
  await inconsistent(
    (copy) => copy.evaluations[0]!.scores[1]!.pop(),
    /evaluations\[0\]\.scores\[1\] has \d+ entries for \d+/,
  );
  await inconsistent(
    (copy) => copy.evaluations[0]!.metrics.reverse(),
    /metrics\[0\]\.label is "unsure" where data.labels has "clear"/,
  );
  await inconsistent(
    (copy) => copy.evaluations[0]!.scores.pop(),
    /scores for 4 and metrics for 5 labels, but data.labels has 5/,
  );
  await inconsistent((copy) => copy.cases[0]!.subjectIds.pop(), /cases\[0\]\.subjectIds has \d+ entries/);
  await inconsistent(
    (copy) => copy.cases[0]!.labels.pop(),
    /cases\[0\]\.labels covers 4 labels, but data.labels has 5/,
  );
  await inconsistent((copy) => copy.cases.push(copy.cases[0]!), /two records of cases have the same id/);
  await inconsistent((copy) => copy.runs.push(copy.runs[0]!), /two runs have the same name/);
});

Deno.test("readResults() rejects excessive nesting and paths that are not regular files", async () => {
  const text = JSON.stringify(results);
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
    const deep = text.replace('"config":{', `"config":{"deep":${open.repeat(50_000)}1${close.repeat(50_000)},`);
    assert.notEqual(deep, text);
    assert.match(await complaint(deep), /^not a valid results file: it is nested more than 32 levels deep$/);
  }
  await withPath(async (path) => {
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.symlink("/dev/zero", path);
    await assert.rejects(readResults(path), /results\.json: this is a device, not a regular file; remove it$/);
  });
});
