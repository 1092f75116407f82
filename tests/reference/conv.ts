/**
 * Convolutions by plain loops in float64: images NHWC, weights HWIO.
 *
 * @module
 */
import type { ConvGeometry } from "../../runtime/kernels/conv/conv_geometry.ts";

type Numbers = ArrayLike<number>;
type Visit = (indices: { x: number; w: number; y: number }) => void;

/** Every product of a convolution: y[y] += x[x] w[w]. Transposed ones see x where others see y. */
function visit(g: ConvGeometry, options: { transposed: boolean }, each: Visit): void {
  const { transposed } = options;
  // The strided side is read at o stride - padding + k dilation; the other side has one place for each o.
  const [sparseH, sparseW] = transposed ? [g.h, g.w] : [g.outH, g.outW];
  const [denseH, denseW] = transposed ? [g.outH, g.outW] : [g.h, g.w];
  for (let n = 0; n < g.n; n++) {
    for (let sy = 0; sy < sparseH; sy++) {
      for (let sx = 0; sx < sparseW; sx++) {
        for (let ky = 0; ky < g.kh; ky++) {
          const dy = sy * g.stride[0] - g.padding[0] + ky * g.dilation[0];
          if (dy < 0 || dy >= denseH) continue;
          for (let kx = 0; kx < g.kw; kx++) {
            const dx = sx * g.stride[1] - g.padding[1] + kx * g.dilation[1];
            if (dx < 0 || dx >= denseW) continue;
            const sparse = (n * sparseH + sy) * sparseW + sx;
            const dense = (n * denseH + dy) * denseW + dx;
            const [px, py] = transposed ? [sparse, dense] : [dense, sparse];
            for (let ci = 0; ci < g.cin; ci++) {
              for (let co = 0; co < g.cout; co++) {
                each({
                  x: px * g.cin + ci,
                  w: ((ky * g.kw + kx) * g.cin + ci) * g.cout + co,
                  y: py * g.cout + co,
                });
              }
            }
          }
        }
      }
    }
  }
}

function forward(
  g: ConvGeometry,
  options: { transposed: boolean; x: Numbers; w: Numbers; bias?: Numbers },
) {
  const { x, w, bias } = options;
  const y = Float64Array.from({ length: g.n * g.outH * g.outW * g.cout }, (_, i) => bias?.[i % g.cout] ?? 0);
  visit(g, options, (at) => y[at.y]! += x[at.x]! * w[at.w]!);
  return y;
}

/** y of a convolution. */
export function conv2d(
  g: ConvGeometry,
  data: { x: Numbers; w: Numbers; bias?: Numbers },
): Float64Array {
  return forward(g, { transposed: false, ...data });
}

/** y of a transposed convolution. */
export function convTranspose2d(
  g: ConvGeometry,
  data: { x: Numbers; w: Numbers; bias?: Numbers },
): Float64Array {
  return forward(g, { transposed: true, ...data });
}

/** Gradients of sum(y * gy) with respect to x and w. */
export function convGradients(
  g: ConvGeometry,
  options: { transposed: boolean; x: Numbers; w: Numbers; gy: Numbers },
): { gx: Float64Array; gw: Float64Array } {
  const { x, w, gy } = options;
  const gx = new Float64Array(x.length);
  const gw = new Float64Array(w.length);
  visit(g, options, (at) => {
    gx[at.x]! += w[at.w]! * gy[at.y]!;
    gw[at.w]! += x[at.x]! * gy[at.y]!;
  });
  return { gx, gw };
}
