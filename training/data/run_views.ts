/**
 * Which views of its data a run uses.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { type PairTable, selectPairs } from "../../data/index/pairs.ts";
import type { StudyIndex } from "../../data/mod.ts";
import { methodKind, methodOf } from "../../models/mod.ts";
import type { ModelConfig, RunConfig } from "../run/run_config.ts";
import type { OpenRunDataOptions, RunData } from "./run_data.ts";
import { TEXT_VIEW } from "./text_view.ts";

/** The views of a run, and the data's pairs of them. */
export interface RunViews {
  /** Names: image views in the data's order, then the text, if any. */
  readonly names: readonly string[];
  /** The views of `names` that are texts, by number: none or the last one. */
  readonly texts: readonly number[];
  /** One image per image view; pairs without any of the run's views are omitted. */
  readonly pairs: PairTable;
  /** Whether a pair may lack a view. */
  readonly missing: boolean;
}

/** Whether a run has a text view, so that reports have to be read; `alone` if no image has to be prepared. */
export function wantsText({ views }: Pick<ModelConfig, "views">): boolean | "alone" {
  if (views === undefined || !views.includes(TEXT_VIEW)) return false;
  return views.every((view) => view === TEXT_VIEW) ? "alone" : true;
}

/** What `openRunData()` must know of a run. */
export type NeededData = Required<Pick<OpenRunDataOptions, "data" | "imageSize" | "texts">>;

/** The data that a run needs, as options of `openRunData()`. */
export function neededData({ data, model }: Pick<RunConfig, "data" | "model">): NeededData {
  return { data, imageSize: model.imageSize, texts: wantsText(model) };
}

/**
 * The views that a configuration asks for. A run on some views keeps the pairs of all of them, so that it sees the
 * images of those views as often as a run on all views does. A pair may always lack its text; a run on texts alone has
 * one pair per study with a text.
 *
 * @throws {DataError} naming a view that the data do not have.
 */
export function viewsOfRun(config: RunConfig, data: Pick<RunData, "index" | "pairs">): RunViews {
  const { index, pairs } = data;
  const wanted = wantedViews(config.model);
  requireViews(wanted, { index, method: config.model.method });
  const images = index.views.filter((view) => wanted?.includes(view) ?? true);
  const lacking = config.data.pairs === "all-combinations-missing";
  const hasText = wanted !== undefined && isText(wanted, index);
  const ofImages = images.length === index.views.length
    ? pairs
    : pairsOfViews(pairs, { index, views: images.map((view) => index.views.indexOf(view)), hasText });
  if (!hasText) return { names: images, texts: [], pairs: ofImages, missing: lacking && images.length > 1 };
  const all = lacking || images.length === 0 ? withTextsAlone(ofImages, index) : ofImages;
  const names = [...images, TEXT_VIEW];
  const missing = images.length > 0 && (lacking || all.study.some((study) => index.texts?.get(study) === undefined));
  return { names, texts: [images.length], pairs: all, missing };
}

/** Whether a pair has a view, by number. */
export function pairHasView(
  { pairs, texts }: Pick<RunViews, "pairs" | "texts">,
  at: { index: StudyIndex; pair: number; view: number },
): boolean {
  const { index, pair, view } = at;
  if (texts.includes(view)) return index.texts?.get(pairs.study[pair]!) !== undefined;
  return pairs.images[pair * pairs.views + view]! >= 0;
}

function isText(wanted: readonly string[], index: StudyIndex): boolean {
  return wanted.includes(TEXT_VIEW) && !index.views.includes(TEXT_VIEW);
}

function requireViews(
  wanted: readonly string[] | undefined,
  { index, method }: { index: StudyIndex; method: string },
): void {
  const known = [...index.views, ...(index.texts ? [TEXT_VIEW] : [])];
  const unknown = wanted?.find((view) => !known.includes(view));
  if (unknown === TEXT_VIEW) {
    throw new DataError(`the view ${TEXT_VIEW} needs reports, and none were found beside the images: leave it out`, {
      file: index.root,
    });
  }
  if (unknown !== undefined) {
    throw new DataError(
      `method ${method} is to use the view ${unknown}, but the data have ${known.join(", ")}: choose among them by ` +
        "--views, with --method independent for a VAE of one view",
    );
  }
}

function wantedViews({ method, views }: ModelConfig): readonly string[] | undefined {
  const own = methodKind(method) === "vae" ? methodOf(method).view : undefined;
  return own === undefined ? views : [own];
}

/** Pairs with the images of some views only, by number; those with neither an image nor, if it counts, a text go. */
function pairsOfViews(
  pairs: PairTable,
  { index, views, hasText }: { index: StudyIndex; views: readonly number[]; hasText: boolean },
): PairTable {
  const image = (pair: number, view: number) => pairs.images[pair * pairs.views + view]!;
  const rows = views.length === 0
    ? []
    : Array.from({ length: pairs.count }, (_, pair) => pair).filter((pair) =>
      views.some((view) => image(pair, view) >= 0) ||
      (hasText && index.texts?.get(pairs.study[pair]!) !== undefined)
    );
  const kept = new Set(rows);
  return {
    ...selectPairs(pairs, (pair) => kept.has(pair)),
    views: views.length,
    images: Int32Array.from(rows.flatMap((pair) => views.map((view) => image(pair, view)))),
  };
}

/** The pairs, and one without images for each study of a split that has a text and no pair. */
function withTextsAlone(pairs: PairTable, index: StudyIndex): PairTable {
  const study: number[] = [];
  const images: number[] = [];
  let next = 0;
  for (let at = 0; at < index.studies.count; at++) {
    const first = next;
    while (next < pairs.count && pairs.study[next] === at) next++;
    if (next > first) {
      for (let pair = first; pair < next; pair++) study.push(at);
      images.push(...pairs.images.subarray(first * pairs.views, next * pairs.views));
    } else if (index.splitOfStudy(at) >= 0 && index.studies.dropped[at] === 0 && index.texts?.get(at) !== undefined) {
      study.push(at);
      for (let view = 0; view < pairs.views; view++) images.push(-1);
    }
  }
  return { ...pairs, count: study.length, study: Int32Array.from(study), images: Int32Array.from(images) };
}
