/**
 * How Winograd's form cuts a convolution into tiles and matrix products, and what that costs. See `conv_winograd.ts`.
 *
 * @module
 */
import type { Target } from "../kernel.ts";
import type { ConvGeometry, Pair } from "./conv_geometry.ts";
import { blockCost, matmulBlocks } from "../matmul/matmul_blocks.ts";
import type { MatmulOptions } from "../matmul/matmul_options.ts";

/** Outputs of a tile along an axis, taps of a phase, and transform points. */
export const TILE = 4;
export const TAPS = 2;
export const POINTS = TILE + TAPS - 1;

/** Elements of a cache line. */
const LINE = 16;
/** Bytes of a scratch buffer above which the images are processed in several batches. */
export const MAX_SCRATCH_BYTES = 64 * 2 ** 20;
/**
 * Nanoseconds of a core of lavapipe for each vector that a transform reads or writes, in a whole step, where caches are
 * cold.
 */
const VECTOR_NS = 14;
/** Strides that the kernel has room for. */
const MAX_STRIDE = 4;

/** True for the geometries that this form covers. */
export function winogradFits(options: ConvGeometry): boolean {
  const { kh, kw, cin, cout, stride: [sy, sx], dilation: [dy, dx] } = options;
  return kh === TAPS * sy && kw === TAPS * sx && dy === 1 && dx === 1 && Math.max(sy, sx) <= MAX_STRIDE &&
    cin % 4 === 0 && cout % 4 === 0;
}

/** A convolution as batches of matrix products. */
export interface WinogradPlan {
  /** Phases along y and x. */
  readonly phases: Pair;
  /** Tiles of an image (of a phase, if transposed). */
  readonly tiles: Pair;
  /** Matrix products, and the length of their sums. */
  readonly batches: number;
  readonly depth: number;
  /** Images of a batch. */
  readonly chunk: number;
}

/** Plans the tiles of the output, or of each of its phases, and how many images one batch takes. */
export function planWinograd(options: ConvGeometry, how: { transposed: boolean; target: Target }): WinogradPlan {
  const { transposed, target } = how;
  const { n, cin, cout, outH, outW, stride } = options;
  const parts = stride[0] * stride[1];
  const size = (pixels: number, axis: 0 | 1) => Math.ceil(Math.ceil(pixels / (transposed ? stride[axis] : 1)) / TILE);
  const tiles: Pair = [size(outH, 0), size(outW, 1)];
  const depth = transposed ? cin : parts * cin;
  const batches = POINTS ** 2 * (transposed ? parts : 1);
  const imageBytes = 4 * batches * tiles[0] * tiles[1] * Math.max(depth, cout);
  // Leaves room for the gaps between matrices.
  const maxBytes = Math.min(MAX_SCRATCH_BYTES, target.maxBindingBytes) - 4 * batches * 2 * LINE;
  const chunk = Math.min(n, Math.max(1, Math.floor(maxBytes / imageBytes)));
  return { phases: stride, tiles, batches, depth, chunk };
}

/**
 * Elements from one matrix to the next: an odd number of cache lines. A transform touches the same place of all 25
 * matrices, which at a distance of a multiple of 4 KiB would compete for one set of the cache.
 */
export function spaced(elements: number): number {
  const lines = Math.ceil(elements / LINE);
  return (lines + 1 - lines % 2) * LINE;
}

/**
 * Nanoseconds of a core of lavapipe that the form takes, to be compared with the direct kernels'. On a GPU it has to be
 * measured: the transforms are bound by memory there, and the default is the direct form.
 */
export function winogradCost(
  options: ConvGeometry,
  how: { transposed: boolean; gradient: boolean; target: Target },
): number {
  if (how.target.profile === "gpu") return Infinity;
  const { n, cin, cout, swapped = false } = options;
  const { tiles, batches, depth, phases } = planWinograd(options, how);
  const rows = n * tiles[0] * tiles[1];
  const vectors = (sizeA: number, sizeB: number) => (sizeA ** 2 + sizeB ** 2) * VECTOR_NS;
  const parts = phases[0] * phases[1];
  const patches = (rows * parts * cin / 4) * vectors(POINTS, POINTS);
  const outputs = (rows * (how.transposed ? parts : 1) * cout / 4) * vectors(POINTS, TILE);
  const weights = (parts * cin * cout / 4) * vectors(TAPS, POINTS);
  const product: MatmulOptions = how.gradient
    ? { m: swapped ? cout : depth, n: swapped ? depth : cout, k: rows, batches, transposeA: true }
    : { m: rows, n: cout, k: depth, batches, transposeB: swapped };
  const products = matmulBlocks(product, how.target).map((block) => blockCost(product, block));
  return patches + outputs + weights + Math.min(...products) + 4 * 40_000;
}
