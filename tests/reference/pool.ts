/**
 * Max and average pooling by plain loops in float64: images NHWC.
 *
 * @module
 */
import type { PoolGeometry } from "../../runtime/kernels/pool/pool.ts";

type Numbers = ArrayLike<number>;

/** Every window: its number in y, and of its elements inside the image their numbers in x and places in the window. */
function windows(g: PoolGeometry): { y: number; taps: { x: number; place: number }[] }[] {
  const found = [];
  for (let n = 0; n < g.n; n++) {
    for (let oy = 0; oy < g.outH; oy++) {
      for (let ox = 0; ox < g.outW; ox++) {
        for (let c = 0; c < g.channels; c++) {
          const taps = [];
          for (let place = 0; place < g.kernel[0] * g.kernel[1]; place++) {
            const iy = oy * g.stride[0] - g.padding[0] + Math.floor(place / g.kernel[1]);
            const ix = ox * g.stride[1] - g.padding[1] + place % g.kernel[1];
            if (iy < 0 || ix < 0 || iy >= g.h || ix >= g.w) continue;
            taps.push({ x: ((n * g.h + iy) * g.w + ix) * g.channels + c, place });
          }
          found.push({ y: ((n * g.outH + oy) * g.outW + ox) * g.channels + c, taps });
        }
      }
    }
  }
  return found;
}

/** The maxima, and the place of each in its window: the first of equal ones, the last NaN. */
export function maxPool(g: PoolGeometry, x: Numbers): { y: Float64Array; winners: Uint32Array } {
  const found = windows(g);
  const y = new Float64Array(found.length);
  const winners = new Uint32Array(found.length);
  for (const { y: at, taps } of found) {
    let best = taps[0]!;
    for (const tap of taps) if (x[tap.x]! > x[best.x]! || Number.isNaN(x[tap.x])) best = tap;
    y[at] = x[best.x]!;
    winners[at] = best.place;
  }
  return { y, winners };
}

/** dx of {@link maxPool}. */
export function maxPoolGradient(g: PoolGeometry, { winners, dy }: { winners: Numbers; dy: Numbers }): Float64Array {
  const dx = new Float64Array(g.n * g.h * g.w * g.channels);
  for (const { y, taps } of windows(g)) {
    for (const { x, place } of taps) if (place === winners[y]) dx[x]! += dy[y]!;
  }
  return dx;
}

/** The means; padding counts as zeros. */
export function averagePool(g: PoolGeometry, x: Numbers): Float64Array {
  const found = windows(g);
  const y = new Float64Array(found.length);
  for (const { y: at, taps } of found) {
    y[at] = taps.reduce((sum, tap) => sum + x[tap.x]!, 0) / (g.kernel[0] * g.kernel[1]);
  }
  return y;
}

/** dx of {@link averagePool}. */
export function averagePoolGradient(g: PoolGeometry, dy: Numbers): Float64Array {
  const dx = new Float64Array(g.n * g.h * g.w * g.channels);
  for (const { y, taps } of windows(g)) {
    for (const { x } of taps) dx[x]! += dy[y]! / (g.kernel[0] * g.kernel[1]);
  }
  return dx;
}
