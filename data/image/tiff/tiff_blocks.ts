/**
 * Reads the strips or tiles of a TIFF file row by row.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { unpackSamples } from "../samples/unpack.ts";
import { decompress } from "./tiff_codecs.ts";
import type { TiffDirectory } from "./tiff_directory.ts";
import type { TiffLayout } from "./tiff_layout.ts";

/** One row of a strip or tile: `values` holds the samples of all channels or (planar) of one. */
export interface TiffRow {
  values: Uint32Array;
  x: number;
  y: number;
  /** The channel of a planar file. */
  channel: number;
}

/**
 * Calls back with the rows of all strips or tiles. Every compressed byte is read at most once: files with overlapping
 * strips are rejected, so that the work is bounded by the file size and the pixels.
 *
 * @throws {ImageError} for truncated or damaged data.
 */
export function forEachTiffRow(
  bytes: Uint8Array,
  { directory, layout }: { directory: TiffDirectory; layout: TiffLayout },
  handle: (row: TiffRow) => void,
): void {
  const { block, bits, planar, width, height, compression } = layout;
  const channels = planar ? 1 : layout.samplesPerPixel;
  const rowBytes = Math.ceil(block.width * channels * bits / 8);
  const values = new Uint32Array(block.width * channels);
  const blocks = block.across * block.down;
  const places = blockPlaces(bytes, { directory, layout, rowBytes });
  places.forEach((place, number) => {
    const x = number % block.across * block.width;
    const y = Math.floor(number % blocks / block.across) * block.height;
    const rows = Math.min(block.height, height - y);
    let data = bytes.subarray(place.start, place.start + place.length);
    if (layout.reversedBits) data = reverseBits(data);
    // The last strip may have the full height or only the remaining rows.
    data = decompress(data, { compression, least: rows * rowBytes, size: block.height * rowBytes });
    const columns = Math.min(block.width, width - x);
    for (let row = 0; row < rows; row++) {
      unpackSamples(data, row * rowBytes, { bits, littleEndian: directory.littleEndian, out: values });
      if (layout.differences) addDifferences(values, { bits, channels });
      const used = columns === block.width ? values : values.subarray(0, columns * channels);
      handle({ values: used, x, y: y + row, channel: planar ? Math.floor(number / blocks) : 0 });
    }
  });
}

/** Locations of the strips or tiles. */
function blockPlaces(
  bytes: Uint8Array,
  { directory, layout, rowBytes }: { directory: TiffDirectory; layout: TiffLayout; rowBytes: number },
): { start: number; length: number }[] {
  const { block, compression, planar, samplesPerPixel, height } = layout;
  const count = block.across * block.down * (planar ? samplesPerPixel : 1);
  const starts = directory.values(block.tiled ? "tileOffsets" : "stripOffsets", count);
  const lengthsTag = block.tiled ? "tileByteCounts" : "stripByteCounts";
  // The length of uncompressed data follows from the pixels; the recorded length is ignored.
  const lengths = compression === "none" ? undefined : directory.values(lengthsTag, count);
  let total = 0;
  return Array.from(starts, (start, i) => {
    const top = Math.floor(i % (block.across * block.down) / block.across) * block.height;
    const rows = block.tiled ? block.height : Math.min(block.height, height - top);
    const length = lengths?.[i] ?? rows * rowBytes;
    total += length;
    if (start + length > bytes.length) throw new ImageError("the TIFF data is cut off");
    if (total > bytes.length) throw new ImageError("the TIFF file's strips or tiles overlap");
    return { start, length };
  });
}

/** Undoes horizontal differencing (TIFF 6.0, section 14). */
function addDifferences(values: Uint32Array, { bits, channels }: { bits: number; channels: number }): void {
  const mask = 2 ** bits - 1;
  for (let i = channels; i < values.length; i++) values[i] = (values[i]! + values[i - channels]!) & mask;
}

function reverseBits(data: Uint8Array): Uint8Array {
  return data.map((byte) => {
    byte = (byte & 0x55) << 1 | (byte >> 1) & 0x55;
    byte = (byte & 0x33) << 2 | (byte >> 2) & 0x33;
    return (byte & 0x0f) << 4 | byte >> 4;
  });
}
