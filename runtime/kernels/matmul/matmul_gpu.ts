/**
 * Matrix products on a GPU: tiles in workgroup memory. The same core serves convolutions, see conv_gpu.ts.
 *
 * @module
 */
import operandsCode from "../../../shaders/matmul/matmul_operands.wgsl" with { type: "text" };
import tileCode from "../../../shaders/matmul/matmul_tile.wgsl" with { type: "text" };
import { type Dispatch, floats, gridFor, type Lowering, type ProductTile, reads, writes } from "../kernel.ts";
import { foldOnGpu } from "./matmul_fold.ts";
import { factorTypes } from "./half_products.ts";
import { coverTiles, type TileCover, tileName, type TileShape, tileSize } from "./tile_cover.ts";
import { defaultDistances, type MatmulOptions, matmulWidth } from "./matmul_options.ts";
import type { KernelValues } from "../expand.ts";

/** Times that the loop over a pair of tiles of float32 runs. */
const TILE_STEPS = 4;

/** WGSL that defines the functions that matmul_tile.wgsl calls. */
export interface TileOperands {
  readonly code: string;
  readonly values: KernelValues;
  /** The operands of which blocks of a and b are fetched vector by vector; not if single elements make up a block. */
  readonly vectors: { readonly a?: string | undefined; readonly b?: string | undefined };
}

/** What a kernel on tiles consists of: its operands' functions, and the core. */
export function tileKernel(operands: TileOperands, shape: TileShape) {
  const { tx, ty, rows, columns, depth, halfTerms } = shape;
  const lanes = tx * ty;
  // Blocks of 4 x 4 elements.
  const [aBlocks, bBlocks] = [ty * rows * depth / 16, tx * columns * depth / 4];
  const halves = aBlocks + bBlocks === lanes;
  const { a, b } = operands.vectors;
  return {
    code: `${operands.code}\n${tileCode}`,
    half: halfTerms !== undefined,
    values: {
      ...factorTypes(shape),
      ...fetchedTypes("A", halves ? undefined : a),
      ...fetchedTypes("B", halves ? undefined : b),
      TX: tx,
      TY: ty,
      ROWS: rows,
      COLUMNS: columns,
      DEPTH: depth,
      QUADS: quadsOf(shape),
      HALVES: halves,
      ALL_B: bBlocks === lanes,
      SUMS: false,
      NORMALIZES: false,
      A_ROWS_FIRST: false,
      B_DEPTH_FIRST: false,
      ...operands.values,
    },
    lanes,
  };
}

/** Types of what is fetched: as the operand is stored, unless it is widened by then. */
function fetchedTypes(side: "A" | "B", operand: string | undefined): KernelValues {
  return {
    [`Vector${side}`]: operand ? `${operand}_stored` : "vec4f",
    [`Matrix${side}`]: operand ? `${operand}_stored4` : "mat4x4f",
  };
}

/** The part of a product that one workgroup computes. */
export function tileOf(shape: TileShape, { depthAShare }: TileCover): ProductTile {
  return { ...tileSize(shape), depth: depthAShare, steps: shape.depth / (4 * quadsOf(shape)) };
}

/** Blocks of 4 x 4 elements that an invocation multiplies in a step. */
function quadsOf({ depth, halfTerms }: TileShape): number {
  return (halfTerms ?? depth / TILE_STEPS) / 4;
}

/** The matrix product with tiles of one shape. */
export function gpuMatmul(options: MatmulOptions, shape: TileShape): Lowering {
  const { m, n, k, batches = 1, transposeA = false, transposeB = false } = options;
  const distances = options.distances ?? defaultDistances(options);
  const cover = coverMatmul(options, shape);
  const vectors = matmulWidth(options) === 4;
  const elements = batches * distances.y;
  const type = floats(matmulWidth(options));
  const product: Dispatch = {
    kernel: `matmul/${tileName(shape)}${vectors ? "" : "-scalar"}`,
    ...tileKernel({
      code: operandsCode,
      values: {
        VECTORS: vectors,
        A_TRANSPOSED: transposeA,
        B_TRANSPOSED: transposeB,
        // Neighbours in a subgroup read neighbours in memory.
        A_ROWS_FIRST: transposeA,
        B_DEPTH_FIRST: transposeB,
      },
      vectors: vectors ? { a: "a", b: "b" } : {},
    }, shape),
    uniforms: {
      m,
      n,
      k,
      batches,
      a_batch: distances.a,
      b_batch: distances.b,
      y_batch: distances.y,
      row_tiles: cover.rowTiles,
      column_tiles: cover.columnTiles,
      shares_k: cover.shares,
      k_a_share: cover.depthAShare,
    },
    operands: {
      a: reads({ input: 0 }, type),
      b: reads({ input: 1 }, type),
      y: writes(cover.shares === 1 ? { output: 0 } : { scratch: 0 }, type),
    },
    grid: gridFor(cover.workgroups),
    flops: 2 * batches * m * n * k,
    tile: tileOf(shape, cover),
  };
  if (cover.shares === 1) return { dispatches: [product] };
  const fold = foldOnGpu({ shares: cover.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [cover.shares * elements], dispatches: [product, fold] };
}

/** How tiles of one shape cover a matrix product. */
export function coverMatmul(options: MatmulOptions, shape: TileShape): TileCover {
  const { m, n, k, batches = 1 } = options;
  const bytes = 4 * batches * (m * k + k * n + m * n);
  return coverTiles({ rows: m, columns: n, depth: k, batches, bytes, groups: true }, shape);
}
