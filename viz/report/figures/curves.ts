/**
 * The points of ROC and precision-recall curves, computed again from the scores of each study so that they can be drawn.
 *
 * @module
 */

/** A point of a curve, both coordinates in [0, 1]. */
export type Point = readonly [x: number, y: number];

/** What is scored: the probability of each case and its label; `null` labels are left out. */
export interface ScoredCases {
  readonly scores: readonly number[];
  readonly labels: readonly (0 | 1 | null)[];
}

/** Both curves of one classifier, and how many cases of each class they rest on. */
export interface Curves {
  /** False positive rate against true positive rate, from (0, 0) to (1, 1), one point a distinct score. */
  readonly roc: Point[];
  /** Recall against precision, one point a distinct score from the highest down; the first has recall above 0 or precision 0. */
  readonly precisionRecall: Point[];
  readonly positives: number;
  readonly negatives: number;
}

/**
 * The ROC and the precision-recall curve of one classifier, or `null` where one class is missing and neither exists.
 *
 * Cases with equal scores enter together, so that ties give a slope, which counts them one half in the area.
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

/** The area under a ROC curve by the trapezoidal rule, which equals the probability that a positive case scores higher. */
export function areaUnder(roc: readonly Point[]): number {
  let area = 0;
  for (let k = 1; k < roc.length; k++) {
    const [x0, y0] = roc[k - 1]!;
    const [x1, y1] = roc[k]!;
    area += (x1 - x0) * (y0 + y1) / 2;
  }
  return area;
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

/** The precision-recall curve as it is drawn: a staircase, because straight lines between its points promise too much. */
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
 * Leaves out the points of a line that lie within `tolerance` of what is left (Ramer, 1972; Douglas and Peucker, 1973).
 *
 * @param points The line; both ends are kept.
 * @param tolerance The largest distance, in the units of the points.
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

/** Units along each side of a plot: curves are drawn in whole units, which is finer than a screen can show. */
export const UNITS = 1000;

/**
 * The `d` attribute of a curve in a square of {@linkcode UNITS} by {@linkcode UNITS} with y upwards: whole units, relative
 * moves, and only the points that a reader could see.
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
