/**
 * Convolutions on NHWC images with HWIO weights: forward, and transposed (which is also the gradient for the input).
 *
 * @module
 */
import gatherCode from "../../shaders/conv_gather.wgsl" with { type: "text" };
import { type Dispatch, gridFor, type Lowering, type Target } from "../kernel.ts";
import {
  type Block,
  blockName,
  BLOCKS,
  chooseBlock,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
  widthOf,
} from "./matmul_tiles.ts";
import { fillTemplate } from "./template.ts";

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

/** The names of the variants of the kernel families `conv_forward` and `conv_transposed`. */
export function convVariants(): string[] {
  return BLOCKS.map(blockName);
}

/**
 * y[n, oy, ox, co] = bias[co] + sum over ky, kx, ci of x[n, oy s - p + ky d, ox s - p + kx d, ci] w[ky, kx, ci, co].
 *
 * Inputs x, w and, with `bias`, the bias; output y.
 */
export function convForward(options: ConvOptions, target: Target): Lowering {
  return gather(options, { transposed: false, target });
}

/**
 * Transposed convolution: y[n, oy, ox, co] = bias[co] + sum of x[n, iy, ix, ci] w[ky, kx, ci, co] over all iy, ix, ky, kx with
 * oy = iy s - p + ky d and ox = ix s - p + kx d.
 *
 * Inputs x, w and, with `bias`, the bias; output y. With w's last two axes swapped it maps a convolution's output gradient to
 * its input gradient.
 */
export function convTransposed(options: ConvOptions, target: Target): Lowering {
  return gather(options, { transposed: true, target });
}

/** Multiplications and additions of a convolution or of either gradient. */
export function convFlops(options: ConvGeometry, transposed: boolean): number {
  const places = transposed ? options.h * options.w : options.outH * options.outW;
  return 2 * options.n * places * options.kh * options.kw * options.cin * options.cout;
}

function gather(options: ConvOptions, how: { transposed: boolean; target: Target }): Lowering {
  const { transposed, target } = how;
  const { n, h, w, cin, kh, kw, cout, outH, outW, stride, padding, dilation } = options;
  const family = transposed ? "conv_transposed" : "conv_forward";
  const depth = widthOf(cin);
  const width = widthOf(cout);
  if ((kh * kw * cin) / depth > MAX_ITERATIONS) {
    throw new RangeError(
      `${family} cannot sum over ${kh} x ${kw} x ${cin} products: use fewer input channels or a smaller kernel`,
    );
  }
  const [phasesY, phasesX] = transposed ? stride : [1, 1];
  const phases = phasesY * phasesX;
  const size = { rows: n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX), columns: cout / width };
  const workgroups = (block: Block) => {
    const plan = planTiles(size, block);
    return plan.rowTiles * plan.columnTiles * phases;
  };
  const block = chooseBlock(family, {
    work: JSON.stringify(options),
    target,
    cost: (each) => Math.ceil(workgroups(each) / 2) * stepCost(each, { depth, width }),
  });
  const plan = planTiles(size, block);
  const bias = options.bias ?? false;
  const dispatch: Dispatch = {
    kernel: `${family}/${blockName(block)}`,
    code: gatherText(block, { depth, width }),
    uniforms: [
      ...[n, h, w, cin / depth, outH, outW, cout / width, kh, kw, ...stride, ...padding, ...dilation],
      ...[Number(transposed), Number(bias), plan.laneColumns, plan.rowTiles, plan.columnTiles, block.rows / 4],
    ],
    bindings: [{ input: 0 }, { input: 1 }, bias ? { input: 2 } : { scratch: 0 }, { output: 0 }],
    grid: gridFor(workgroups(block)),
    flops: convFlops(options, transposed),
  };
  // Without a bias a scratch buffer stands in for it, so that both cases share a pipeline.
  return bias ? { dispatches: [dispatch] } : { scratch: [4], dispatches: [dispatch] };
}

function gatherText(block: Block, vectors: { depth: 1 | 4; width: 1 | 4 }): string {
  const { depth, width } = vectors;
  return fillTemplate(gatherCode, {
    X: depth === 4 ? "vec4f" : "f32",
    W: width === 4 ? "vec4f" : "f32",
    DEEP: depth === 4,
    DEPTH: depth,
    LANES,
    ROWS: block.rows,
    GROUPS: block.rows / 4,
    GROUP: 4,
    COLUMNS: block.columns,
  });
}
