/**
 * The data embedded in the page for the client script, packed to keep the file small.
 *
 * @module
 */
import type { ComparisonRow } from "./figures/comparisons.ts";
import { toThreeDecimals } from "./markup/format.ts";
import type { Latents } from "./figures/latents.ts";
import type { Summary } from "./figures/summary.ts";
import type { Cell } from "./figures/cells.ts";

/** The data from which the client script redraws figures. */
export interface PageData {
  readonly summary: Summary;
  readonly comparisons: readonly ComparisonRow[];
  readonly latents: Latents;
}

/** Id of the script element that holds the packed {@linkcode PageData}. */
export const PAGE_DATA_ID = "report-data";

/** One comparison as an array: indices into the names (-1 for none), then numbers. */
type PackedComparison = readonly (number | null)[];

/** {@linkcode PageData} as embedded in the page: values rounded to the decimals shown, names by index. */
export interface PackedPageData {
  readonly summary: Summary;
  /** Every distinct name in the comparisons: views, labels, methods, probes, latents, settings. */
  readonly names: readonly string[];
  readonly comparisons: readonly PackedComparison[];
  readonly latents: Latents;
}

/** Packs the data: the report of a whole experiment must stay below 3 MB. */
export function packPageData(data: PageData): PackedPageData {
  const names: string[] = [];
  const places = new Map<string, number>();
  const nameOf = (name: string | null) => {
    if (name === null) return -1;
    if (!places.has(name)) places.set(name, names.push(name) - 1);
    return places.get(name)!;
  };
  const comparisons = data.comparisons.map((row): PackedComparison => [
    ...[row.view, row.label, row.probe, row.latents, row.setting, row.baseline, row.method].map(nameOf),
    row.fraction,
    ...[row.difference.value, row.difference.low, row.difference.high].map(rounded),
    ...[row.p, row.pHolm].map((p) => p === null ? null : Number(p.toPrecision(6))),
  ]);
  return {
    summary: {
      ...data.summary,
      cells: data.summary.cells.map((slice) => slice.map((view) => view.map((row) => row.map(roundCell)))),
      accuracy: data.summary.accuracy?.map((slice) => slice.map((view) => view.map(roundCell))) ?? null,
    },
    names,
    comparisons,
    latents: data.latents,
  };
}

/** Unpacks the data into the form that the drawing functions take. */
export function unpackPageData(packed: PackedPageData): PageData {
  const { summary, names } = packed;
  return {
    summary,
    latents: packed.latents,
    comparisons: packed.comparisons.map((row): ComparisonRow => {
      const [view, label, probe, latents, setting, baseline, method] = row.slice(0, 7).map((k) => names[k!] ?? null);
      const [fraction, value = null, low = null, high = null, p = null, pHolm = null] = row.slice(7);
      return {
        view: view!,
        label: label!,
        fraction: fraction!,
        probe: probe!,
        latents: latents!,
        setting: setting!,
        baseline: baseline!,
        method: method!,
        difference: { value, low, high },
        // A report shows the values of seeds, not their differences.
        bySeed: [],
        p,
        pHolm,
      };
    }),
  };
}

function roundCell(cell: Cell | null): Cell | null {
  if (cell === null) return null;
  return {
    value: toThreeDecimals(cell.value),
    low: rounded(cell.low),
    high: rounded(cell.high),
    spread: rounded(cell.spread),
    each: cell.each.map(([seed, value, low, high]) => [seed, toThreeDecimals(value), rounded(low), rounded(high)]),
    mark: cell.mark,
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : toThreeDecimals(value);
}
