/**
 * What loggers get of an evaluation: scores, pictures, and latents to look at in projections.
 *
 * @module
 */
import { labelsOfStudies, pairsOfSplit, type PairTable, SPLITS } from "../../data/mod.ts";
import { readPng } from "../../data/image/png/read_png.ts";
import type { Device } from "../../runtime/mod.ts";
import type { LoggedEvaluation, LoggedImage, LoggedLatents } from "../../training/loggers/logger.ts";
import { readMetricsFile, runPaths } from "../../training/run/run_directory.ts";
import { isSupervised } from "../../training/run_trainer.ts";
import { batchesInOrder } from "./batches_in_order.ts";
import { encodePng } from "./encode_png.ts";
import { type OpenEncoders, openEncoders, type OpenModelOptions } from "./open_model.ts";
import { pictureGrid } from "./picture_grid.ts";
import type { Pictures, Results } from "../results/results.ts";

/** Most pairs whose latents are logged: projections of more take long in a browser. */
const MAX_PAIRS = 500;
/** Side of a picture in the projector, in pixels. */
const SPRITE_SIDE = 32;

/** Options of {@link loggedEvaluation}. */
export interface LoggedEvaluationOptions extends OpenModelOptions {
  /** The device to encode on. */
  readonly device: Device;
  /** The evaluation. Its pictures are those that may be shown. */
  readonly results: Results;
  /** Whether none of the named images shows a patient; without it latents have no pictures. */
  readonly maySee?: (names: readonly string[]) => Promise<boolean>;
}

/** Collects what an evaluation has found, and encodes test pairs for it. */
export async function loggedEvaluation(options: LoggedEvaluationOptions): Promise<LoggedEvaluation> {
  const { config, directory, results } = options;
  const paths = runPaths(directory);
  const last = (await readMetricsFile(paths.metrics)).at(-1);
  return {
    step: last === undefined ? 0 : last.step + 1,
    scores: scoresOf(results, config.name),
    images: await Promise.all(results.pictures.filter(isOfImages).map(gridOf)),
    latents: isSupervised(config) ? [] : await logLatents(options),
    files: [paths.results, paths.report, paths.card],
  };
}

/** The macro averages of a run by view, with all the labels that it was given. */
function scoresOf({ evaluations }: Results, run: string): Record<string, number> {
  const own = evaluations.filter((evaluation) => evaluation.run === run);
  const most = Math.max(...own.map(({ labelledFraction }) => labelledFraction));
  const scores = own.filter(({ labelledFraction }) => labelledFraction === most).flatMap(({ view, macro }) => [
    [`test/auroc/${view}`, macro.auroc.value] as const,
    [`test/averagePrecision/${view}`, macro.averagePrecision.value] as const,
  ]);
  return Object.fromEntries(scores.flatMap(([name, value]) => value === null ? [] : [[name, value]]));
}

function isOfImages({ fromKind, toKind }: Pictures): boolean {
  return fromKind === undefined && toKind === undefined;
}

/** Two rows of pictures: what was encoded, and what was decoded. */
async function gridOf({ kind, from, to, size, items }: Pictures): Promise<LoggedImage> {
  const row = (which: "input" | "output") =>
    items.map((item) => Uint8Array.from(readPng(Uint8Array.fromBase64(item[which])).samples));
  const png = await pictureGrid([row("input"), row("output")], { size });
  const { width, height } = readPng(png);
  return { name: kind === "reconstruction" ? `${kind}/${from}` : `${kind}/${from} to ${to}`, png, width, height };
}

/**
 * What probes see of the first pairs of the test split, or of the split before it if there is none: the means of the
 * posteriors, or the features of encoders without any.
 */
