import assert from "node:assert/strict";
import { join } from "node:path";
import {
  decodeAll,
  type DecodePoolOptions,
  type DecodeResult,
  type DecodeTask,
} from "../../../data/cache/decode_pool.ts";
import { inTempDir } from "../fixture.ts";
import { gray, makePng } from "../image/image_writers.ts";

const OPTIONS: DecodePoolOptions = {
  window: "full",
  decode: "exact",
  workers: 1,
  size: 8,
  preprocessing: "plain",
  maxPixels: 64_000_000,
  imageMemory: 2 ** 30,
  timeout: 120_000,
};

/** An invalid location that simulates an unexpected failure of the decoder. */
const NOWHERE = undefined as unknown as DecodeTask["location"];

async function decode(tasks: DecodeTask[], options: Partial<DecodePoolOptions> = {}): Promise<DecodeResult[]> {
  const results: DecodeResult[] = [];
  await decodeAll(tasks.values(), { ...OPTIONS, ...options, onResult: (result) => void results.push(result) });
  return results.sort((a, b) => a.image - b.image);
}

/** Writes PNG files of the given sizes and returns a task for each. */
async function writeTasks(root: string, sides: number[]): Promise<DecodeTask[]> {
  const tasks: DecodeTask[] = [];
  for (const [image, side] of sides.entries()) {
    const path = join(root, `${image}.png`);
    await Deno.writeFile(path, makePng({ ...gray({ width: side, height: side }), depth: 8 }));
    tasks.push({ image, name: `${image}.png`, location: { kind: "file", path } });
  }
  return tasks;
}

Deno.test("decodeAll() retries an image that times out once, then reports it as unread, not bad", () =>
  inTempDir(async (root) => {
    const tasks = await writeTasks(root, [2500]);
    // Workers take longer than this to start.
    const results = await decode(tasks, { timeout: 2 });
    assert.deepEqual(results, [{ image: 0, unread: "decoding took longer than 0.002 s" }]);
    assert.ok("pixels" in (await decode(tasks))[0]!);
  }));

Deno.test("decodeAll() does not count time in which the process was stopped", () =>
  inTempDir(async (root) => {
    // On a loaded machine too, each takes less than the limit.
    const tasks = await writeTasks(root, [1000, 1000, 1000]);
    const results: DecodeResult[] = [];
    const done = decodeAll(tasks.values(), {
      ...OPTIONS,
      timeout: 5000,
      onResult: (result) => void results.push(result),
    });
    // Blocks this thread, as SIGSTOP would, so that no timer of the pool runs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000);
    await done;
    assert.deepEqual(results.map((result) => "pixels" in result), [true, true, true]);
  }));

Deno.test("a decode worker that dies loses only the image it was working on", () =>
  inTempDir(async (root) => {
    const tasks = await writeTasks(root, [20, 20, 20, 20]);
    tasks[1] = { ...tasks[1]!, location: NOWHERE };
    const results = await decode(tasks, { workers: 2 });
    assert.deepEqual(results.map((result) => "pixels" in result), [true, false, true, true]);
    assert.match((results[1] as { unread: string }).unread, /^its decoder failed \(TypeError/);
  }));

Deno.test("decodeAll() gives up if workers keep dying", () =>
  inTempDir(async (root) => {
    const tasks = (await writeTasks(root, new Array<number>(30).fill(4)))
      .map((task) => ({ ...task, location: NOWHERE }));
    await assert.rejects(decode(tasks), /decode workers keep failing: TypeError/);
  }));
