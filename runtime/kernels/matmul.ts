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
  chooseVariant,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
  type Variant,
  type Width,
} from "./matmul_tiles.ts";
import { fillTemplate } from "./template.ts";

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

/** Shares of a sum shorter than this are not worth adding up. */
const MIN_SHARE = 64;
const WANTED_WORKGROUPS = 8;

/** The names of the variants of `matmul` for this work, the default first. */
export function matmulVariants(options: MatmulOptions, _target: Target): string[] {
  return variants(options).sort((a, b) => a.cost - b.cost).map(({ name }) => name);
}

/** y[z] = a[z] b[z]; inputs a and b, output y [batches, m, n]. */
export function matmul(options: MatmulOptions, target: Target): Lowering {
  const { block } = chooseVariant("matmul", { work: JSON.stringify(options), target, variants: variants(options) });
  return blockMatmul(options, block);
}

/** Nanoseconds of a core of lavapipe. */
export function matmulCost(options: MatmulOptions): number {
  return Math.min(...variants(options).map(({ cost }) => cost));
}

function variants(options: MatmulOptions): (Variant & { block: Block })[] {
  return BLOCKS.map((block) => {
    const { workgroups, kAShare, width } = planShares(options, block);
    const step = stepCost(block, { depth: width, width });
    return { name: blockName(block), block, cost: Math.ceil(workgroups / 2) * 2 * (kAShare / width) * step };
  });
}

function blockMatmul(options: MatmulOptions, block: Block): Lowering {
  const { m, n, k, batches = 1, transposeA = false, transposeB = false } = options;
  const plan = planShares(options, block);
  const { width } = plan;
  const vectors = width === 4;
  const distances = options.distances ?? { a: m * k, b: k * n, y: m * n };
  const elements = batches * distances.y;
  const product: Dispatch = {
    kernel: `matmul/${blockName(block)}${vectors ? "" : "-scalar"}`,
    code: fillTemplate(matmulCode, {
      T: vectors ? "vec4f" : "f32",
      VECTORS: vectors,
      DEPTH: width,
      A_TRANSPOSED: vectors && transposeA,
      B_TRANSPOSED: vectors && transposeB,
      RAGGED: vectors && transposeA && !transposeB,
      LANES,
      ROWS: block.rows,
      GROUPS: block.rows / 4,
      GROUP: 4,
      COLUMNS: block.columns,
    }),
    uniforms: [
      ...[m, n / width, k, batches, ...[distances.a, distances.b, distances.y].map((distance) => distance / width)],
      ...(vectors
        ? [(transposeA ? m : k) / 4, 1, (transposeB ? k : n) / 4, 1]
        : [transposeA ? 1 : k, transposeA ? m : 1, transposeB ? 1 : n, transposeB ? k : 1]),
      ...[plan.laneColumns, plan.rowTiles, plan.columnTiles, block.rows / 4, plan.shares, plan.kAShare],
    ],
    bindings: [{ input: 0 }, { input: 1 }, plan.shares === 1 ? { output: 0 } : { scratch: 0 }],
    grid: gridFor(plan.workgroups),
    flops: 2 * batches * m * n * k,
  };
  if (plan.shares === 1) return { dispatches: [product] };
  const fold = foldShares({ shares: plan.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [plan.shares * elements], dispatches: [product, fold] };
}

function planShares(options: MatmulOptions, block: Block) {
  const { m, n, k, batches = 1, transposeA = false, transposeB = false } = options;
  // Vectors lie along the last axis of each operand; a ragged k is only possible where it is no last axis.
  const fits = n % 4 === 0 && ((transposeA && !transposeB) || k % 4 === 0) && (!transposeA || m % 4 === 0);
  const width: Width = fits ? 4 : 1;
  const tiles = planTiles({ rows: m, columns: n / width }, block);
  const workgroups = tiles.rowTiles * tiles.columnTiles * batches;
  const forLimit = Math.ceil(k / MAX_ITERATIONS);
  const forWork = Math.min(Math.ceil(WANTED_WORKGROUPS / workgroups), Math.floor(k / MIN_SHARE));
  const kAShare = Math.ceil(k / Math.max(1, forLimit, forWork) / 4) * 4;
  const shares = Math.ceil(k / kAShare);
  return { ...tiles, width, shares, kAShare, workgroups: workgroups * shares };
}
