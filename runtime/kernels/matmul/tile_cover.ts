/**
 * How tiles of a GPU's matrix products cover a result, how the summed axis is shared out, and what that costs.
 *
 * WebGPU says nothing about the GPU, so the estimate assumes a large one. It is the model of
 * `bench/gpu_static/step_model.ts` with the shapes' figures filled in, and `deno task bench gpu-static --choices` holds
 * its choices against that model.
 *
 * @module
 */

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
  /** Share of a GPU's peak that the kernel's mix of instructions allows. */
  readonly efficiency: number;
  /** Terms that are added up in float16, see half_products.ts; products are of float32 if left out. */
  readonly halfTerms?: number;
  /** Warps of 32 invocations for which a multiprocessor has registers and workgroup memory. */
  readonly warps: number;
}

/** The shapes that are worth trying; efficiency and warps are what gpu-static finds for convolutions. */
export const TILE_SHAPES: readonly TileShape[] = [
  { tx: 16, ty: 16, rows: 8, columns: 2, depth: 16, efficiency: 0.73, warps: 8 },
  { tx: 16, ty: 16, rows: 8, columns: 1, depth: 32, efficiency: 0.71, warps: 16 },
  { tx: 16, ty: 8, rows: 8, columns: 1, depth: 32, efficiency: 0.7, warps: 16 },
  { tx: 8, ty: 8, rows: 8, columns: 2, depth: 16, efficiency: 0.74, warps: 12 },
  { tx: 8, ty: 8, rows: 4, columns: 1, depth: 32, efficiency: 0.6, warps: 16 },
];

/** A variant's name: the results of a workgroup, and its invocations. */
export function tileName(shape: TileShape): string {
  const { rows, columns } = tileSize(shape);
  return `gpu-${rows}x${columns}-${shape.tx * shape.ty}${shape.halfTerms ? "-f16" : ""}`;
}

/** Rows and columns of results of a workgroup. */
export function tileSize({ tx, ty, rows, columns }: TileShape): { rows: number; columns: number } {
  return { rows: ty * rows, columns: tx * columns * 4 };
}

/** Results of products, and the summed axis. */
export interface ProductSize {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Results of rows x columns that are computed alike. */
  readonly batches: number;
  /** Bytes of operands and result. */
  readonly bytes: number;
  /** True if shares are added up in groups, see {@link foldGroups}. */
  readonly groups: boolean;
}

/** How tiles cover a result, and the summed axis is shared out. */
export interface TileCover {
  readonly rowTiles: number;
  readonly columnTiles: number;
  readonly shares: number;
  /** Elements of the summed axis in a share: a multiple of the tile's depth. */
  readonly depthAShare: number;
  readonly workgroups: number;
  /** Estimated nanoseconds, with those of adding up the shares. */
  readonly cost: number;
}

/** The shortest share of a sum that is worth adding up. */
const MIN_SHARE = 128;
/** The most workgroups for each multiprocessor that sums are shared out for. */
const MOST_ROUNDS = 8;

/** Covers a result with tiles of one shape, with the number of shares that costs least. */
export function coverTiles(size: ProductSize, shape: TileShape): TileCover {
  const tile = tileSize(shape);
  const rowTiles = Math.ceil(size.rows / tile.rows);
  const columnTiles = Math.ceil(size.columns / tile.columns);
  const whole = rowTiles * columnTiles * size.batches;
  const slices = Math.ceil(size.depth / shape.depth);
  const most = Math.max(
    1,
    Math.min(Math.ceil(MOST_ROUNDS * MOST_MULTIPROCESSORS / whole), Math.floor(size.depth / MIN_SHARE)),
  );
  let best: TileCover | undefined;
  for (let wanted = 1; wanted <= most; wanted++) {
    const depthAShare = Math.ceil(slices / wanted) * shape.depth;
    const shares = Math.max(1, Math.ceil(size.depth / depthAShare));
    if (shares === best?.shares) continue;
    const workgroups = whole * shares;
    const cost = coverCost(size, { shape, shares, depthAShare, workgroups });
    if (!best || cost < best.cost) best = { rowTiles, columnTiles, shares, depthAShare, workgroups, cost };
  }
  return best!;
}

