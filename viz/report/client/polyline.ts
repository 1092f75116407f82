/** A point in the units of a plot, y downwards. */
export type UnitPoint = readonly [x: number, y: number];

/** The corners of a path made of M, h, v and l, as `curvePath` writes them. */
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

/** The highest point of a curve (smallest y) above a place on the x axis, or `null` outside its reach. */
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
