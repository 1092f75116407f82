/**
 * The sizes of a matrix product.
 *
 * @module
 */

/** Sizes of y[z] = a[z] b[z], y [batches, m, n]. */
export interface MatmulOptions {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** 1 by default. */
  readonly batches?: number;
  /** Elements from one matrix of a, b and y to the next; without gaps by default. */
  readonly distances?: { readonly a: number; readonly b: number; readonly y: number };
  /** True if a is stored as [k, m]. */
  readonly transposeA?: boolean;
  /** True if b is stored as [n, k]. */
  readonly transposeB?: boolean;
}

/** Elements from one matrix to the next where there are no gaps. */
export function defaultDistances({ m, n, k }: MatmulOptions): { a: number; b: number; y: number } {
  return { a: m * k, b: k * n, y: m * n };
}

/**
 * 4 where all operands can be read and written as vectors along their last axes, else 1. k may be any size if it
 * is the last axis of neither operand.
 */
export function matmulWidth(options: MatmulOptions): 1 | 4 {
  const { m, n, k, transposeA = false, transposeB = false } = options;
  const fits = n % 4 === 0 && ((transposeA && !transposeB) || k % 4 === 0) && (!transposeA || m % 4 === 0);
  return fits ? 4 : 1;
}