/** Multiprocessors of large GPUs (A100, RTX 4090, H100, B200): a choice should suit all of them. */
const MULTIPROCESSORS = [108, 128, 132, 148] as const;
const MOST_MULTIPROCESSORS = 148;
/** Multiply-adds, bytes of memory and bytes of cache in a nanosecond. */
const MULTIPLY_ADDS = 33_450;
const MEMORY_BYTES = 3000;
const CACHE_BYTES = 5000;
/** Share of the time of filling tiles from the cache that the multiplications do not hide. */
const EXPOSED = 0.08;
/** Nanoseconds from the end of a dispatch to the start of the next. */
const DISPATCH = 5000;
/** Warps with work that a multiprocessor needs to hide latency, and lanes that it needs to saturate memory. */
const BUSY_WARPS = 8;
const BUSY_LANES = 512;

interface SharedCover {
  readonly shape: TileShape;
  readonly shares: number;
  readonly depthAShare: number;
  readonly workgroups: number;
}

function coverCost(size: ProductSize, { shape, shares, depthAShare, workgroups }: SharedCover): number {
  const { rows, columns } = tileSize(shape);
  const multiplyAdds = workgroups * rows * columns * depthAShare;
  const compute = multiplyAdds / MULTIPLY_ADDS / shape.efficiency / fillOf(workgroups, shape);
  const fetches = 4 * workgroups * (rows + columns) * depthAShare / CACHE_BYTES;
  const results = 4 * size.batches * size.rows * size.columns;
  const partials = shares > 1 ? shares * results : 0;
  const product = Math.max(compute, (size.bytes + partials) / MEMORY_BYTES) + EXPOSED * fetches + DISPATCH;
  if (shares === 1) return product;
  const lanesOfFold = results / 16 * (size.groups ? foldGroups(shares) : 1);
  const lanes = Math.min(1, lanesOfFold / (MOST_MULTIPROCESSORS * BUSY_LANES));
  return product + (partials + results) / MEMORY_BYTES / Math.max(0.02, lanes) + DISPATCH;
}

/** Partial results in a row that one lane adds up, and the most lanes for an element. */
const GROUP_SHARES = 16;
const MOST_GROUPS = 16;

/** Groups of shares that lanes of a workgroup add up at the same time. */
export function foldGroups(shares: number): number {
  let groups = 1;
  while (groups < MOST_GROUPS && groups * GROUP_SHARES < shares) groups *= 2;
  return groups;
}

/**
 * Utilisation of the multiprocessors, over GPUs of several sizes: the last round of workgroups may leave some idle, and
 * few warps hide little.
 */
function fillOf(workgroups: number, { tx, ty, warps }: TileShape): number {
  const warpsOfOne = tx * ty / 32;
  const slowdowns = MULTIPROCESSORS.map((multiprocessors) => {
    const each = workgroups / multiprocessors;
    const resident = Math.max(1, Math.min(warps / warpsOfOne, each));
    return Math.ceil(each) / each / Math.min(1, resident * warpsOfOne / BUSY_WARPS);
  });
  return slowdowns.length / slowdowns.reduce((total, one) => total + one, 0);
}

/** Share of the peak that kernels reach whose operands come from memory or cache as they are needed. */
const STREAM_EFFICIENCY = 0.25;

/** Estimated nanoseconds of a kernel without tiles, to be compared with the cost of a cover. */
export function streamCost(work: { multiplyAdds: number; bytes: number }): number {
  const compute = work.multiplyAdds / MULTIPLY_ADDS / STREAM_EFFICIENCY;
  return Math.max(compute, work.bytes / MEMORY_BYTES) + DISPATCH;
}
