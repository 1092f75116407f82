import assert from "node:assert/strict";
import { join } from "node:path";
import { readSkipped } from "../../../data/cache/skipped_log.ts";
import { checkFiles, cohortTable, DataError, openDataset, pairStudies, preparePixels } from "../../../data/mod.ts";
import { makePipe } from "../../process.ts";
import { plainImages, SMALL_JPEG } from "../fixture.ts";
import { gray, makePng, pngChunk } from "../image/image_writers.ts";
import { contents, withData } from "./prepare_fixture.ts";

Deno.test("verify retries bad images", () => {
  const images = plainImages();
  images[4] = { ...images[4]!, content: SMALL_JPEG.slice(0, 400) };
  return withData(images, async ({ prepare, root }) => {
    const { pixels } = await prepare();
    assert.ok(pixels.isBad(4));
    // Keep size and modification time, so that the cache stays valid, as if the disk had returned wrong bytes.
    const path = join(root, "mimic/files/p10/p10000001/s50000002/d4.jpg");
    const { mtime } = await Deno.stat(path);
    const plain = makePng({ ...gray(), depth: 8 }).length;
    await Deno.writeFile(
      path,
      makePng({ ...gray(), depth: 8, chunks: [pngChunk("teXt", new Uint8Array(400 - plain - 12))] }),
    );
    await Deno.utime(path, mtime!, mtime!);
    assert.equal((await Deno.stat(path)).size, 400);
    assert.equal((await prepare()).plan.missing, 0);
    const again = await prepare({ verify: true });
    assert.equal(again.plan.missing, 1);
    assert.ok(again.pixels.isReady(4));
    assert.deepEqual(readSkipped(join(again.pixels.directory, "skipped.jsonl")), []);
  });
});

Deno.test("moving the data folder away stops the task and marks no image as bad", () =>
  withData(plainImages(), async ({ prepare, root }) => {
    const whole = contents((await prepare({ cacheDir: join(root, "whole") })).pixels);
    const files = join(root, "mimic/files");
    const moveAway = ({ done }: { done: number }) => {
      if (done === 3) Deno.renameSync(files, `${files}.away`);
    };
    await assert.rejects(prepare({ onProgress: moveAway }), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /the file is gone, although it was there when the task began; make the data available/,
      );
      return true;
    });
    await Deno.rename(`${files}.away`, files);
    const { index, pixels, plan } = await prepare();
    assert.ok(plan.missing > 0 && plan.missing <= 37);
    assert.deepEqual(index.drops.entries(), []);
    assert.deepEqual(contents(pixels), whole);
  }));

Deno.test("an unreadable image is excluded and retried by the next call; many in a row stop the task", () =>
  withData(plainImages(), async ({ prepare, root }) => {
    const whole = contents((await prepare({ cacheDir: join(root, "whole") })).pixels);
    // Replace a file with a pipe after its size and modification time were recorded.
    const block = async (count: number) => {
      const index = await openDataset({ root: join(root, "mimic") });
      checkFiles(index);
      const paths = Array.from({ length: count }, (_, i) => join(root, "mimic", index.source.name(i)));
      for (const path of paths) {
        Deno.renameSync(path, `${path}.away`);
        await makePipe(path);
      }
      return { index, paths };
    };
    const unblock = (paths: string[]) => {
      for (const path of paths) Deno.renameSync(`${path}.away`, path);
    };
    const options = { cacheDir: join(root, "cache"), imageSize: 8, workers: 1 };
    const one = await block(1);
    const pixels = await preparePixels(one.index, options);
    assert.deepEqual(one.index.drops.entries().map(({ reason, count }) => [reason, count]), [[
      "image cannot be read",
      1,
    ]]);
    assert.ok(!pixels.isBad(0) && !pixels.isReady(0) && pixels.isReady(1));
    unblock(one.paths);
    await Deno.remove(options.cacheDir, { recursive: true });
    const many = await block(12);
    await assert.rejects(preparePixels(many.index, options), /10 images in a row could not be read/);
    unblock(many.paths);
    const again = await prepare();
    assert.equal(again.plan.missing, 40);
    assert.deepEqual(contents(again.pixels), whole);
  }));

Deno.test("blank images and misleading file names are reported by every call, and kept", () => {
  const images = plainImages();
  const flat = makePng({ ...gray({ value: () => 9 }), depth: 8 });
  const two = makePng({ ...gray({ value: (x) => x & 1 }), depth: 1 });
  images[3] = { ...images[3]!, content: flat };
  images[5] = { ...images[5]!, content: two };
  return withData(images, async ({ prepare }) => {
    for (const missing of [40, 0]) {
      const { index, plan } = await prepare();
      assert.equal(plan.missing, missing);
      const pairs = pairStudies(index);
      assert.equal(pairs.count, 20);
      assert.deepEqual(index.drops.entries().map(({ reason, count }) => [reason, count]), [
        ["file name claims another format; read by its content (kept)", 2],
        ["picture of a single gray value (kept)", 1],
        ["picture of two gray values among pictures of many (kept)", 1],
      ]);
      assert.deepEqual(cohortTable(index, pairs).map((row) => row.images), [40, 40, 40, 40, 40]);
    }
    await assert.rejects(prepare({ strict: true }), /picture of a single gray value/);
  });
});

Deno.test("two gray values are not reported if all images have two", () => {
  const two = makePng({ ...gray({ value: (x) => x & 1 }), depth: 1 });
  const images = plainImages(3).map((image) => ({ ...image, content: two }));
  return withData(images, async ({ prepare }) => {
    const { index } = await prepare();
    assert.deepEqual(index.drops.entries().map(({ reason }) => reason), [
      "file name claims another format; read by its content (kept)",
    ]);
  });
});

Deno.test("images over a worker's share of the memory come last; those over the whole budget are excluded", () => {
  const large = makePng({ ...gray({ width: 2048, height: 1024 }), depth: 8 });
  const huge = makePng({ ...gray({ width: 3072, height: 2048 }), depth: 8 });
  const images = plainImages();
  images[0] = { ...images[0]!, content: large };
  images[1] = { ...images[1]!, content: huge };
  return withData(images, async ({ prepare }) => {
    const { index, pixels } = await prepare({ workers: 2, imageMemory: 3 * 2 ** 20 });
    assert.ok(pixels.isReady(0));
    assert.ok(!pixels.isReady(1) && !pixels.isBad(1));
    const entry = index.drops.entries().find(({ step, kept }) => step === "decoding" && kept === undefined)!;
    assert.equal(entry.count, 1);
    assert.match(entry.examples[0]!, /d1\.jpg: decoding takes 7 MiB and 'prepare --image-memory' allows 3 MiB/);
    const again = await prepare({ workers: 2, imageMemory: 2 ** 30 });
    assert.equal(again.plan.missing, 1);
    assert.ok(again.pixels.isReady(1));
  });
});
