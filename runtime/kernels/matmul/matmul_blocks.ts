/**
 * Matrix products in register blocks, for Vulkan on the CPU.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import matmulCode from "../../../shaders/matmul/matmul.wgsl" with { type: "text" };
import texelsCode from "../../../shaders/shared/texels.wgsl" with { type: "text" };
import { type Dispatch, gridFor, type Lowering, type Target } from "../kernel.ts";
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
import { texelPlaces } from "../texels.ts";
import { fillTemplate } from "../template.ts";

/** Shares of a sum shorter than this are not worth adding up. */
const MIN_SHARE = 64;
const WANTED_WORKGROUPS = 8;
/** Place of a_first among the uniforms. */
const A_FIRST = 17;

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
  const { texels = false } = block;
  const sizes = [batches * distances.a, batches * distances.b];
  const product: Dispatch = legacy({
    kernel: `matmul/${blockName(block)}${vectors ? "" : "-scalar"}`,
    code: fillTemplate(texels ? matmulCode + texelsCode : matmulCode, {
      TEXELS: texels,
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
      ...[m, n / width, k, batches, distances.a / width, distances.b / width, distances.y / width],
      ...(vectors
        ? [(transposeA ? m : k) / 4, 1, (transposeB ? k : n) / 4, 1]
        : [transposeA ? 1 : k, transposeA ? m : 1, transposeB ? 1 : n, transposeB ? k : 1]),
      ...[plan.laneColumns, plan.rowTiles, plan.columnTiles, block.rows / 4, plan.shares, plan.kAShare],
      ...texelPlaces(sizes),
    ],
    bindings: [...(texels ? [] : [{ input: 0 }, { input: 1 }]), plan.shares === 1 ? { output: 0 } : { scratch: 0 }],
    ...(texels ? { texels: sizes.map((count, input) => ({ input, count })), texelWords: [A_FIRST, A_FIRST + 1] } : {}),
    grid: gridFor(plan.workgroups),
    flops: 2 * batches * m * n * k,
  });
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
