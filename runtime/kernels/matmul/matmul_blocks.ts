/**
 * Matrix products in register blocks, for lavapipe.
 *
 * @module
 */
import matmulCode from "../../../shaders/matmul/matmul.wgsl" with { type: "text" };
import { type Dispatch, floats, gridFor, type Lowering, reads, type Target, writes } from "../kernel.ts";
import { foldShares } from "./matmul_fold.ts";
import { defaultDistances, type MatmulOptions, matmulWidth } from "./matmul_options.ts";
import {
  type Block,
  blockName,
  blockOverhead,
  blocksFor,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
} from "./matmul_tiles.ts";

/** Shares of a sum shorter than this are not worth adding up. */
const MIN_SHARE = 64;
const WANTED_WORKGROUPS = 8;
/** Rows that are stored in one round. */
const GROUP = 4;

/** The blocks that fit the operands. */
export function matmulBlocks(options: MatmulOptions, target: Target): readonly Block[] {
  const { batches = 1 } = options;
  const { a, b } = options.distances ?? defaultDistances(options);
  return blocksFor({ sizes: [batches * a, batches * b], vectors: matmulWidth(options) === 4, target });
}

/** Nanoseconds of a core of lavapipe. */
export function blockCost(options: MatmulOptions, block: Block): number {
  const { workgroups, kAShare, width } = planShares(options, block);
  const sum = (kAShare / width) * stepCost(block, { depth: width, width });
  return Math.ceil(workgroups / 2) * 2 * (sum + blockOverhead(block));
}

/** The matrix product in blocks of one size. */
export function blockMatmul(options: MatmulOptions, block: Block): Lowering {
  const { m, n, k, batches = 1, transposeA = false, transposeB = false } = options;
  const plan = planShares(options, block);
  const { width } = plan;
  const vectors = width === 4;
  const distances = options.distances ?? defaultDistances(options);
  const elements = batches * distances.y;
  // Strides are in vectors. Where operands are read by scalars, either axis may be the contiguous one.
  const strides = vectors
    ? { a_row: (transposeA ? m : k) / 4, a_depth: 1, b_depth: (transposeB ? k : n) / 4, b_column: 1 }
    : {
      a_row: transposeA ? 1 : k,
      a_depth: transposeA ? m : 1,
      b_depth: transposeB ? 1 : n,
      b_column: transposeB ? k : 1,
    };
  // No more than the matrices is copied to the texture: the buffer may be larger.
  const count = (elements: number) => block.texels ? { count: elements } : {};
  const product: Dispatch = {
    kernel: `matmul/${blockName(block)}${vectors ? "" : "-scalar"}`,
    code: matmulCode,
    values: {
      T: floats(width),
      VECTORS: vectors,
      DEPTH: width,
      A_TRANSPOSED: vectors && transposeA,
      B_TRANSPOSED: vectors && transposeB,
      RAGGED: vectors && transposeA && !transposeB,
      ROWS: block.rows,
      GROUPS: block.rows / GROUP,
      GROUP,
      COLUMNS: block.columns,
    },
    lanes: LANES,
    uniforms: {
      m,
      n: n / width,
      k,
      batches,
      a_batch: distances.a / width,
      b_batch: distances.b / width,
      y_batch: distances.y / width,
      ...strides,
      lane_columns: plan.laneColumns,
      row_tiles: plan.rowTiles,
      column_tiles: plan.columnTiles,
      groups: block.rows / GROUP,
      shares_k: plan.shares,
      k_a_share: plan.kAShare,
    },
    operands: {
      a: reads({ input: 0, ...count(batches * distances.a) }, floats(width), block),
      b: reads({ input: 1, ...count(batches * distances.b) }, floats(width), block),
      y: writes(plan.shares === 1 ? { output: 0 } : { scratch: 0 }, floats(width)),
    },
    grid: gridFor(plan.workgroups),
    flops: 2 * batches * m * n * k,
  };
  if (plan.shares === 1) return { dispatches: [product] };
  const fold = foldShares({ shares: plan.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [plan.shares * elements], dispatches: [product, fold] };
}

function planShares(options: MatmulOptions, block: Block) {
  const { m, n, k, batches = 1 } = options;
  const width = matmulWidth(options);
  const tiles = planTiles({ rows: m, columns: n / width }, block);
  const workgroups = tiles.rowTiles * tiles.columnTiles * batches;
  const forLimit = Math.ceil(k / MAX_ITERATIONS);
  const forWork = Math.min(Math.ceil(WANTED_WORKGROUPS / workgroups), Math.floor(k / MIN_SHARE));
  const kAShare = Math.ceil(k / Math.max(1, forLimit, forWork) / 4) * 4;
  const shares = Math.ceil(k / kAShare);
  return { ...tiles, width, shares, kAShare, workgroups: workgroups * shares };
}
