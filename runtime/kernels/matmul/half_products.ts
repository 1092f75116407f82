/**
 * Products of float16 on tiles (`compute: "f16"`): both operands are rounded to float16 where they are put into
 * workgroup memory, {@linkcode HALF_TERMS} products at a time are added up in float16, and these sums in float32.
 *
 * The error, with u = 2^-11: an operand's rounding costs a term a factor of 1 + u, and its way through a sum of T terms
 * at most T more (T - 1 additions and a product, or T fused multiply-adds). So a result differs from the exact one by
 * at most ((1 + u)^(T + 2) - 1) times the sum of its terms' magnitudes (0.88 % for T = 16), plus what float32 loses.
 * In practice most rounding errors cancel. Below 2^-14 float16 is coarser: an operand may be off by 2^-25, and so may
 * each of the T roundings of a sum. Operands and sums of T terms above 65,504 become infinite, which the optimizer's
 * loss scale takes for an overflow of the gradient.
 *
 * @module
 */
import type { KernelValues } from "../expand.ts";
import type { Target } from "../kernel.ts";
import { TILE_SHAPES, type TileShape } from "./tile_cover.ts";

/**
 * Terms that are added up in float16: a conversion and an addition in float32 for 16 multiply-adds. With 8 terms the
 * bound of the error is half as large, and a step of the papers' network takes 27.1 instead of 23.3 ms by the static
 * model of an H100.
 */
export const HALF_TERMS = 16;

/** The tiles of {@linkcode TILE_SHAPES} for products of float16; efficiency is in terms of float32's peak. */
export const HALF_TILE_SHAPES: readonly TileShape[] = [
  { tx: 16, ty: 16, rows: 8, columns: 2, depth: 32, efficiency: 0.89, warps: 8, halfTerms: HALF_TERMS },
  { tx: 16, ty: 16, rows: 8, columns: 1, depth: 32, efficiency: 0.89, warps: 8, halfTerms: HALF_TERMS },
  { tx: 16, ty: 8, rows: 8, columns: 1, depth: 32, efficiency: 0.97, warps: 12, halfTerms: HALF_TERMS },
  { tx: 8, ty: 8, rows: 8, columns: 2, depth: 16, efficiency: 1, warps: 10, halfTerms: HALF_TERMS },
  { tx: 8, ty: 8, rows: 4, columns: 1, depth: 32, efficiency: 0.73, warps: 18, halfTerms: HALF_TERMS },
];

/** The tiles that are worth trying for what a target multiplies. */
export function tileShapes({ compute }: Target): readonly TileShape[] {
  return compute === "f16" ? HALF_TILE_SHAPES : TILE_SHAPES;
}

/** True where products are made by kernels on tiles: on GPUs, and wherever they are of float16. */
export function usesTiles({ profile, compute }: Target): boolean {
  return profile === "gpu" || compute === "f16";
}

/** Types of a tile kernel's factors, for matmul_tile.wgsl. */
export function factorTypes({ halfTerms }: TileShape): KernelValues {
  return halfTerms
    ? { HALF_PRODUCTS: true, Factor: "vec4h", Block: "mat4x4h" }
    : { HALF_PRODUCTS: false, Factor: "vec4f", Block: "mat4x4f" };
}
