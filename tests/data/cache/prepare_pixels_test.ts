import assert from "node:assert/strict";
import { join } from "node:path";
import { readSkipped } from "../../../data/cache/skipped_log.ts";
import { DataError, openDataset, pairStudies, preparePixels, type PreparePlan } from "../../../data/mod.ts";
import { runDeno } from "../../process.ts";
import { inTempDir, plainImages, SMALL_JPEG, writeMimic } from "../fixture.ts";
import { contents, withData } from "./prepare_fixture.ts";

Deno.test("preparePixels() reports the work, does it once, and does not repeat it", () =>
  withData(plainImages(), async ({ prepare }) => {
    const done: number[] = [];
    const first = await prepare({ onProgress: (progress) => void done.push(progress.done) });
    assert.deepEqual([first.plan.images, first.plan.missing, first.plan.bytesNeeded], [40, 40, 40 * 64]);
    assert.deepEqual(done, Array.from({ length: 40 }, (_, i) => i + 1));
    const second = await prepare();
    assert.deepEqual([second.plan.images, second.plan.missing, second.plan.bytesNeeded], [40, 0, 0]);
    assert.deepEqual(contents(second.pixels), contents(first.pixels));
  }));

Deno.test("preparePixels() gives the same bytes with one worker and with three", () =>
  withData(plainImages(), async ({ prepare, root }) => {
    const one = await prepare();
    const three = await prepare({ workers: 3, cacheDir: join(root, "other") });
    assert.deepEqual(contents(three.pixels), contents(one.pixels));
  }));

Deno.test("preparePixels() interrupted at any image resumes without repeating or corrupting work", () =>
  withData(plainImages(), async ({ prepare, root }) => {
    const whole = contents((await prepare({ cacheDir: join(root, "whole") })).pixels);
    for (const stopAt of [1, 7, 20, 39]) {
      const cacheDir = join(root, `cache-${stopAt}`);
      const controller = new AbortController();
      const onProgress = ({ done }: { done: number }) => {
        if (done === stopAt) controller.abort(new Error("stopped"));
      };
      await assert.rejects(prepare({ cacheDir, signal: controller.signal, onProgress }), /stopped/);
      const { plan, pixels } = await prepare({ cacheDir });
      assert.equal(plan.missing, 40 - stopAt);
      assert.deepEqual(contents(pixels), whole);
    }
  }));

Deno.test("preparePixels() recovers from a crash that left pixels without an index, or a partial index", () =>
  withData(plainImages(), async ({ prepare }) => {
    const first = await prepare();
    const whole = contents(first.pixels);
    const indexFile = join(first.pixels.directory, "shard-00000.idx");
    const bytes = await Deno.readFile(indexFile);
    await Deno.writeFile(indexFile, bytes.subarray(0, 50));
    const half = await prepare();
    assert.equal(half.plan.missing, 40);
    assert.deepEqual(contents(half.pixels), whole);
    await Deno.remove(indexFile);
    assert.equal((await prepare()).plan.missing, 40);
  }));

Deno.test("damaged pixels are detected on read and rebuilt by verify", () =>
  withData(plainImages(), async ({ prepare }) => {
    const first = await prepare();
    const whole = contents(first.pixels);
    const file = join(first.pixels.directory, "shard-00000.u8");
    const bytes = await Deno.readFile(file);
    bytes[5 * 64 + 3]! ^= 1;
    await Deno.writeFile(file, bytes);
    const { pixels, plan } = await prepare();
    assert.equal(plan.missing, 0);
    assert.throws(() => pixels.read(5), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /shard-00000\.u8: the pixels of image 5 are damaged; run `deno task prepare --verify`/,
      );
      return true;
    });
    pixels.close();
    const repaired = await prepare({ verify: true });
    assert.equal(repaired.plan.missing, 1);
    assert.deepEqual(contents(repaired.pixels), whole);
    await Deno.remove(file);
    assert.equal((await prepare({ verify: true })).plan.missing, 40);
  }));

