/**
 * Decodes lossless JPEG (ITU-T T.81, annex H), which DICOM uses as process 14 with any predictor.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import type { HuffmanScan } from "./huffman_scan.ts";

/**
 * Decodes a lossless scan of one component with 2 to 16 bits.
 *
 * @returns `width * height` samples
 * @throws {ImageError} for damaged data.
 */
export function decodeLosslessScan(scan: HuffmanScan): Uint16Array {
  const { width, height, precision, predictor, pointTransform, restartInterval, bits, dc } = scan;
  if (precision < 2 || precision > 16 || predictor < 1 || predictor > 7 || pointTransform >= precision) {
    throw new ImageError("the lossless JPEG header is damaged");
  }
  if (restartInterval % width !== 0) throw new ImageError("the lossless JPEG data restarts within a row");
  const out = new Uint16Array(width * height);
  const rowsToRestart = restartInterval / width;
  let rowsLeft = rowsToRestart;
  let isFirst = true;
  for (let y = 0; y < height; y++) {
    if (rowsToRestart > 0 && y > 0 && rowsLeft === 0) {
      bits.restart();
      rowsLeft = rowsToRestart;
      isFirst = true;
    }
    rowsLeft--;
    const row = y * width;
    // The first row of an interval is predicted from the left, the first sample of others from above.
    const start = isFirst ? 1 << (precision - pointTransform - 1) : out[row - width]!;
    out[row] = start + readDifference(scan);
    if (isFirst || predictor === 1) {
      for (let i = row + 1; i < row + width; i++) out[i] = out[i - 1]! + difference(dc.read(bits), scan);
    } else {
      predictRow(scan, out, row);
    }
    isFirst = false;
  }
  if (pointTransform > 0) { for (let i = 0; i < out.length; i++) out[i]! <<= pointTransform; }
  return out;
}

/** Decodes the samples of a row after the first, with predictors 2 to 7 (T.81, table H.1). */
function predictRow(scan: HuffmanScan, out: Uint16Array, row: number): void {
  const { width, predictor } = scan;
  for (let i = row + 1; i < row + width; i++) {
    const left = out[i - 1]!, above = out[i - width]!, corner = out[i - width - 1]!;
    let predicted: number;
    if (predictor === 2) predicted = above;
    else if (predictor === 3) predicted = corner;
    else if (predictor === 4) predicted = left + above - corner;
    else if (predictor === 5) predicted = left + ((above - corner) >> 1);
    else if (predictor === 6) predicted = above + ((left - corner) >> 1);
    else predicted = (left + above) >> 1;
    out[i] = predicted + readDifference(scan);
  }
}

function readDifference(scan: HuffmanScan): number {
  return difference(scan.dc.read(scan.bits), scan);
}

/** The difference of a size; samples wrap around at 16 bits. */
function difference(size: number, { bits }: HuffmanScan): number {
  if (size > 16) throw new ImageError("the JPEG data is truncated or corrupt");
  return size === 16 ? 32768 : bits.signed(size);
}
