/**
 * What a trained model makes of its views: reconstructions, translations of every view into every other one, and
 * samples; pictures as PNG grids, texts as lists.
 *
 * @module
 */
import { batchesInOrder } from "./batches_in_order.ts";
import { DataError } from "../../base/errors.ts";
import { type Batch, pairsOfSplit, type PairTable, selectPairs, type Split, type StudyIndex } from "../../data/mod.ts";
import { samplePosterior, samplePrior, type VaeInference, type ViewBatch } from "../../models/mod.ts";
import type { OpenModel } from "./open_model.ts";
import { pictureGrid } from "./picture_grid.ts";
import { type Shown, ShownViews } from "./shown_views.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { pairHasView, type RunViews } from "../../training/data/run_views.ts";

/** Distributions from which samples can be drawn. */
export const SAMPLE_SOURCES = ["none", "posterior", "prior"] as const;

/** Options of {@linkcode translateRun}. */
export interface TranslateRunOptions {
  /** The model, opened by {@linkcode openModel}. */
  readonly open: OpenModel;
  /** The data, opened by {@linkcode openRunData}. */
  readonly data: RunData;
  /** Split of the pairs. */
  readonly split: Split;
  /** Number of pairs to show: the first ones of the split that have all views. At most the model's batch size. */
  readonly count: number;
  /** Draw outputs from the posterior or the prior instead of decoding means; `none` by default. */
  readonly samples?: typeof SAMPLE_SOURCES[number];
  /** Seed of the samples; 0 by default. */
  readonly seed?: number;
}

/** A picture grid (`png`) or a list of texts (`txt`), and its name. */
export interface TranslationFile {
  /** File name with extension. */
  readonly name: string;
  /** Content. */
  readonly bytes: Uint8Array;
}

/** A row of pictures or texts, one per pair. */
interface Row {
  readonly title: string;
  readonly items: readonly Shown[];
}

/**
 * Makes one grid per view and per ordered pair of views, with one column per pair: the input, the output and, for
 * translations, the true other view. With `samples`, one more grid with a row per view. Texts of a grid go to a list of
 * the same name.
 *
 * @throws {DataError} if the split has no pair with all views.
 * @throws {RangeError} if samples from the prior are requested and the method has none.
 */
export async function translateRun(options: TranslateRunOptions): Promise<TranslationFile[]> {
  const { open: { model, views, alpha, texts }, data, samples = "none", seed = 0 } = options;
  const { batch, count } = await firstPairs(options);
  const shown = new ShownViews({
    views,
    texts,
    imageSize: data.pixels.imageSize,
    batchSize: model.shape.batchSize,
  });
  const columns = Array.from({ length: count }, (_, row) => row);
  const original = (view: number, title: string): Row => ({
    title,
    items: columns.map((row) => shown.original(batch, { view, row })),
  });
  const drawn = (values: Float32Array, view: number, title: string): Row => ({
    title,
    items: columns.map((row) => shown.decoded(values, { view, row })),
  });
  const reconstructed = await model.reconstruct(batch, { seed });
  const translated = await model.decode(batch);
  const grids = views.names.map((name, m) => ({
    name: `${name}-reconstructed`,
    rows: [original(m, name), drawn(reconstructed[m]!, m, "reconstruction")],
  }));
  views.names.forEach((from, m) =>
    views.names.forEach((to, k) => {
      if (m === k) return;
      const rows = [original(m, from), drawn(translated[m]![k]!, k, `${to} from ${from}`), original(k, to)];
      grids.push({ name: `${from}-to-${to}`, rows });
    })
  );
  if (samples !== "none") {
    const each = await draw(model, { samples, batch, seed, alpha });
    grids.push({ name: `samples-${samples}`, rows: each.map((values, m) => drawn(values, m, views.names[m]!)) });
  }
  return (await Promise.all(grids.map((grid) => filesOf(grid, shown.imageSize)))).flat();
}

/** The pictures of a grid as a PNG file, and its texts as a list. */
async function filesOf(grid: { name: string; rows: readonly Row[] }, size: number): Promise<TranslationFile[]> {
  const pictures = grid.rows.flatMap(({ items }) => isTexts(items) ? [] : [items as readonly Uint8Array[]]);
  const texts = grid.rows.filter(({ items }) => isTexts(items));
  const files: TranslationFile[] = [];
  if (pictures.length > 0) files.push({ name: `${grid.name}.png`, bytes: await pictureGrid(pictures, { size }) });
  if (texts.length > 0) files.push({ name: `${grid.name}.txt`, bytes: new TextEncoder().encode(textList(texts)) });
  return files;
}

function isTexts(items: readonly Shown[]): items is readonly string[] {
  return typeof items[0] === "string";
}

/** One paragraph per pair, numbered as the columns of the grids. */
function textList(rows: readonly Row[]): string {
  const count = rows[0]!.items.length;
  const paragraphs = Array.from(
    { length: count },
    (_, i) => [`${i + 1}`, ...rows.map(({ title, items }) => `${title}: ${items[i]}`)].join("\n"),
  );
  return `${paragraphs.join("\n\n")}\n`;
}

function draw(
  model: VaeInference,
  options: { samples: "posterior" | "prior"; batch: ViewBatch; seed: number; alpha: number },
): Promise<Float32Array[]> {
  const { samples, batch, seed, alpha } = options;
  return samples === "prior" ? samplePrior(model, { seed, alpha }) : samplePosterior(model, batch, { seed });
}

/** Loads the first pairs of a split that have all views as a batch. */
async function firstPairs(options: TranslateRunOptions): Promise<{ batch: ViewBatch; count: number }> {
  const { open: { model, views, texts }, data: { index }, split } = options;
  const pairs = completePairs({ ...views, pairs: pairsOfSplit(index, views.pairs, split) }, index);
  if (pairs.count === 0) throw new DataError(`the ${split} split has no pair with all of ${views.names.join(", ")}`);
  const { batchSize } = model.shape;
  for await (const batch of batchesInOrder(options.data, { pairs, batchSize, texts })) {
    return { batch: copyOf(batch), count: Math.min(options.count, batch.size) };
  }
  throw new Error("the loader returned no batch although there are pairs");
}

/** The views of a batch that stay valid when the loader goes on. */
export function copyOf({ pixels, texts }: Batch): ViewBatch & { pixels: Uint8Array } {
  return { pixels: pixels.slice(), ...(texts ? { texts } : {}) };
}

/** The pairs that have all views. */
export function completePairs(views: RunViews, index: StudyIndex): PairTable {
  return selectPairs(
    views.pairs,
    (pair) => views.names.every((_, view) => pairHasView(views, { index, pair, view })),
  );
}
