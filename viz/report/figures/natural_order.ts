/**
 * Natural sort order that understands decimal fractions.
 *
 * @module
 */

/**
 * Compares strings in natural order: numbers within them, decimals included, compare by value.
 *
 * `Intl.Collator` with `numeric` sorts `alpha 0.5` before `alpha 0.25`, because it compares 5 with 25.
 *
 * @example
 * ```ts
 * import { compareNaturally } from "./natural_order.ts";
 * ["alpha 1", "alpha 0.5", "alpha 0.25"].sort(compareNaturally); // ["alpha 0.25", "alpha 0.5", "alpha 1"]
 * ```
 */
export function compareNaturally(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)];
  for (let k = 0; k < Math.min(x.length, y.length); k++) {
    const [first, second] = [x[k]!, y[k]!];
    if (first === second) continue;
    // Text and numbers alternate, so parts at the same index are of the same kind.
    return k % 2 === 1 ? Number(first) - Number(second) || compareTexts(first, second) : compareTexts(first, second);
  }
  return x.length - y.length;
}

function partsOf(text: string): string[] {
  return text.split(/(\d+(?:\.\d+)?)/);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
