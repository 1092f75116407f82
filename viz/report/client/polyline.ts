/**
 * Parsing and evaluating the curves drawn as SVG paths, so that the page need not carry their points twice.
 *
 * @module
 */

/** A point in the units of a plot, with y pointing down. */
export type UnitPoint = readonly [x: number, y: number];

/** Parses the vertices of a path of M, h, v and l commands, as written by `curvePath`. */
export function cornersOf(d: string): UnitPoint[] {
  let [x, y] = [0, 0];
  return Array.from(d.matchAll(/([Mhvl])(-?\d+)(?: (-?\d+))?/g), ([, command, a, b]): UnitPoint => {
    const [first, second] = [Number(a), Number(b ?? 0)];
    if (command === "M") [x, y] = [first, second];
    else if (command === "v") y += first;
    else [x, y] = [x + first, command === "l" ? y + second : y];
    return [x, y];
  });
}

/** The highest point (smallest y) of a curve at an x position, or `null` outside its range. */
export function heightAt(corners: readonly UnitPoint[], x: number): number | null {
  let top: number | null = null;
  const offer = (y: number) => top = top === null ? y : Math.min(top, y);
  corners.forEach(([x1, y1], k) => {
    if (x1 === x) offer(y1);
    const [x0, y0] = corners[k - 1] ?? [x1, y1];
    if ((x0 - x) * (x1 - x) < 0) offer(y0 + (y1 - y0) * (x - x0) / (x1 - x0));
  });
  return top;
}
