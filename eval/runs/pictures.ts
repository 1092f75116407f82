/**
 * Examples for the report: reconstructions of test pairs, and translations of each view into each other one, as
 * pictures and texts.
 *
 * @module
 */
import { batchesInOrder } from "./batches_in_order.ts";
import { pairsOfSplit, type PairTable, SPLITS } from "../../data/mod.ts";
import type { VaeInference } from "../../models/mod.ts";
import type { Pictures } from "../results/results.ts";
import { encodePng } from "./encode_png.ts";
import { type Shown, ShownViews } from "./shown_views.ts";
import { completePairs, copyOf } from "./translate_run.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";

/** Number of pairs shown. */
const SHOWN = 8;

/** The pairs of the test split or, where it has none, of the split before it; those with all views if there are any. */
export function shownPairs(
  { data: { index }, views }: { data: RunData; views: RunViews },
): PairTable | undefined {
  const pairs = [...SPLITS].reverse().map((split) => pairsOfSplit(index, views.pairs, split))
    .find(({ count }) => count > 0);
  if (pairs === undefined || views.texts.length === 0) return pairs;
  const complete = completePairs({ ...views, pairs }, index);
  return complete.count > 0 ? complete : pairs;
}

/** Names of the images of which the report has pictures. */
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
  const { run, data, views } = options;
  const { pixels, texts } = data;
  const { batchSize } = model.shape;
  const size = pixels.imageSize;
  const pairs = shownPairs(options);
  if (pairs === undefined) return [];
  const viewer = new ShownViews({ views, texts, imageSize: size, batchSize });
  for await (const loaded of batchesInOrder(data, { pairs, batchSize, texts })) {
    const batch = copyOf(loaded);
    const shown = Math.min(SHOWN, loaded.size);
    const decoded = await model.decode(batch);
    const { names } = views;
    return await Promise.all(
      names.flatMap((from, m) =>
        names.map(async (to, k): Promise<Pictures> => ({
          run,
          kind: m === k ? "reconstruction" : "translation",
          from,
          to,
          ...(viewer.isText(m) ? { fromKind: "text" } : {}),
          ...(viewer.isText(k) ? { toKind: "text" } : {}),
          size,
          items: await Promise.all(Array.from({ length: shown }, async (_, row) => ({
            input: await stored(viewer.original(batch, { view: m, row }), size),
            target: await stored(viewer.original(batch, { view: k, row }), size),
            output: await stored(viewer.decoded(decoded[m]![k]!, { view: k, row }), size),
          }))),
        }))
      ),
    );
  }
  return [];
}

/** A picture as a PNG file in base64, a text as it is. */
async function stored(shown: Shown, size: number): Promise<string> {
  if (typeof shown === "string") return shown;
  const file = await encodePng(shown, { width: size, height: size });
  return btoa(String.fromCharCode(...file));
}