async function logLatents(options: LoggedEvaluationOptions): Promise<LoggedLatents[]> {
  const { device, data, maySee } = options;
  using open = await openEncoders(device, options);
  const { views } = open;
  const split = [...SPLITS].reverse().find((name) => pairsOfSplit(data.index, views.pairs, name).count > 0);
  if (split === undefined) return [];
  const pairs = firstPairs(pairsOfSplit(data.index, views.pairs, split), MAX_PAIRS);
  const names = [...new Set(pairs.images)].filter((image) => image >= 0).map((image) => data.index.source.name(image));
  const mayShow = options.results.pictures.length > 0 && await maySee?.(names) === true;
  const encoded = await encodeViews(open, { data, pairs, keepPictures: mayShow });
  const labels = labelsOfStudies(data.index, pairs.study);
  const count = data.index.labels.length;
  return await Promise.all(
    encoded.filter(({ rows }) => rows.length > 0).map(async ({ view, rows, values, pictures }) => ({
      view,
      values: Float32Array.from(values.flatMap((each) => [...each])),
      width: values[0]!.length,
      columns: ["split", ...data.index.labels],
      rows: rows.map((pair) => [
        split,
        ...Array.from(labels.subarray(pair * count, (pair + 1) * count), (label) => label < 0 ? "" : `${label}`),
      ]),
      ...(pictures.length > 0 ? { sprite: await spriteOf(pictures) } : {}),
    })),
  );
}

function firstPairs(pairs: PairTable, most: number): PairTable {
  if (pairs.count <= most) return pairs;
  return {
    ...pairs,
    count: most,
    study: pairs.study.subarray(0, most),
    images: pairs.images.subarray(0, most * pairs.views),
  };
}

/** A view's latents, of the pairs that have it. */
interface EncodedView {
  readonly view: string;
  /** Numbers of the pairs. */
  readonly rows: number[];
  readonly values: Float32Array[];
  /** Small pictures of the rows; none of a text, or if they may not be kept. */
  readonly pictures: Uint8Array[];
}

async function encodeViews(
  { model, views, texts }: OpenEncoders,
  { data, pairs, keepPictures }: Pick<LoggedEvaluationOptions, "data"> & { pairs: PairTable; keepPictures: boolean },
): Promise<EncodedView[]> {
  const { batchSize } = model.shape;
  const side = data.pixels.imageSize;
  const found = views.names.map((view): EncodedView => ({ view, rows: [], values: [], pictures: [] }));
  let done = 0;
  for await (const batch of batchesInOrder(data, { pairs, batchSize, texts })) {
    const { mu } = await model.encode(batch);
    const pixels = batch.pixels as Uint8Array;
    found.forEach(({ rows, values, pictures }, m) => {
      const image = m - views.texts.filter((text) => text < m).length;
      for (let row = 0; row < batch.size; row++) {
        if (batch.present[m * batchSize + row] !== 1) continue;
        const width = mu[m]!.length / batchSize;
        rows.push(done + row);
        values.push(mu[m]!.slice(row * width, (row + 1) * width));
        if (!keepPictures || views.texts.includes(m)) continue;
        const start = (image * batchSize + row) * side ** 2;
        pictures.push(shrunk(pixels.subarray(start, start + side ** 2), side));
      }
    });
    done += batch.size;
  }
  return found;
}

/** A square picture of {@link SPRITE_SIDE}: means over the pixels of the source, or its nearest pixel. */
function shrunk(pixels: Uint8Array, side: number): Uint8Array {
  const small = new Uint8Array(SPRITE_SIDE ** 2);
  const edge = (i: number) => Math.floor(i * side / SPRITE_SIDE);
  for (let y = 0; y < SPRITE_SIDE; y++) {
    for (let x = 0; x < SPRITE_SIDE; x++) {
      let [sum, count] = [0, 0];
      for (let row = edge(y); row < Math.max(edge(y + 1), edge(y) + 1); row++) {
        for (let column = edge(x); column < Math.max(edge(x + 1), edge(x) + 1); column++, count++) {
          sum += pixels[row * side + column]!;
        }
      }
      small[y * SPRITE_SIDE + x] = Math.round(sum / count);
    }
  }
  return small;
}

/** The smallest square of pictures that holds all, row by row, as TensorBoard wants it. */
async function spriteOf(pictures: readonly Uint8Array[]): Promise<{ png: Uint8Array; size: number }> {
  const across = Math.ceil(Math.sqrt(pictures.length));
  const width = across * SPRITE_SIDE;
  const pixels = new Uint8Array(width * width);
  pictures.forEach((picture, i) => {
    const [left, top] = [i % across * SPRITE_SIDE, Math.floor(i / across) * SPRITE_SIDE];
    for (let y = 0; y < SPRITE_SIDE; y++) {
      pixels.set(picture.subarray(y * SPRITE_SIDE, (y + 1) * SPRITE_SIDE), (top + y) * width + left);
    }
  });
  return { png: await encodePng(pixels, { width, height: width }), size: SPRITE_SIDE };
}
