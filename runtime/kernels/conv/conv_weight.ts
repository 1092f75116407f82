/**
 * The gradient of convolutions for their weights.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import gradientCode from "../../../shaders/conv/conv_weight_gradient.wgsl" with { type: "text" };
import {
  type Dispatch,
  floats,
  gridFor,
  type KernelVariant,
  type Lowering,
  reads,
  type Target,
  writes,
} from "../kernel.ts";
import { convFlops, type ConvGeometry, convUniforms, withLayout } from "./conv_geometry.ts";
import { narrowCost } from "./conv_narrow.ts";
import type { NormalizedInput } from "./normalized_input.ts";
import { winogradWeightGradient } from "./conv_winograd.ts";
import { winogradCost, winogradFits } from "./conv_winograd_plan.ts";
import { coverWeightGradient, gpuWeightGradient } from "./conv_gpu.ts";
import { tileShapes, usesTiles } from "../matmul/half_products.ts";
import { tileName } from "../matmul/tile_cover.ts";
import { foldOnGpu, foldShares } from "../matmul/matmul_fold.ts";
import {
  type Block,
  blockName,
  blockOverhead,
  blocksFor,
  chooseVariant,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
  type Width,
  widthOf,
} from "../matmul/matmul_tiles.ts";

/** Workgroups that keep the cores of a software adapter busy to the end. */
const WANTED_WORKGROUPS = 8;
/** Fewer pixels than this a share are not worth adding up another partial result. */
const MIN_PIXELS = 32;
const UNROLL = 2;

/** The register block on a GPU for so few rows that tiles would be mostly empty: the taps of a 3 x 3 kernel. */
const GPU_BLOCK: Block = { rows: 9, columns: 1, lanes: DEFAULT_LANES };
const MOST_NARROW_ROWS = 18;
/** Workgroups that keep a GPU's memory busy. */
const GPU_WORKGROUPS = 1024;

/**
 * Gradient of a convolution for its weights: gw[ky, kx, ci, co] = sum over n, oy, ox of
 * x[n, oy s - p + ky d, ox s - p + kx d, ci] gy[n, oy, ox, co].
 *
 * Inputs x [n, h, w, cin] and gy [n, outH, outW, cout]; output gw [kh, kw, cin, cout], or [kh, kw, cout, cin] with
 * `swapped`. For a transposed convolution, whose output is the larger image, give its output's gradient as x and its
 * input as gy, and ask for the swapped form.
 *
 * @param given.normalized The operand that stands for a batch norm of it; needs a multiple of four channels there and
 * the profile `gpu`.
 *
 * The pixels are shared out among invocations and the partial sums added in a fixed order: equal inputs give bit-equal
 * results.
 */
export function convWeightGradient(
  given: ConvGeometry & { readonly normalized?: NormalizedInput },
  target: Target,
): Lowering {
  const { normalized, ...geometry } = given;
  const options = withLayout(geometry);
  return chooseVariant("conv_weight_gradient", {
    key: JSON.stringify(normalized ? { ...options, normalized: normalized.position } : options),
    target,
    variants: variants(options, { target, normalized }),
    inputs: operandSizes(options),
    outputs: [options.kh * options.kw * options.cin * options.cout],
  }).lower();
}

/** The names of the variants of `conv_weight_gradient` for this work, the default first. */
export function convWeightGradientVariants(options: ConvGeometry, target: Target): string[] {
  return variants(withLayout(options), { target }).sort((a, b) => a.cost - b.cost).map(({ name }) => name);
}

function variants(
  options: ConvGeometry,
  { target, normalized }: { target: Target; normalized?: NormalizedInput | undefined },
): KernelVariant[] {
  const direct = usesTiles(target)
    ? gpuVariants(options, { target, normalized })
    : gradientBlocks(options, target).map((block) => {
      const { workgroups, pixelsAShare, vectors } = planShares(options, block);
      const sum = pixelsAShare * stepCost(block, { depth: 1, width: vectors.width });
      const cost = Math.ceil(workgroups / 2) * 2 * (sum + blockOverhead(block));
      return { name: blockName(block), cost, lower: () => directGradient(options, block) };
    });
  if (normalized || target.compute === "f16" || !winogradFits(options)) return direct;
  const cost = winogradCost(options, { transposed: false, gradient: true, target });
  return [...direct, { name: "winograd", cost, lower: () => winogradWeightGradient(options, target) }];
}

function gradientBlocks(options: ConvGeometry, target: Target): readonly Block[] {
  const vectors = widthOf(options.cin) === 4 && widthOf(options.cout) === 4;
  return blocksFor({ sizes: operandSizes(options), vectors, target });
}

/** Elements of x and gy. */
function operandSizes({ n, h, w, cin, outH, outW, cout }: ConvGeometry): number[] {
  return [n * h * w * cin, n * outH * outW * cout];
}

