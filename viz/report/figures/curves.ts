/**
 * ROC and precision-recall curves, recomputed from the scores of each study because `results.json` stores only their
 * areas.
 *
 * @module
 */

/** A point of a curve, both coordinates in [0, 1]. */
export type Point = readonly [x: number, y: number];

/** Scored cases: a probability and a label each; cases with a `null` label are excluded. */
export interface ScoredCases {
  readonly scores: readonly number[];
  readonly labels: readonly (0 | 1 | null)[];
}

/** Both curves of one classifier, and the number of cases of each class. */
export interface Curves {
  /** Points (false positive rate, true positive rate) from (0, 0) to (1, 1), one per distinct score. */
  readonly roc: Point[];
  /**
   * Points (recall, precision), one per distinct score in descending order; the first has recall above 0 or precision
   * 0.
   */
  readonly precisionRecall: Point[];
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Computes the ROC and precision-recall curves of one classifier; `null` if a class is missing.
 *
 * Cases with equal scores are added together, so that a tie gives a sloped segment and counts one half in the area.
 */
export function curvesOf(cases: ScoredCases): Curves | null {
  const order = cases.labels.flatMap((label, i) => label === null || cases.scores[i] === undefined ? [] : [i]);
  order.sort((a, b) => cases.scores[b]! - cases.scores[a]!);
  const positives = order.reduce((sum, i) => sum + cases.labels[i]!, 0);
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const roc: Point[] = [[0, 0]];
  const precisionRecall: Point[] = [];
  let hits = 0;
  for (let k = 0; k < order.length; k++) {
    hits += cases.labels[order[k]!]!;
    if (k + 1 < order.length && cases.scores[order[k]!] === cases.scores[order[k + 1]!]) continue;
    roc.push([(k + 1 - hits) / negatives, hits / positives]);
    precisionRecall.push([hits / positives, hits / (k + 1)]);
  }
  return { roc, precisionRecall, positives, negatives };
}

/** Average precision: the precision at each step of recall, without interpolation. */
export function averagePrecision(precisionRecall: readonly Point[]): number {
  let sum = 0;
  let before = 0;
  for (const [recall, precision] of precisionRecall) {
    sum += (recall - before) * precision;
    before = recall;
  }
  return sum;
}

/**
 * Converts a precision-recall curve to the steps drawn, because linear interpolation between its points would overstate
 * it.
 */
export function staircase(precisionRecall: readonly Point[]): Point[] {
  const stairs: Point[] = [];
  let before = 0;
  for (const [recall, precision] of precisionRecall) {
    if (recall === before) {
      if (stairs.length === 0) stairs.push([recall, precision]);
      continue;
    }
    stairs.push([before, precision], [recall, precision]);
    before = recall;
  }
  return stairs;
}

/**
 * Simplifies a polyline, dropping points within `tolerance` of the result (Ramer, 1972; Douglas and Peucker, 1973).
 *
 * @param points The polyline; both ends are kept.
 * @param tolerance Largest allowed distance, in the units of the points.
 */
export function simplify(points: readonly Point[], tolerance: number): Point[] {
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  while (open.length > 0) {
    const [first, last] = open.pop()!;
    let farthest = -1;
    let distance = tolerance;
    for (let k = first + 1; k < last; k++) {
      const d = distanceToSegment(points[k]!, { from: points[first]!, to: points[last]! });
      if (d > distance) [farthest, distance] = [k, d];
    }
    if (farthest < 0) continue;
    keep[farthest] = 1;
    open.push([first, farthest], [farthest, last]);
  }
  return points.filter((_, k) => keep[k] === 1);
}

function distanceToSegment([x, y]: Point, segment: { from: Point; to: Point }): number {
  const [x0, y0] = segment.from;
  const dx = segment.to[0] - x0;
  const dy = segment.to[1] - y0;
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/** Units along each side of a plot. Coordinates are rounded to integers, which is finer than the panels' pixels. */
export const UNITS = 1000;

/**
 * Returns the `d` attribute of a curve with coordinates in [0, 1] and y pointing up, in a square of {@linkcode UNITS}
 * by {@linkcode UNITS}. Kept short by integer relative moves and by simplification below visible size.
 */
export function curvePath(points: readonly Point[]): string {
  if (points.length === 0) return "";
  const units = points.map(([x, y]): Point => [Math.round(x * UNITS), Math.round((1 - y) * UNITS)]);
  const corners = withoutRepeats(units);
  const kept = simplify(corners, 1.5);
  let [x, y] = kept[0]!;
  let d = `M${x} ${y}`;
  for (const [nextX, nextY] of kept.slice(1)) {
    const [dx, dy] = [nextX - x, nextY - y];
    d += dy === 0 ? `h${dx}` : dx === 0 ? `v${dy}` : `l${dx} ${dy}`;
    [x, y] = [nextX, nextY];
  }
  return d;
}

function withoutRepeats(points: readonly Point[]): Point[] {
  return points.filter(([x, y], k) => k === 0 || x !== points[k - 1]![0] || y !== points[k - 1]![1]);
}
