/**
 * Inflates, unfilters and deinterlaces PNG rows.
 *
 * @module
 */
import { concatBytes } from "../../../base/bytes.ts";
import { inflate } from "../codecs/inflate.ts";
import { ImageError } from "../image_error.ts";
import type { PngContent } from "./png_chunks.ts";

/** Offsets and steps of the seven passes of Adam7 interlacing (PNG specification, 8.2). */
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/** One row of a pass: its pixel `i` belongs at column `left + i * step` of row `y`. */
export interface PngRow {
  /** Unfiltered bytes; valid until the next row. */
  bytes: Uint8Array;
  /** Number of pixels in the row. */
  count: number;
  y: number;
  left: number;
  step: number;
}

/**
 * Inflates and unfilters a PNG file row by row, holding only two rows and one piece of inflated data in memory.
 * Inflating stops after the last row.
 *
 * @throws {ImageError} for damaged or missing data.
 */
export function readPngRows(content: PngContent, onRow: (row: PngRow) => void): void {
  const rows = passRows(content);
  const bytesPerPixel = Math.max(1, content.depth * content.channels >> 3);
  let next = rows.next();
  let state = next.done ? undefined : newPass(next.value.rowBytes);
  const sink = (piece: Uint8Array): boolean => {
    for (let at = 0; at < piece.length;) {
      if (next.done || state === undefined) return false;
      const { rowBytes, first, ...row } = next.value;
      if (first && state.filled === 0) state = newPass(rowBytes);
      const taken = Math.min(piece.length - at, rowBytes + 1 - state.filled);
      state.filtered.set(piece.subarray(at, at + taken), state.filled);
      state.filled += taken;
      at += taken;
      if (state.filled <= rowBytes) continue;
      unfilter(state.filtered, state.previous, bytesPerPixel);
      onRow({ ...row, bytes: state.filtered.subarray(1) });
      [state.filtered, state.previous] = [state.previous, state.filtered];
      state.filled = 0;
      next = rows.next();
    }
    return true;
  };
  const end = inflate(content.data.length === 1 ? content.data[0]! : concatBytes(content.data), { sink });
  if (end === "damaged" || end === "cut off") throw new ImageError("the PNG data is cut off or damaged");
  if (!next.done) throw new ImageError("the PNG data is cut off");
}

interface PassState {
  /** Filter type, then the row's bytes. */
  filtered: Uint8Array;
  previous: Uint8Array;
  filled: number;
}

function newPass(rowBytes: number): PassState {
  return { filtered: new Uint8Array(rowBytes + 1), previous: new Uint8Array(rowBytes + 1), filled: 0 };
}

/** The rows in file order, with their length and whether they start a pass. */
function* passRows(
  { width, height, depth, channels, interlaced }: PngContent,
): Generator<Omit<PngRow, "bytes"> & { rowBytes: number; first: boolean }> {
  for (const [left, top, step, stepY] of interlaced ? ADAM7 : [[0, 0, 1, 1]]) {
    const count = Math.ceil((width - left!) / step!);
    if (count <= 0) continue;
    const rowBytes = Math.ceil(count * depth * channels / 8);
    for (let y = top!; y < height; y += stepY!) {
      yield { rowBytes, first: y === top, count, y, left: left!, step: step! };
    }
  }
}

/** Undoes a row's filter in place (PNG specification, 9.2); both rows begin with their filter type. */
function unfilter(row: Uint8Array, above: Uint8Array, bytesPerPixel: number): void {
  const type = row[0]!;
  const start = 1 + bytesPerPixel;
  if (type === 1) {
    for (let i = start; i < row.length; i++) row[i]! += row[i - bytesPerPixel]!;
  } else if (type === 2) {
    for (let i = 1; i < row.length; i++) row[i]! += above[i]!;
  } else if (type === 3) {
    for (let i = 1; i < row.length; i++) {
      row[i]! += ((i < start ? 0 : row[i - bytesPerPixel]!) + above[i]!) >> 1;
    }
  } else if (type === 4) {
    for (let i = 1; i < row.length; i++) {
      row[i]! += i < start ? above[i]! : paeth(row[i - bytesPerPixel]!, above[i]!, above[i - bytesPerPixel]!);
    }
  } else if (type !== 0) {
    throw new ImageError(`the PNG data is damaged (a row has filter ${type})`);
  }
}

function paeth(left: number, above: number, aboveLeft: number): number {
  const toLeft = Math.abs(above - aboveLeft);
  const toAbove = Math.abs(left - aboveLeft);
  const toAboveLeft = Math.abs(left + above - 2 * aboveLeft);
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left;
  return toAbove <= toAboveLeft ? above : aboveLeft;
}
