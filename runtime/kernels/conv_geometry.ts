/**
 * The sizes of a convolution.
 *
 * @module
 */

/** A pair of numbers for the vertical and the horizontal axis. */
export type Pair = readonly [y: number, x: number];

/** Sizes of a convolution or transposed convolution: x [n, h, w, cin], weights [kh, kw, cin, cout], y [n, outH, outW, cout]. */
export interface ConvGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly cin: number;
  readonly kh: number;
  readonly kw: number;
  readonly cout: number;
  readonly outH: number;
  readonly outW: number;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/** A convolution's sizes, and whether input 2 is a bias [cout]. */
export interface ConvOptions extends ConvGeometry {
  readonly bias?: boolean;
}

/** Multiplications and additions of a convolution or of either gradient. */
export function convFlops(options: ConvGeometry, transposed: boolean): number {
  const places = transposed ? options.h * options.w : options.outH * options.outW;
  return 2 * options.n * places * options.kh * options.kw * options.cin * options.cout;
}
