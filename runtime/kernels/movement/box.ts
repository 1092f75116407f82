/**
 * Copies between strided tensors: what permute, slice and concat have in common.
 *
 * A **box** is an iteration space of up to six axes with a stride into the source and one into the destination for
 * each. Axes are collapsed first, so that most boxes have two or three axes; then the kernel is chosen: vectors where
 * both sides are contiguous, a transposition by blocks or tiles where each side is contiguous along another axis, one
 * word at a time else.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import boxCode from "../../../shaders/movement/box_copy.wgsl" with { type: "text" };
import blockCode from "../../../shaders/movement/transpose_block.wgsl" with { type: "text" };
import tileCode from "../../../shaders/movement/transpose_tile.wgsl" with { type: "text" };
import { type Binding, type Dispatch, gridFor, reads, type Target, type Uniforms, words, writes } from "../kernel.ts";
import type { Shape } from "../../graph/shape.ts";

/** The most axes that kernels handle. */
export const MAX_RANK = 6;

/** One axis of a box; strides in elements. */
export interface BoxAxis {
  readonly size: number;
  readonly source: number;
  readonly destination: number;
}

/** Elements to copy; the last axis varies fastest. */
export interface Box {
  readonly axes: readonly BoxAxis[];
  /** First element in the source. */
  readonly sourceBase: number;
  /** First element in the destination. */
  readonly destinationBase: number;
}

const TILE = 32;
const TILE_LANES = 256;
/** Values an invocation copies: on the CPU, starting a workgroup costs as much as copying some. */
const ITEMS = { software: 8, gpu: 1 } as const;

/** Strides of a row-major tensor, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides: number[] = new Array(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Drops axes of size one and merges neighbours that are contiguous on both sides. At least one axis is left. */
export function collapseBox(axes: readonly BoxAxis[]): BoxAxis[] {
  const result: BoxAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const outer = result.at(-1);
    const merges = outer?.source === axis.size * axis.source && outer?.destination === axis.size * axis.destination;
    if (outer && merges) result[result.length - 1] = { ...axis, size: outer.size * axis.size };
    else result.push(axis);
  }
  return result.length > 0 ? result : [{ size: 1, source: 1, destination: 1 }];
}

/**
 * The dispatch that copies a box.
 *
 * @throws {RangeError} if more than {@link MAX_RANK} axes are left after collapsing.
 */
export function copyBox(
  box: Box,
  options: { from: Binding; to: Binding; target: Target; label: string },
): Dispatch {
  const axes = collapseBox(box.axes);
  if (axes.length > MAX_RANK) {
    throw new RangeError(`${options.label}() works on up to ${MAX_RANK} axes that do not merge, got ${axes.length}`);
  }
  const { kernel, workgroups, type, ...choice } = chooseKernel({ ...box, axes }, options.target);
  return {
    ...choice,
    kernel: `${options.label}/${kernel}`,
    operands: { source: reads(options.from, type), destination: writes(options.to, type) },
    grid: gridFor(workgroups),
    bytes: 8 * axes.reduce((count, axis) => count * axis.size, 1),
  };
}

interface Choice extends Pick<Dispatch, "kernel" | "code" | "values" | "lanes" | "uniforms"> {
  readonly type: "u32" | "vec4u";
  readonly workgroups: number;
}

function chooseKernel(box: Box, target: Target): Choice {
  const { axes } = box;
  const last = axes.at(-1)!;
  const row = axes.findIndex((axis) => axis.source === 1);
  const transposes = last.destination === 1 && last.source !== 1 && row >= 0 && axes[row]!.destination !== 1;
  if (transposes) {
    const rows = axes[row]!;
    const batch = axes.filter((axis) => axis !== rows && axis !== last);
    if (target.profile === "gpu") return transposeByTiles(box, { rows, columns: last, batch });
    const words = [rows.size, rows.destination, last.size, last.source, ...offsets(box, batch)];
    if (words.every((word) => word % 4 === 0)) return transposeByBlocks(box, { rows, columns: last, batch });
  }
  return copyDirectly(box, target);
}

/** Numbers that must be multiples of four where offsets into both tensors count vectors. */
function offsets(box: Box, axes: readonly BoxAxis[]): number[] {
  return [box.sourceBase, box.destinationBase, ...axes.flatMap((axis) => [axis.source, axis.destination])];
}

function copyDirectly(box: Box, target: Target): Choice {
  const { axes } = box;
  const last = axes.at(-1)!;
  const contiguous = last.source === 1 && last.destination === 1 && last.size % 4 === 0;
  const width = contiguous && offsets(box, axes.slice(0, -1)).every((offset) => offset % 4 === 0) ? 4 : 1;
  const inVectors = axes.slice(0, -1).map(({ size, source, destination }) => ({
    size,
    source: source / width,
    destination: destination / width,
  }));
  const scaled = [...inVectors, { ...last, size: last.size / width }].reverse();
  const count = scaled.reduce((product, axis) => product * axis.size, 1);
  const items = ITEMS[target.profile];
  return {
    kernel: `${target.profile}-x${width}`,
    code: boxCode,
    values: { RANK: axes.length, OUTER: axes.length - 1, ITEMS: items },
    uniforms: {
      count,
      source_base: box.sourceBase / width,
      destination_base: box.destinationBase / width,
      ...axisUniforms(scaled),
    },
    type: words(width),
    workgroups: Math.ceil(count / (DEFAULT_LANES * items)),
  };
}

interface Transposition {
  /** Contiguous in the source. */
  readonly rows: BoxAxis;
  /** Contiguous in the destination. */
  readonly columns: BoxAxis;
  readonly batch: readonly BoxAxis[];
}

function transposeByBlocks(box: Box, { rows, columns, batch }: Transposition): Choice {
  const outer = batch.map(({ size, source, destination }) => ({
    size,
    source: source / 4,
    destination: destination / 4,
  }));
  const count = outer.reduce((product, axis) => product * axis.size, rows.size / 4 * (columns.size / 4));
  return {
    kernel: "transpose-block",
    code: blockCode,
    values: { BATCH: batch.length },
    uniforms: {
      count,
      source_base: box.sourceBase / 4,
      destination_base: box.destinationBase / 4,
      row_blocks: rows.size / 4,
      column_blocks: columns.size / 4,
      column_step: columns.source / 4,
      row_step: rows.destination / 4,
      ...axisUniforms(outer),
    },
    type: "vec4u",
    workgroups: Math.ceil(count / DEFAULT_LANES),
  };
}

function transposeByTiles(box: Box, { rows, columns, batch }: Transposition): Choice {
  const perMatrix = Math.ceil(rows.size / TILE) * Math.ceil(columns.size / TILE);
  const tiles = batch.reduce((product, axis) => product * axis.size, perMatrix);
  return {
    kernel: "transpose-tile",
    code: tileCode,
    values: { BATCH: batch.length },
    lanes: TILE_LANES,
    uniforms: {
      tiles,
      source_base: box.sourceBase,
      destination_base: box.destinationBase,
      rows: rows.size,
      columns: columns.size,
      column_step: columns.source,
      row_step: rows.destination,
      ...axisUniforms(batch),
    },
    type: "u32",
    workgroups: tiles,
  };
}

function axisUniforms(axes: readonly BoxAxis[]): Uniforms {
  const uniforms = axes.map(({ size, source, destination }, a) => ({
    [`size_${a}`]: size,
    [`source_step_${a}`]: source,
    [`destination_step_${a}`]: destination,
  }));
  return Object.assign({}, ...uniforms);
}
