import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import {
  type Checkpoint,
  CheckpointError,
  type CheckpointState,
  latestCheckpoint,
  listCheckpoints,
  readCheckpoint,
  saveCheckpoint,
} from "../../../runtime/files/checkpoint.ts";
import { decodeSafetensors, encodeSafetensors, toFloat32 } from "../../../runtime/files/safetensors.ts";

function checkpointAt(step: number, details: CheckpointState["details"] = {}): Checkpoint {
  return {
    state: {
      step,
      epoch: 2,
      seeds: { init: 1, batches: 7 },
      counters: { random: 2 ** 40 },
      configHash: "c0ffee",
      details,
    },
    tensors: new Map([
      ["encoder.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, -0, Infinity, step) }],
      ["adam.m", { shape: [], data: Float32Array.of(0.5) }],
    ]),
  };
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const steps = async (directory: string) => (await listCheckpoints(directory)).map(({ step }) => step);

Deno.test("checkpoints round-trip", () =>
  inDirectory(async (directory) => {
    const checkpoint = checkpointAt(12, {
      best: 0.25,
      history: [1, null, "x"],
      quote: '"mmvm.sha256":"' + "0".repeat(64) + '"',
    });
    const path = await saveCheckpoint(join(directory, "deep", "er"), checkpoint);
    const read = await readCheckpoint(path);
    assert.deepEqual(read.state, checkpoint.state);
    assert.deepEqual([...read.tensors].sort(), [...checkpoint.tensors].sort());
    assert.deepEqual([...Deno.readDirSync(join(directory, "deep", "er"))].map(({ name }) => name), [
      "step-00000012.safetensors",
    ]);
  }));

Deno.test("a checkpoint is an ordinary safetensors file", () =>
  inDirectory(async (directory) => {
    const path = await saveCheckpoint(directory, checkpointAt(3));
    const { tensors } = decodeSafetensors(await Deno.readFile(path));
    assert.deepEqual([...toFloat32(tensors.get("encoder.weight")!)], [1, 2, 3, -0, Infinity, 3]);
  }));

Deno.test("saveCheckpoint() keeps the latest checkpoints up to its step, and removes leftover temporary files", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(join(directory, `step-00000001.safetensors.${crypto.randomUUID()}.tmp`), "torn");
    await Deno.writeTextFile(join(directory, "notes.txt"), "mine");
    for (const step of [1, 2, 10, 9]) await saveCheckpoint(directory, checkpointAt(step), { keep: 2 });
    assert.deepEqual(await steps(directory), [10, 9, 2]);
    await saveCheckpoint(directory, checkpointAt(11), { keep: 2 });
    assert.deepEqual(await steps(directory), [11, 10]);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["notes.txt", "step-00000010.safetensors", "step-00000011.safetensors"]);
  }));

Deno.test("latestCheckpoint() skips incomplete and damaged files with a warning", () =>
  inDirectory(async (directory) => {
    for (const step of [1, 2, 3, 4]) await saveCheckpoint(directory, checkpointAt(step));
    const [four, three] = (await listCheckpoints(directory)).map(({ path }) => path);
    await Deno.truncate(four!, 300);
    const damaged = await Deno.readFile(three!);
    damaged[damaged.length - 2]! ^= 1;
    await Deno.writeFile(three!, damaged);
    const { found, warnings } = await latestCheckpoint(directory);
    assert.equal(found?.state.step, 2);
    assert.ok(found.path.endsWith("step-00000002.safetensors"));
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /step-00000004\.safetensors is not a usable checkpoint: the header claims/);
    assert.match(warnings[1]!, /step-00000003\.safetensors .* SHA-256 sum does not fit .*; falling back/);
  }));

Deno.test("latestCheckpoint() skips a folder with the name of a checkpoint", () =>
  inDirectory(async (directory) => {
    await saveCheckpoint(directory, checkpointAt(1));
    await Deno.mkdir(join(directory, "step-00000002.safetensors"));
    const { found, warnings } = await latestCheckpoint(directory);
    assert.equal(found?.state.step, 1);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /step-00000002\.safetensors: this is a folder, not a checkpoint; falling back/);
  }));

Deno.test("latestCheckpoint() skips devices, named pipes and files larger than memory", () =>
  inDirectory(async (directory) => {
    await saveCheckpoint(directory, checkpointAt(1));
    const [two, three] = [2, 3].map((step) => join(directory, `step-0000000${step}.safetensors`));
    await Deno.symlink("/dev/zero", two!);
    {
      using file = await Deno.open(three!, { write: true, createNew: true });
      await file.truncate(2 ** 43);
    }
    const { found, warnings } = await latestCheckpoint(directory);
    assert.equal(found?.state.step, 1);
    assert.match(warnings[0]!, /step-00000003\.safetensors: the file has 8796093022208 bytes, but .*; falling back/);
    assert.match(warnings[1]!, /step-00000002\.safetensors: this is a device, not a regular file; .* falling back/);
  }));

