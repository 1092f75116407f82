/**
 * Matrix products on a GPU: tiles in workgroup memory. The same core serves convolutions, see conv_gpu.ts.
 *
 * @module
 */
import operandsCode from "../../../shaders/matmul/matmul_operands.wgsl" with { type: "text" };
import tileCode from "../../../shaders/matmul/matmul_tile.wgsl" with { type: "text" };
import { type Dispatch, floats, gridFor, type Lowering, reads, writes } from "../kernel.ts";
import { foldShares } from "./matmul_fold.ts";
import { defaultDistances, type MatmulOptions, matmulWidth } from "./matmul_options.ts";
import type { KernelValues } from "../expand.ts";

/** A workgroup of ty x tx invocations, each of which computes `rows` x (4 `columns`) results. */
export interface TileShape {
  readonly tx: number;
  readonly ty: number;
  readonly rows: number;
  readonly columns: number;
  /**
   * Elements of the summed axis that a workgroup takes at a time: as many as give nearly every invocation a block of 4
   * x 4 elements of both operands to fetch, so that a block's addresses are shared by enough multiplications.
   */
  readonly depth: 16 | 32;
}

/** The shapes that are worth trying. */
export const TILE_SHAPES: readonly TileShape[] = [
  { tx: 16, ty: 16, rows: 8, columns: 2, depth: 16 },
  { tx: 16, ty: 16, rows: 8, columns: 1, depth: 32 },
  { tx: 16, ty: 8, rows: 8, columns: 1, depth: 32 },
  { tx: 8, ty: 8, rows: 8, columns: 2, depth: 16 },
  { tx: 8, ty: 8, rows: 4, columns: 1, depth: 32 },
];

/** Times that the loop over a pair of tiles runs. */
const TILE_STEPS = 4;
/** Workgroups that keep a GPU busy, and the shortest share of a sum that is worth a second pass. */
const WANTED_WORKGROUPS = 256;
const MIN_SHARE = 128;

/** A variant's name: the results of a workgroup, and its invocations. */
export function tileName({ tx, ty, rows, columns }: TileShape): string {
  return `gpu-${ty * rows}x${tx * columns * 4}-${tx * ty}`;
}

/** How tiles cover a result, and the summed axis is shared out. */
export interface TileCover {
  readonly rowTiles: number;
  readonly columnTiles: number;
  readonly shares: number;
  /** Elements of the summed axis in a share: a multiple of the tile's depth. */
  readonly depthAShare: number;
  readonly workgroups: number;
}

/** Covers `batches` results of rows x columns. */
export function coverTiles(
  size: { rows: number; columns: number; depth: number; batches: number; split: boolean },
  shape: TileShape,
): TileCover {
  const rowTiles = Math.ceil(size.rows / (shape.ty * shape.rows));
  const columnTiles = Math.ceil(size.columns / (shape.tx * shape.columns * 4));
  const whole = rowTiles * columnTiles * size.batches;
  const wanted = size.split
    ? Math.max(1, Math.min(Math.ceil(WANTED_WORKGROUPS / whole), Math.floor(size.depth / MIN_SHARE)))
    : 1;
  const depthAShare = Math.ceil(size.depth / wanted / shape.depth) * shape.depth;
  const shares = Math.ceil(size.depth / depthAShare);
  return { rowTiles, columnTiles, shares, depthAShare, workgroups: whole * shares };
}

/**
 * An estimate to rank shapes by: rounds of workgroups, times the work of one. Smaller tiles read more of workgroup
 * memory for each multiplication.
 */
export function tileCost(cover: TileCover, shape: TileShape): number {
  const results = shape.tx * shape.ty * shape.rows * shape.columns * 4;
  const loads = (shape.rows + 4 * shape.columns) / (shape.rows * shape.columns * 4);
  return Math.ceil(cover.workgroups / (WANTED_WORKGROUPS / 2)) * results * cover.depthAShare * (1 + 2 * loads);
}

/** What a kernel on tiles consists of: WGSL that defines the functions that matmul_tile.wgsl calls, and that core. */
export function tileKernel(operands: string, shape: TileShape, values: KernelValues) {
  const { tx, ty, rows, columns, depth } = shape;
  const lanes = tx * ty;
  // Blocks of 4 x 4 elements.
  const [aBlocks, bBlocks] = [ty * rows * depth / 16, tx * columns * depth / 4];
  return {
    code: `${operands}\n${tileCode}`,
    values: {
      TX: tx,
      TY: ty,
      ROWS: rows,
      COLUMNS: columns,
      DEPTH: depth,
      QUADS: depth / 4 / TILE_STEPS,
      HALVES: aBlocks + bBlocks === lanes,
      ALL_B: bBlocks === lanes,
      SUMS: false,
      A_ROWS_FIRST: false,
      B_DEPTH_FIRST: false,
      ...values,
    },
    lanes,
  };
}

/** The part of a product that one workgroup computes. */
export function tileOf({ tx, ty, rows, columns }: TileShape, { depthAShare }: TileCover) {
  return { rows: ty * rows, columns: tx * columns * 4, depth: depthAShare };
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
    ...tileKernel(operandsCode, shape, {
      VECTORS: vectors,
      A_TRANSPOSED: transposeA,
      B_TRANSPOSED: transposeB,
      // Neighbours in a subgroup read neighbours in memory.
      A_ROWS_FIRST: transposeA,
      B_DEPTH_FIRST: transposeB,
    }),
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
  const fold = foldShares({ shares: cover.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [cover.shares * elements], dispatches: [product, fold] };
}

/** How tiles of one shape cover a matrix product. */
export function coverMatmul(options: MatmulOptions, shape: TileShape): TileCover {
  const { m, n, k, batches = 1 } = options;
  return coverTiles({ rows: m, columns: n, depth: k, batches, split: true }, shape);
}
