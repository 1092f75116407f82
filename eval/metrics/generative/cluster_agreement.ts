/**
 * Agreement of two partitions of the same cases.
 *
 * @module
 */

/** Cases by the classes of two partitions, with the totals of each. */
interface Contingency {
  readonly cells: readonly number[];
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly cases: number;
  /** Row and column of each cell. */
  readonly places: readonly (readonly [row: number, column: number])[];
}

/** Counts the cases by the classes of two partitions; empty cells are left out. */
function contingency(a: ArrayLike<number>, b: ArrayLike<number>): Contingency {
  if (a.length !== b.length) {
    throw new RangeError(`the partitions cover ${a.length} and ${b.length} cases; they must cover the same ones`);
  }
  const number = (values: ArrayLike<number>) => {
    const known = new Map([...new Set(Array.from(values))].map((value, i) => [value, i]));
    return { of: Array.from(values, (value) => known.get(value)!), count: known.size };
  };
  const [left, right] = [number(a), number(b)];
  const table = new Float64Array(left.count * right.count);
  left.of.forEach((row, i) => table[row * right.count + right.of[i]!]!++);
  const filled = [...table.keys()].filter((cell) => table[cell]! > 0);
  const places = filled.map((cell) => [Math.floor(cell / right.count), cell % right.count] as const);
  const total = (count: number, numbers: readonly number[]) => {
    const totals = new Array<number>(count).fill(0);
    for (const one of numbers) totals[one]!++;
    return totals;
  };
  return {
    cells: filled.map((cell) => table[cell]!),
    rows: total(left.count, left.of),
    columns: total(right.count, right.of),
    cases: a.length,
    places,
  };
}

/**
 * Computes the adjusted Rand index (Hubert and Arabie, 1985): the fraction of pairs of cases on which two partitions
 * agree, corrected for chance.
 *
 * @param a The class of each case.
 * @param b The cluster of each case.
 * @returns 1 for equal partitions, about 0 for independent ones, possibly negative; `null` for fewer than two cases.
 * @throws RangeError if the lengths differ.
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const { cells, rows, columns, cases } = contingency(a, b);
  if (cases < 2) return null;
  const pairs = (counts: readonly number[]) => counts.reduce((sum, n) => sum + n * (n - 1) / 2, 0);
  const [together, first, second] = [pairs(cells), pairs(rows), pairs(columns)];
  const expected = first * second / (cases * (cases - 1) / 2);
  const most = (first + second) / 2;
  // Both partitions are trivial in the same way: one class, or a class for each case.
  return most === expected ? 1 : (together - expected) / (most - expected);
}

/**
 * Computes the normalised mutual information of two partitions (Strehl and Ghosh, 2002), divided by the arithmetic
 * mean of their entropies.
 *
 * @param a The class of each case.
 * @param b The cluster of each case.
 * @returns A number in [0, 1]; `null` without cases.
 * @throws RangeError if the lengths differ.
 */
export function normalizedMutualInformation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const { cells, rows, columns, cases, places } = contingency(a, b);
  if (cases === 0) return null;
  const entropy = (counts: readonly number[]) => counts.reduce((sum, n) => sum - n / cases * Math.log(n / cases), 0);
  const mean = (entropy(rows) + entropy(columns)) / 2;
  if (mean === 0) return 1;
  const shared = cells.reduce((sum, n, i) => {
    const [row, column] = places[i]!;
    return sum + n / cases * Math.log(n * cases / (rows[row]! * columns[column]!));
  }, 0);
  return Math.min(1, Math.max(0, shared / mean));
}