Deno.test("saveCheckpoint() does not write through links", () =>
  inDirectory(async (directory) => {
    const elsewhere = join(directory, "precious");
    await Deno.writeTextFile(elsewhere, "precious");
    const path = join(directory, "step-00000001.safetensors");
    await Deno.symlink(elsewhere, path);
    await saveCheckpoint(directory, checkpointAt(1));
    assert.equal(await Deno.readTextFile(elsewhere), "precious");
    assert.equal((await readCheckpoint(path)).state.step, 1);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "precious",
      "step-00000001.safetensors",
    ]);
  }));

Deno.test("latestCheckpoint() finds one while a run writes and prunes", () =>
  inDirectory(async (directory) => {
    await saveCheckpoint(directory, checkpointAt(1), { keep: 1 });
    const writer = (async () => {
      for (let step = 2; step <= 60; step++) await saveCheckpoint(directory, checkpointAt(step), { keep: 1 });
    })();
    let last = 0;
    while (last < 60) {
      const { found, warnings } = await latestCheckpoint(directory);
      assert.deepEqual(warnings, []);
      assert.ok(found !== undefined && found.state.step >= last);
      last = found.state.step;
    }
    await writer;
  }));

Deno.test("latestCheckpoint() finds nothing in a directory that is empty, missing or has only damaged files", () =>
  inDirectory(async (directory) => {
    assert.deepEqual(await latestCheckpoint(directory), { found: undefined, warnings: [] });
    assert.deepEqual(await latestCheckpoint(join(directory, "none")), { found: undefined, warnings: [] });
    await Deno.writeFile(join(directory, "step-5.safetensors"), new Uint8Array(0));
    const { found, warnings } = await latestCheckpoint(directory);
    assert.equal(found, undefined);
    assert.equal(warnings.length, 1);
  }));

Deno.test("readCheckpoint() detects every damaged byte, including the header's", () =>
  inDirectory(async (directory) => {
    const path = await saveCheckpoint(directory, checkpointAt(12_345));
    const whole = await Deno.readFile(path);
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = whole.slice();
      damaged[at]! ^= change;
      await Deno.writeFile(path, damaged);
      await assert.rejects(readCheckpoint(path), CheckpointError);
    }));
  }));

Deno.test("readCheckpoint() rejects files that are not checkpoints", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "other.safetensors");
    const tensors = new Map([["w", { shape: [1], data: Float32Array.of(1) }]]);
    await Deno.writeFile(path, encodeSafetensors(tensors));
    await assert.rejects(readCheckpoint(path), /other\.safetensors .* without the metadata of a checkpoint/);
    await Deno.writeFile(path, encodeSafetensors(tensors, { "mmvm.checkpoint": "2" }));
    await assert.rejects(readCheckpoint(path), /its version is 2, this program reads version 1/);
    await Deno.writeFile(path, encodeSafetensors(tensors, { "mmvm.checkpoint": "1" }));
    await assert.rejects(readCheckpoint(path), /no SHA-256 sum/);
    await assert.rejects(readCheckpoint(join(directory, "none")), Deno.errors.NotFound);
  }));

Deno.test("saveCheckpoint() rejects states that it could not read back, and leaves no files", () =>
  inDirectory(async (directory) => {
    const good = checkpointAt(1);
    await assert.rejects(saveCheckpoint(directory, { ...good, state: { ...good.state, step: -1 } }), /step/);
    await assert.rejects(saveCheckpoint(directory, { ...good, state: { ...good.state, seeds: { a: NaN } } }), /seeds/);
    const wrong = new Map([["w", { shape: [2], data: new Float32Array(3) }]]);
    await assert.rejects(saveCheckpoint(directory, { ...good, tensors: wrong }), /shape \[2\] cannot hold 3 values/);
    await assert.rejects(saveCheckpoint(directory, good, { keep: 0 }), /got keep = 0/);
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));

Deno.test("a state that is not JSON is rejected although the checksum matches", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "step-00000001.safetensors");
    const metadata = (sum: string) => ({ "mmvm.checkpoint": "1", "mmvm.state": '{"step": ', "mmvm.sha256": sum });
    const sum = createHash("sha256").update(encodeSafetensors(new Map(), metadata("0".repeat(64)))).digest("hex");
    await Deno.writeFile(path, encodeSafetensors(new Map(), metadata(sum)));
    await assert.rejects(readCheckpoint(path), /not a usable checkpoint: its state is not JSON/);
  }));
