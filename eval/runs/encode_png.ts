/**
 * A minimal PNG encoder for grayscale images.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { crc32 } from "../../data/image/png/crc32.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Encodes an 8-bit grayscale PNG (ISO/IEC 15948).
 *
 * @param pixels Row-major bytes, 0 black to 255 white.
 * @throws {RangeError} if the number of pixels is not width x height.
 */
export async function encodePng(pixels: Uint8Array, options: { width: number; height: number }): Promise<Uint8Array> {
  const { width, height } = options;
  if (pixels.length !== width * height) {
    throw new RangeError(`encodePng() got ${pixels.length} pixels for an image of ${width} x ${height}`);
  }
  // Each row starts with its filter type; 0 is none.
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // bits per sample; colour type 0 is grayscale
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  return concatBytes([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const made = new Uint8Array(data.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(new TextEncoder().encode(type), 4);
  made.set(data, 8);
  view.setUint32(data.length + 8, crc32(made.subarray(4, data.length + 8)));
  return made;
}