function gpuVariants(
  options: ConvGeometry,
  { target, normalized }: { target: Target; normalized?: NormalizedInput | undefined },
): KernelVariant[] {
  const tiles = tileShapes(target).map((shape): KernelVariant => ({
    name: tileName(shape),
    cost: coverWeightGradient(options, shape).cost,
    lower: () => gpuWeightGradient(options, { shape, normalized }),
  }));
  const { cin, kh, kw } = options;
  if (normalized || cin % 4 === 0 || kh * kw * cin > MOST_NARROW_ROWS) return tiles;
  const cost = narrowCost(options, { transposed: false });
  return [...tiles, { name: blockName(GPU_BLOCK), cost, lower: () => directGradient(options, GPU_BLOCK) }];
}

function directGradient(options: ConvGeometry, block: Block): Lowering {
  const { n, cin, kh, kw, cout, outH, outW, swapped = false } = options;
  const plan = planShares(options, block);
  const { depth, width } = plan.vectors;
  const gradient: Dispatch = {
    kernel: `conv_weight_gradient/${blockName(block)}`,
    code: gradientCode,
    values: {
      X: floats(depth),
      W: floats(width),
      DEEP: depth === 4,
      WIDE: width === 4,
      DEPTH: depth,
      WIDTH: width,
      SWAPPED: swapped,
      GROUPS: block.rows / depth,
      COLUMNS: block.columns,
      UNROLL,
    },
    lanes: block.lanes ?? LANES,
    uniforms: {
      ...convUniforms(options, { inputs: cin / depth, outputs: cout / width }),
      rows: (kh * kw * cin) / depth,
      pixels: n * outH * outW,
      pixels_a_share: plan.pixelsAShare,
      lane_rows: plan.laneRows,
      lane_columns: plan.laneColumns,
      row_tiles: plan.rowTiles,
      column_tiles: plan.columnTiles,
      shares: plan.shares,
      groups: block.rows / depth,
    },
    operands: {
      x: reads({ input: 0 }, floats(depth), block),
      gy: reads({ input: 1 }, floats(width), block),
      partial: writes(plan.shares === 1 ? { output: 0 } : { scratch: 0 }, floats(swapped ? depth : width)),
    },
    grid: gridFor(plan.workgroups),
    flops: convFlops(options, false),
  };
  if (plan.shares === 1) return { dispatches: [gradient] };
  const elements = kh * kw * cin * cout;
  const fold = block.lanes ? foldOnGpu : foldShares;
  const folded = fold({ shares: plan.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [plan.shares * elements], dispatches: [gradient, folded] };
}

interface SharePlan {
  readonly vectors: { readonly depth: Width; readonly width: Width };
  readonly laneRows: number;
  readonly laneColumns: number;
  readonly rowTiles: number;
  readonly columnTiles: number;
  readonly workgroups: number;
  readonly shares: number;
  readonly pixelsAShare: number;
}

function planShares(options: ConvGeometry, block: Block): SharePlan {
  const { n, kh, kw, cin, cout, outH, outW } = options;
  const vectors = { depth: widthOf(cin), width: widthOf(cout) };
  const rows = kh * kw * cin;
  const columns = cout / vectors.width;
  const pixels = n * outH * outW;
  const { lanes = LANES } = block;
  let { laneColumns } = planTiles({ rows, columns }, block);
  // With a few columns planTiles() is indifferent to lanes without any, because it knows of no other use for them. On
  // GPUs more shares mean more partial results in memory: 0.056 of 18.83 GB of a step at 224 pixels.
  while (!block.lanes && laneColumns > 1 && laneColumns / 2 * block.columns >= columns) laneColumns /= 2;
  let laneRows = 1;
  while (laneRows * laneColumns < lanes && laneRows * block.rows < rows) laneRows *= 2;
  const rowTiles = Math.ceil(rows / (block.rows * laneRows));
  const columnTiles = Math.ceil(columns / (block.columns * laneColumns));
  // Lanes that neither rows nor columns need take shares of the pixels.
  const laneShares = lanes / (laneRows * laneColumns);
  const tiles = rowTiles * columnTiles;
  const forLimit = Math.ceil(pixels / (MAX_ITERATIONS * laneShares));
  const forWork = Math.min(
    Math.ceil((block.lanes ? GPU_WORKGROUPS : WANTED_WORKGROUPS) / tiles),
    Math.floor(pixels / (MIN_PIXELS * laneShares)),
  );
  const shareTiles = Math.max(1, forLimit, forWork);
  const even = Math.ceil(pixels / (shareTiles * laneShares));
  const pixelsAShare = Math.ceil(even / UNROLL) * UNROLL;
  return {
    vectors,
    laneRows,
    laneColumns,
    rowTiles,
    columnTiles,
    workgroups: tiles * shareTiles,
    shares: Math.ceil(pixels / pixelsAShare),
    pixelsAShare,
  };
}