Deno.test("a changed setting or source creates a new cache", () =>
  withData(plainImages(), async ({ prepare, root }) => {
    const first = await prepare();
    const size = await prepare({ imageSize: 9 });
    assert.notEqual(size.pixels.directory, first.pixels.directory);
    const image = join(root, "mimic/files/p10/p10000000/s50000000/d0.jpg");
    const { mtime } = await Deno.stat(image);
    await Deno.writeFile(image, await Deno.readFile(new URL("../golden/upscaled_64.jpg", import.meta.url)));
    const changed = await prepare();
    assert.notEqual(changed.pixels.directory, first.pixels.directory);
    assert.equal(changed.plan.missing, 40);
    await Deno.writeFile(image, SMALL_JPEG);
    await Deno.utime(image, mtime!, mtime!);
    assert.equal((await prepare()).plan.missing, 0, "as before, so the first cache fits again");
  }));

Deno.test("a bad image is logged and skipped, also by the next run; it is an error in strict mode", () => {
  const images = plainImages();
  images[4] = { ...images[4]!, content: SMALL_JPEG.slice(0, 400) };
  return withData(images, async ({ prepare }) => {
    for (const missing of [40, 0]) {
      const { index, pixels, plan } = await prepare();
      assert.equal(plan.missing, missing);
      assert.ok(pixels.isBad(4) && !pixels.isReady(4));
      assert.deepEqual(index.drops.entries().map(({ reason, count, examples }) => ({ reason, count, examples })), [{
        reason: "image cannot be decoded",
        count: 1,
        examples: ["files/p10/p10000001/s50000002/d4.jpg: the JPEG data is truncated or corrupt"],
      }]);
      assert.deepEqual(readSkipped(join(pixels.directory, "skipped.jsonl")), [{
        image: 4,
        name: "files/p10/p10000001/s50000002/d4.jpg",
        reason: "the JPEG data is truncated or corrupt",
      }]);
      assert.equal(pairStudies(index).count, 19);
      assert.throws(() => pixels.read(4), /image 4 was not prepared/);
    }
    await assert.rejects(
      prepare({ strict: true }),
      /d4\.jpg: the JPEG data is truncated or corrupt: image cannot be decoded/,
    );
  });
});

Deno.test("a full disk is reported in one sentence, and flushed images are kept", () =>
  withData(plainImages(), async ({ prepare, root }) => {
    const first = await prepare();
    const file = join(first.pixels.directory, "shard-00000.u8");
    const whole = contents(first.pixels);
    await Deno.remove(file);
    await Deno.remove(join(first.pixels.directory, "shard-00000.idx"));
    // Enough space for the lock, the manifest and a few images.
    const disk = new URL("../../faults/full_disk.ts", import.meta.url);
    disk.search = String(new URLSearchParams({ directory: first.pixels.directory, bytes: "1000" }));
    const program = ["run", "--quiet", "--no-check", "-A", `--preload=${disk.href}`, "cli/prepare.ts"];
    const flags = ["--data", join(root, "mimic"), "--cache", join(root, "cache"), "--image-size", "8"];
    const { code, stderr } = await runDeno([...program, ...flags]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error: .*: the disk is full; what is done so far is kept: make room and run the command again/,
    );
    assert.deepEqual(contents((await prepare()).pixels), whole);
  }));

