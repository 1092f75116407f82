/**
 * How matrix products and convolutions are cut into register blocks on the software profile, and what a cut costs.
 *
 * @module
 */
import type { Candidates, KernelVariant, Target } from "../kernel.ts";
import { fitTexels } from "../texels.ts";

/** A block of results that one invocation makes: rows x vectors of columns. */
export interface Block {
  readonly rows: number;
  readonly columns: number;
  /** True if the operands are read as texels. */
  readonly texels?: boolean;
  /** Invocations of a workgroup on a GPU; left out on the software profile. */
  readonly lanes?: number;
}

/** Invocations of a workgroup on the software profile: one 256-bit vector of lanes. */
export const LANES = 8;

/**
 * The blocks that are worth trying: larger ones spend less on loads, smaller ones fit small results and compile faster.
 */
export const BLOCKS: readonly Block[] = [
  { rows: 16, columns: 4 },
  { rows: 16, columns: 2 },
  { rows: 16, columns: 1 },
  // The nine taps of a 3 x 3 kernel on images of one channel.
  { rows: 12, columns: 2 },
  { rows: 8, columns: 2 },
  { rows: 8, columns: 1 },
];

/** Those that are worth trying where the operands can be read as texels. */
export const TEXEL_BLOCKS: readonly Block[] = [
  { rows: 8, columns: 8, texels: true },
  { rows: 16, columns: 4, texels: true },
  { rows: 16, columns: 2, texels: true },
  { rows: 16, columns: 1, texels: true },
  { rows: 8, columns: 2, texels: true },
];

/** The blocks for operands of so many elements each, `vectors` saying whether they are read as vectors throughout. */
export function blocksFor(work: { sizes: readonly number[]; vectors: boolean; target: Target }): readonly Block[] {
  const { sizes, vectors, target } = work;
  return vectors && fitTexels(sizes, target.maxTexels) ? [...TEXEL_BLOCKS, ...BLOCKS] : BLOCKS;
}

/**
 * The most iterations, of all loops together, that lavapipe lets one invocation run: it silently leaves the loop after
 * that.
 */
export const MAX_ITERATIONS = 65_000;

/** A variant's name. */
export function blockName(block: Block): string {
  const kind = block.lanes ? "gpu-block" : block.texels ? "texels" : "software";
  return `${kind}-${block.rows}x${block.columns}`;
}

/** How blocks cover a result. */
export interface TilePlan {
  readonly laneColumns: number;
  readonly rowTiles: number;
  readonly columnTiles: number;
}

/** Lays a workgroup's lanes along columns and rows so that the fewest lanes are left without work; columns first. */
export function planTiles(size: { rows: number; columns: number }, block: Block): TilePlan {
  const { lanes = LANES } = block;
  let best: TilePlan | undefined;
  for (let laneColumns = lanes; laneColumns >= 1; laneColumns /= 2) {
    const rowTiles = Math.ceil(size.rows / (block.rows * (lanes / laneColumns)));
    const columnTiles = Math.ceil(size.columns / (block.columns * laneColumns));
    if (!best || rowTiles * columnTiles < best.rowTiles * best.columnTiles) {
      best = { laneColumns, rowTiles, columnTiles };
    }
  }
  return best!;
}

/**
 * Nanoseconds of a load by 8 lanes of lavapipe, of 1 or 4 elements a lane, and of 8 multiply-adds (Mesa 22.3.6, 2.3
 * GHz).
 */
const LOAD_NS = { 1: 9, 4: 18 } as const;
const TEXEL_NS = 8;
const MULTIPLY_ADD_NS = 0.4;

/** Width of a kernel's vectors. */
export type Width = 1 | 4;

/** Elements of a vector for a number of channels. */
export function widthOf(channels: number): Width {
  return channels % 4 === 0 ? 4 : 1;
}

/** Nanoseconds that a block takes besides its sums: finding its place, and storing its results. */
export function blockOverhead(block: Block): number {
  return 1000 + 25 * block.rows * block.columns;
}

/**
 * Nanoseconds of one step along the summed axis, in which a lane reads `depth` elements of each row and `depth` rows of
 * columns.
 */
export function stepCost(block: Block, vectors: { depth: Width; width: Width }): number {
  const { depth, width } = vectors;
  const [row, column] = block.texels ? [TEXEL_NS, TEXEL_NS] : [LOAD_NS[depth], LOAD_NS[width]];
  return block.rows * row + depth * block.columns * column +
    MULTIPLY_ADD_NS * depth * width * block.rows * block.columns;
}

/** Work to choose a variant for. */
export interface VariantWork extends Candidates {
  /** Everything that determines the work, as one string. */
  readonly key: string;
  readonly target: Target;
}

/**
 * The tuner's choice among the variants of a kernel family, or else the cheapest by estimate.
 *
 * @throws {RangeError} if the tuner names a variant that does not exist.
 */
export function chooseVariant(family: string, work: VariantWork): KernelVariant {
  const { target, variants } = work;
  // Products of float16 are other work.
  const key = target.compute === "f16" ? `${work.key} f16` : work.key;
  const chosen = target.tuner?.choose({ family, key }, work);
  if (chosen === undefined) return cheapest(variants);
  const found = variants.find(({ name }) => name === chosen);
  if (!found) {
    throw new RangeError(
      `${family} has no variant ${chosen} for ${key}: choose one of ${variants.map(({ name }) => name).join(", ")}`,
    );
  }
  return found;
}

/** The variant with the lowest estimate: the default. */
export function cheapest(variants: readonly KernelVariant[]): KernelVariant {
  return variants.reduce((best, each) => (each.cost < best.cost ? each : best));
}
