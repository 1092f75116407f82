/**
 * Fixture: a small data set in a temporary directory, with its pixel cache.
 *
 * @module
 */
import { join } from "node:path";
import {
  openDataset,
  type PreparedPixels,
  type PrepareOptions,
  preparePixels,
  type PreparePlan,
} from "../../../data/mod.ts";
import { type FixtureImage, inTempDir, writeMimic } from "../fixture.ts";

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
