/**
 * Which views of its data a run uses.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { type PairTable, selectPairs } from "../../data/index/pairs.ts";
import { CLASSIFIER_NAMES, methodOf } from "../../models/mod.ts";
import type { ModelConfig, RunConfig } from "../run/run_config.ts";
import type { RunData } from "./run_data.ts";

/** The views of a run, and the data's pairs of them. */
export interface RunViews {
  /** Names, in the data's order. */
  readonly names: readonly string[];
  /** One image per view in `names`; pairs without any of these views are omitted. */
  readonly pairs: PairTable;
  /** Whether a pair may lack a view. */
  readonly missing: boolean;
}

/**
 * The views that a configuration asks for. A run on some views keeps the pairs of all of them, so that it sees the
 * images of those views as often as a run on all views does.
 *
 * @throws {DataError} naming a view that the data do not have.
 */
export function viewsOfRun(config: RunConfig, data: Pick<RunData, "index" | "pairs">): RunViews {
  const { index, pairs } = data;
  const wanted = wantedViews(config.model);
  const unknown = wanted?.find((view) => !index.views.includes(view));
  if (unknown !== undefined) {
    throw new DataError(
      `method ${config.model.method} is to use the view ${unknown}, but the data have ${
        index.views.join(", ")
      }: choose ` +
        "among them by --views, with --method independent for a VAE of one view",
    );
  }
  const missing = config.data.pairs === "all-combinations-missing";
  if (!wanted || wanted.length === index.views.length) return { names: index.views, pairs, missing };
  const names = index.views.filter((view) => wanted.includes(view));
  return {
    names,
    pairs: pairsOfViews(pairs, names.map((view) => index.views.indexOf(view))),
    missing: missing && names.length > 1,
  };
}

function wantedViews({ method, views }: ModelConfig): readonly string[] | undefined {
  const own = CLASSIFIER_NAMES.includes(method) ? undefined : methodOf(method).view;
  return own === undefined ? views : [own];
}

/** Pairs with the images of some views only, by number. */
function pairsOfViews(pairs: PairTable, views: readonly number[]): PairTable {
  const image = (pair: number, view: number) => pairs.images[pair * pairs.views + view]!;
  const rows = Array.from({ length: pairs.count }, (_, pair) => pair)
    .filter((pair) => views.some((view) => image(pair, view) >= 0));
  const kept = new Set(rows);
  return {
    ...selectPairs(pairs, (pair) => kept.has(pair)),
    views: views.length,
    images: Int32Array.from(rows.flatMap((pair) => views.map((view) => image(pair, view)))),
  };
}
