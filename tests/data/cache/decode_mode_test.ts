import assert from "node:assert/strict";
import { join } from "node:path";
import { openDataset, type PrepareOptions, preparePixels } from "../../../data/mod.ts";
import { inTempDir, plainImages, writeMimic } from "../fixture.ts";
import { contents } from "./prepare_fixture.ts";

const LARGE_JPEG = Deno.readFileSync(new URL("../golden/odd_prime_61.jpg", import.meta.url));

Deno.test("caches of fast and of exact decoding are kept apart, and the former says how far off it is", () =>
  inTempDir(async (root) => {
    const images = plainImages(3).map((image) => ({ ...image, content: LARGE_JPEG }));
    writeMimic(join(root, "mimic"), { images });
    const prepare = async (decode: "exact" | "fast" | undefined, options: Partial<PrepareOptions> = {}) => {
      const index = await openDataset({ root: join(root, "mimic"), ...(decode === undefined ? {} : { decode }) });
      let missing = -1;
      const pixels = await preparePixels(index, {
        cacheDir: join(root, "cache"),
        imageSize: 38,
        workers: 1,
        ...options,
        onPlan: (plan) => missing = plan.missing,
      });
      const manifest = JSON.parse(await Deno.readTextFile(join(pixels.directory, "manifest.json")));
      return { directory: pixels.directory, manifest, missing, bytes: contents(pixels) };
    };
    let measured = 0;
    const measureDecode = (imageSize: number) => {
      measured++;
      return Promise.resolve({ greyLevels: imageSize / 100, images: 2, measuredOn: "a test" });
    };

    const exact = await prepare("exact", { measureDecode });
    const fast = await prepare("fast", { measureDecode });
    assert.equal(measured, 1);
    assert.notEqual(fast.directory, exact.directory);
    assert.deepEqual([exact.missing, fast.missing], [images.length, images.length]);
    assert.equal(fast.manifest.decode, "fast");
    assert.deepEqual(fast.manifest.decodeDifference, { greyLevels: 0.38, images: 2, measuredOn: "a test" });
    assert.ok(!("decode" in exact.manifest) && !("decodeDifference" in exact.manifest));
    const sum = fast.bytes.reduce((total, level, i) => total + Math.abs(level - exact.bytes[i]!), 0);
    assert.ok(sum > 0 && sum / fast.bytes.length < 3, `${sum / fast.bytes.length} grey levels`);

    // Exact decoding is the default, and neither cache is prepared or measured again.
    const again = [await prepare(undefined), await prepare("fast", { measureDecode })];
    assert.deepEqual(again.map(({ directory }) => directory), [exact.directory, fast.directory]);
    assert.deepEqual(again.map(({ missing }) => missing), [0, 0]);
    assert.deepEqual(again[1]!.manifest, fast.manifest);
    assert.equal(measured, 1);
  }));
