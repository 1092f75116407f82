/**
 * Matrix products, batched, of plain or transposed operands.
 *
 * @module
 */
import matmulCode from "../../shaders/matmul.wgsl" with { type: "text" };
import { type Dispatch, gridFor, type Lowering, type Target } from "../kernel.ts";
import { foldShares } from "./matmul_fold.ts";
import {
  type Block,
  blockName,
  BLOCKS,
  chooseBlock,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
} from "./matmul_tiles.ts";
import { fillTemplate } from "./template.ts";

/** Sizes of y[z] = a[z] b[z], y [batches, m, n]. */
export interface MatmulOptions {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** 1 by default. */
  readonly batches?: number;
  /** True if a is stored as [k, m]. */
  readonly transposeA?: boolean;
  /** True if b is stored as [n, k]. */
  readonly transposeB?: boolean;
}

/** Shares of a sum shorter than this are not worth adding up. */
const MIN_SHARE = 64;
const WANTED_WORKGROUPS = 8;

/** The names of the kernel family's variants. */
export function matmulVariants(): string[] {
  return BLOCKS.map(blockName);
}

/** y[z] = a[z] b[z]; inputs a and b, output y [batches, m, n]. */
export function matmul(options: MatmulOptions, target: Target): Lowering {
  const { m, n, k, batches = 1, transposeA = false, transposeB = false } = options;
  // Vectors lie along the last axis of each operand; a ragged k is only possible where it is no last axis.
  const ragged = transposeA && !transposeB;
  const vectors = n % 4 === 0 && (ragged || k % 4 === 0) && (!transposeA || m % 4 === 0);
  const width = vectors ? 4 : 1;
  const size = { rows: m, columns: n / width };
  const block = chooseBlock("matmul", {
    work: JSON.stringify(options),
    target,
    cost: (each) => {
      const { workgroups, kAShare } = planShares({ ...size, k, batches }, each);
      return Math.ceil(workgroups / 2) * (kAShare / width) * stepCost(each, { depth: width, width });
    },
  });
  const plan = planShares({ ...size, k, batches }, block);
  const elements = batches * m * n;
  const product: Dispatch = {
    kernel: `matmul/${blockName(block)}${vectors ? "" : "-scalar"}`,
    code: fillTemplate(matmulCode, {
      T: vectors ? "vec4f" : "f32",
      VECTORS: vectors,
      DEPTH: width,
      A_TRANSPOSED: vectors && transposeA,
      B_TRANSPOSED: vectors && transposeB,
      RAGGED: vectors && ragged,
      LANES,
      ROWS: block.rows,
      GROUPS: block.rows / 4,
      GROUP: 4,
      COLUMNS: block.columns,
    }),
    uniforms: [
      ...[m, size.columns, k, batches],
      ...[(m * k) / width, (k * n) / width],
      ...(vectors
        ? [(transposeA ? m : k) / 4, 1, (transposeB ? k : n) / 4, 1]
        : [transposeA ? 1 : k, transposeA ? m : 1, transposeB ? 1 : n, transposeB ? k : 1]),
      ...[plan.laneColumns, plan.rowTiles, plan.columnTiles, block.rows / 4, plan.shares, plan.kAShare],
    ],
    bindings: [{ input: 0 }, { input: 1 }, plan.shares === 1 ? { output: 0 } : { scratch: 0 }],
    grid: gridFor(plan.workgroups),
    flops: 2 * elements * k,
  };
  if (plan.shares === 1) return { dispatches: [product] };
  const fold = foldShares({ shares: plan.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [plan.shares * elements], dispatches: [product, fold] };
}

function planShares(size: { rows: number; columns: number; k: number; batches: number }, block: Block) {
  const tiles = planTiles(size, block);
  const workgroups = tiles.rowTiles * tiles.columnTiles * size.batches;
  const forLimit = Math.ceil(size.k / MAX_ITERATIONS);
  const forWork = Math.min(Math.ceil(WANTED_WORKGROUPS / workgroups), Math.floor(size.k / MIN_SHARE));
  const wanted = Math.max(1, forLimit, forWork);
  const kAShare = Math.ceil(size.k / wanted / 4) * 4;
  const shares = Math.ceil(size.k / kAShare);
  return { ...tiles, shares, kAShare, workgroups: workgroups * shares };
}
