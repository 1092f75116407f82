/**
 * Marks the best method of each row and the methods statistically tied with it.
 *
 * @module
 */
import type { Arm } from "./arms.ts";
import { armNamed, type ComparisonRow } from "./comparisons.ts";
import type { Cell, Slice } from "./cells.ts";

/** Two-sided significance level, applied to Holm-corrected p-values where available. */
const SIGNIFICANCE = 0.05;

/** The cells of a summary, and what their indices refer to. */
interface MarkedTable {
  readonly arms: readonly Arm[];
  readonly views: readonly string[];
  readonly labels: readonly string[];
  readonly slices: readonly Slice[];
  readonly cells: readonly (readonly (readonly (readonly (Cell | null)[])[])[])[];
}

/**
 * Marks the best cell of each row and the cells tied with it.
 *
 * A method is tied with the best if their paired comparison is not significant: the Holm-corrected p-value is at least
 * {@linkcode SIGNIFICANCE} or, without a p-value, the interval of the difference contains zero. If the results do not
 * compare the two, it is tied if its own interval contains the best value. Marks are set in place.
 */
export function markTies(comparisons: readonly ComparisonRow[], table: MarkedTable): void {
  const index = indexComparisons(comparisons, table.arms);
  table.slices.forEach((slice, s) =>
    table.views.forEach((view, v) =>
      [...table.labels, null].forEach((label, row) => {
        const cells = table.cells[s]![v]![row]!;
        if (cells.filter((cell) => cell !== null).length < 2) return;
        const best = bestOf(cells);
        cells[best]!.mark = "best";
        cells.forEach((cell, arm) => {
          if (cell === null || arm === best) return;
          const compared = index.get(pairKey({ view, label, fraction: slice.fraction, pair: [arm, best] })) ?? [];
          const comparison = compared.find((row) => isAbout(row, slice));
          if (isTied(cell, { best: cells[best]!, comparison })) cell.mark = "tied";
        });
      })
    )
  );
}

/** The index of the highest value, or -1 if all are `null`. */
export function bestOf(cells: readonly (Cell | null)[]): number {
  let best = -1;
  cells.forEach((cell, arm) => {
    if (cell !== null && (best < 0 || cell.value > cells[best]!.value)) best = arm;
  });
  return best;
}

/** Of the given methods, the one with the highest macro AUROC in the first view at the primary slice. */
export function bestMethod(
  summary: { arms: readonly Arm[]; cells: MarkedTable["cells"]; primary: number },
  among: ReadonlySet<string>,
): string | undefined {
  const cells = summary.cells[summary.primary]?.[0]?.at(-1) ?? [];
  return summary.arms[bestOf(cells.map((cell, i) => among.has(summary.arms[i]!.method) ? cell : null))]?.method;
}

function indexComparisons(comparisons: readonly ComparisonRow[], arms: readonly Arm[]): Map<string, ComparisonRow[]> {
  const index = new Map<string, ComparisonRow[]>();
  const known = new Map<string, number>();
  const armOf = (name: string, setting: string) => {
    const key = JSON.stringify([name, setting]);
    if (!known.has(key)) known.set(key, armNamed(arms, name, setting));
    return known.get(key)!;
  };
  for (const row of comparisons) {
    const pair = [armOf(row.method, row.setting), armOf(row.baseline, row.setting)] as const;
    if (pair[0] < 0 || pair[1] < 0) continue;
    const key = pairKey({ view: row.view, label: row.label, fraction: row.fraction, pair });
    const rows = index.get(key);
    if (rows === undefined) index.set(key, [row]);
    else rows.push(row);
  }
  return index;
}

/** Whether a comparison applies to a slice; comparisons between supervised classifiers apply to every slice. */
function isAbout(row: ComparisonRow, slice: Slice): boolean {
  if (row.probe === "supervised") return true;
  return row.probe === slice.probe && (row.latents === null || row.latents === slice.latents);
}

function isTied(cell: Cell, other: { best: Cell; comparison: ComparisonRow | undefined }): boolean {
  const comparison = other.comparison;
  if (comparison !== undefined) {
    const p = comparison.pHolm ?? comparison.p;
    if (p !== null) return p >= SIGNIFICANCE;
    const { low, high } = comparison.difference;
    if (low !== null && high !== null) return low <= 0 && high >= 0;
  }
  return cell.high !== null && cell.high >= other.best.value;
}

/** A key that does not depend on which of the two is the baseline. */
function pairKey(
  key: { view: string; label: string | null; fraction: number; pair: readonly [number, number] },
): string {
  return JSON.stringify([key.view, key.label, key.fraction, Math.min(...key.pair), Math.max(...key.pair)]);
}
