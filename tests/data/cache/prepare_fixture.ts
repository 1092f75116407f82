/**
 * Fixture: a small data set in a temporary directory, with its pixel cache.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  openDataset,
  type PreparedPixels,
  type PrepareOptions,
  preparePixels,
  type PreparePlan,
} from "../../../data/mod.ts";
import { type FixtureImage, inTempDir, SMALL_JPEG, writeMimic } from "../fixture.ts";

export interface Run {
  root: string;
  /** Opens the data set and prepares it; returns the plan. */
  prepare(options?: Partial<PrepareOptions> & { strict?: boolean }): Promise<{
    index: Awaited<ReturnType<typeof openDataset>>;
    pixels: PreparedPixels;
    plan: PreparePlan;
  }>;
}

export async function withData(images: FixtureImage[], body: (run: Run) => Promise<void>): Promise<void> {
  await inTempDir(async (root) => {
    writeMimic(join(root, "mimic"), { images });
    await body({
      root,
      prepare: async ({ strict = false, ...options } = {}) => {
        const index = await openDataset({ root: join(root, "mimic"), strict });
        let plan: PreparePlan | undefined;
        const pixels = await preparePixels(index, {
          cacheDir: join(root, "cache"),
          imageSize: 8,
          workers: 1,
          ...options,
          onPlan: (told) => plan = told,
        });
        return { index, pixels, plan: plan! };
      },
    });
  });
}

/** All pixels of a cache, concatenated. */
export function contents(pixels: PreparedPixels): Uint8Array {
  const { images } = pixels.manifest;
  const all = new Uint8Array(images * pixels.bytesPerImage);
  for (let image = 0; image < images; image++) {
    if (pixels.isReady(image)) all.set(pixels.read(image), image * pixels.bytesPerImage);
  }
  pixels.close();
  return all;
}

/** 256 images of this size are a shard of 256 MiB. */
export const SIZE = 1024;
const PER_SHARD = 256;

/** Four shards, the last one shorter. Each begins with a study of two images; the others have no pair and no pixels. */
export function fourShards(): FixtureImage[] {
  return Array.from({ length: 3 * PER_SHARD + 2 }, (_, image) => {
    const isFirst = image % PER_SHARD < 2;
    return {
      subject: String(10_000_000 + image - (isFirst ? image % PER_SHARD : 0)),
      study: String(50_000_000 + image - (isFirst ? image % PER_SHARD : 0)),
      position: image % PER_SHARD === 1 ? "LATERAL" : "PA",
      split: "train",
      // One image of the second and one of the third shard cannot be decoded.
      ...(image === PER_SHARD || image === 2 * PER_SHARD + 1 ? { content: SMALL_JPEG.slice(0, 200) } : {}),
    };
  });
}

/** Asserts that two folders have the same files with the same bytes. */
export async function assertSameFiles(a: string, b: string): Promise<void> {
  const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  assert.deepEqual(names(a), names(b));
  for (const name of names(a)) {
    const [left, right] = await Promise.all([a, b].map((folder) => Deno.readFile(join(folder, name))));
    assert.ok(Buffer.from(left!.buffer).equals(right!), `${name} differs`);
  }
}