Deno.test("preparePixels() waits for another process preparing the same cache until aborted", () =>
  withData(plainImages(3), async ({ prepare }) => {
    const { pixels } = await prepare();
    const before = contents(pixels);
    const lock = await Deno.open(join(pixels.directory, "lock"), { write: true });
    assert.equal(await lock.tryLock(true), true);
    await assert.rejects(prepare({ signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
    const again = await prepare({ onWait: () => lock.close() });
    assert.equal(again.plan.missing, 0);
    assert.deepEqual(contents(again.pixels), before);
  }));

Deno.test("a data set without image files, and image sizes out of range, are refused", () =>
  withData(plainImages(2).map((image) => ({ ...image, content: null })), async ({ prepare }) => {
    await assert.rejects(prepare(), /there are no image files, neither a folder `files` nor `files.zip`/);
    await assert.rejects(prepare({ imageSize: 0 }), RangeError);
    await assert.rejects(prepare({ imageSize: 5000 }), RangeError);
  }));

Deno.test("only images used by the pair policy are prepared; other policies add to the same cache", () => {
  const images = plainImages();
  images.push({ subject: "10000000", study: "50000000", position: "AP", split: "train" });
  return inTempDir(async (root) => {
    writeMimic(join(root, "mimic"), { images });
    const run = async (pairs: "one-frontal-one-lateral" | "all-combinations") => {
      const index = await openDataset({ root: join(root, "mimic"), pairs });
      let plan: PreparePlan | undefined;
      const cacheDir = join(root, "cache");
      const pixels = await preparePixels(index, { cacheDir, imageSize: 8, workers: 1, onPlan: (told) => plan = told });
      return [pixels.directory, plan!.images, plan!.missing];
    };
    const [directory, ...counts] = await run("one-frontal-one-lateral");
    assert.deepEqual(counts, [38, 38]);
    assert.deepEqual(await run("all-combinations"), [directory, 41, 3]);
  });
});

Deno.test("preparePixels() never writes through a link in its cache", () =>
  withData(plainImages(), async ({ root, prepare }) => {
    const { pixels: { directory }, plan } = await prepare();
    const precious = join(root, "precious");
    for (const name of ["shard-00000.u8", "skipped.jsonl", "lock"]) {
      for (const target of [precious, join(root, "new")]) {
        await Deno.writeTextFile(precious, "precious");
        await Deno.remove(directory, { recursive: true });
        await Deno.mkdir(directory);
        await Deno.symlink(target, join(directory, name));
        // The log is written only if an image is bad.
        if (name === "skipped.jsonl") await prepare().catch(() => {});
        else {
          await assert.rejects(prepare(), {
            name: "DataError",
            message: new RegExp(`${name}: this is a link, not a regular file; remove it$`),
          });
        }
        assert.equal(await Deno.readTextFile(precious), "precious");
        await assert.rejects(Deno.lstat(join(root, "new")), Deno.errors.NotFound);
      }
    }
    await Deno.remove(directory, { recursive: true });
    assert.equal((await prepare()).plan.missing, plan.missing);
  }));

Deno.test("an unexpected manifest is rejected, and rewritten by verify", () =>
  withData(plainImages(), async ({ prepare }) => {
    const first = await prepare();
    const whole = contents(first.pixels);
    const file = join(first.pixels.directory, "manifest.json");
    const manifest = await Deno.readTextFile(file);
    const changes: [string, RegExp][] = [
      [manifest.replace('"imageSize": 8', '"imageSize": 16'), /gives imageSize as 16, but this cache has 8/],
      [
        manifest.replace('"imagesPerShard": 40', '"imagesPerShard": 3'),
        /gives imagesPerShard as 3, but this cache has 40/,
      ],
      ['{"version": 99}', /this is not a manifest of prepared pixels/],
    ];
    for (const [changed, says] of changes) {
      assert.notEqual(changed, manifest);
      await Deno.writeTextFile(file, changed);
      await assert.rejects(prepare(), says);
      const { pixels, plan } = await prepare({ verify: true });
      assert.equal(plan.missing, 0);
      assert.equal(await Deno.readTextFile(file), manifest);
      assert.deepEqual(contents(pixels), whole);
    }
  }));

Deno.test("a shard index of another cache is rejected, and its images are rebuilt by verify", () =>
  withData(plainImages(), async ({ prepare }) => {
    const eight = await prepare();
    const whole = contents(eight.pixels);
    const nine = await prepare({ imageSize: 9 });
    const name = "shard-00000.idx";
    await Deno.copyFile(join(nine.pixels.directory, name), join(eight.pixels.directory, name));
    await assert.rejects(prepare(), /the shard belongs to another cache; run `deno task prepare --verify`/);
    const { pixels, plan } = await prepare({ verify: true });
    assert.equal(plan.missing, 40);
    assert.deepEqual(contents(pixels), whole);
  }));
