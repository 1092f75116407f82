/**
 * Pictures for the report: reconstructions of test pairs, and translations of each view into each other one.
 *
 * @module
 */
import { createLoader, pairsOfSplit, type PairTable, SPLITS } from "../../data/mod.ts";
import type { VaeInference } from "../../models/mod.ts";
import type { Pictures } from "../results/results_schema.ts";
import { encodePng } from "./encode_png.ts";
import { toBytes } from "./picture_grid.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";

/** Number of pairs shown. */
const SHOWN = 8;

/** The pairs of the test split or, where it has none, of the split before it. */
function shownPairs({ data: { index }, views }: { data: RunData; views: RunViews }): PairTable | undefined {
  return [...SPLITS].reverse().map((split) => pairsOfSplit(index, views.pairs, split)).find(({ count }) => count > 0);
}

/** Names of the images that {@linkcode drawPictures} shows. */
export function shownImages(options: { data: RunData; views: RunViews }): string[] {
  const pairs = shownPairs(options);
  const images = pairs?.images.subarray(0, SHOWN * pairs.views) ?? [];
  return [...new Set(images)].filter((image) => image >= 0).map((image) => options.data.index.source.name(image));
}

/**
 * Reconstructs and translates the first pairs of the test split, or of the split before it if there is none. The
 * caller must ensure that no picture shows a patient.
 */
export async function drawPictures(
  model: VaeInference,
  options: { run: string; data: RunData; views: RunViews },
): Promise<Pictures[]> {
  const { run, data, views: { names } } = options;
  const { index, pixels } = data;
  const { batchSize } = model.shape;
  const size = pixels.imageSize;
  const pairs = shownPairs(options);
  if (pairs === undefined) return [];
  const loader = createLoader(pixels, { index, pairs, batchSize, shuffle: false, partial: "pad" });
  for await (const batch of loader.batches({ untilEpoch: 1 })) {
    const originals = batch.pixels.slice();
    const shown = Math.min(SHOWN, batch.size);
    const decoded = await model.decode(originals);
    const original = (view: number, row: number) => {
      const start = (view * batchSize + row) * size * size;
      return toPng(originals.subarray(start, start + size * size), size);
    };
    const output = (values: Float32Array, row: number) => {
      const image = values.subarray(row * size * size, (row + 1) * size * size);
      return toPng(toBytes(image), size);
    };
    return await Promise.all(
      names.flatMap((from, m) =>
        names.map(async (to, k): Promise<Pictures> => ({
          run,
          kind: m === k ? "reconstruction" : "translation",
          from,
          to,
          size,
          items: await Promise.all(Array.from({ length: shown }, async (_, row) => ({
            input: await original(m, row),
            target: await original(k, row),
            output: await output(decoded[m]![k]!, row),
          }))),
        }))
      ),
    );
  }
  return [];
}

async function toPng(pixels: Uint8Array, size: number): Promise<string> {
  const file = await encodePng(pixels, { width: size, height: size });
  return btoa(String.fromCharCode(...file));
}
