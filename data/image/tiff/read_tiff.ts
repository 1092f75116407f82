/**
 * Decodes TIFF and BigTIFF files.
 *
 * @module
 */
import { bitsOfRange, type DecodedImage, deepImage } from "../decoded_image.ts";
import { luma } from "../samples/gray.ts";
import { byteScale } from "../samples/unpack.ts";
import { orient } from "./orientation.ts";
import { forEachTiffRow, type TiffRow } from "./tiff_blocks.ts";
import { TiffDirectory } from "./tiff_directory.ts";
import { type TiffLayout, tiffLayout } from "./tiff_layout.ts";

/**
 * Decodes a single-page TIFF file to gray at its own depth: gray, palette and RGB of 1 to 16 bits, gray of 32 bits,
 * signed or not, in strips or tiles, chunky or planar, uncompressed or compressed with LZW, deflate or PackBits.
 * Applies the orientation tag; ignores unknown tags.
 *
 * @throws {ImageError} if the file is truncated or damaged, or uses an unsupported feature, which is named.
 */
export function readTiff(bytes: Uint8Array, options: { maxPixels: number }): DecodedImage {
  const directory = new TiffDirectory(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const layout = tiffLayout(directory, options);
  const gray = new (layout.bits === 32 ? Uint32Array : layout.bits > 8 ? Uint16Array : Uint8Array)(
    layout.width * layout.height,
  );
  if (layout.planar) readPlanes(bytes, { directory, layout, gray });
  else {
    const toGray = pixelConverter(layout, paletteOf(directory, layout));
    forEachTiffRow(bytes, { directory, layout }, (row) => toGray(row, gray));
  }
  return finish(gray, layout);
}

type Gray = Uint8Array | Uint16Array | Uint32Array;

/** Returns a function that converts a row of chunky pixels to gray. */
function pixelConverter(layout: TiffLayout, palette: Uint8Array | undefined): (row: TiffRow, gray: Gray) => void {
  const { kind, bits, width, samplesPerPixel: channels, signed, premultiplied } = layout;
  const white = 2 ** bits - 1;
  // Flipping the sign bit of two's complement numbers makes them sort as unsigned.
  const sign = signed ? 2 ** (bits - 1) : 0;
  const table = palette ?? (bits < 8 ? byteScale(bits) : undefined);
  const channel = (values: Uint32Array, at: number, alpha: number) => {
    const value = (values[at]! ^ sign) >>> 0;
    return premultiplied === undefined || alpha === 0 ? value : Math.min(white, Math.floor(value * white / alpha));
  };
  return ({ values, x, y }, gray) => {
    let out = y * width + x;
    for (let at = 0; at < values.length; at += channels) {
      const alpha = premultiplied === undefined ? 0 : values[at + premultiplied]!;
      let value = channel(values, at, alpha);
      if (kind === "rgb") value = luma(value, channel(values, at + 1, alpha), channel(values, at + 2, alpha));
      gray[out++] = table === undefined ? value : table[value]!;
    }
  };
}

/** Collects the channels of a planar file; alpha planes are skipped. */
function readPlanes(
  bytes: Uint8Array,
  { directory, layout, gray }: { directory: TiffDirectory; layout: TiffLayout; gray: Gray },
): void {
  const { width, kind } = layout;
  const single = { ...layout, samplesPerPixel: 1, kind: "blackIsZero", premultiplied: undefined } as const;
  const toGray = pixelConverter(single, paletteOf(directory, layout));
  const planes = kind === "rgb" ? [gray, gray.slice(), gray.slice()] : [gray];
  forEachTiffRow(bytes, { directory, layout }, (row) => {
    const plane = planes[row.channel];
    if (plane !== undefined) toGray(row, plane);
  });
  const [red, green, blue] = planes;
  if (green === undefined || blue === undefined) return;
  for (let i = 0; i < width * layout.height; i++) gray[i] = luma(red![i]!, green[i]!, blue[i]!);
}

/** The gray of each palette entry: the high bytes of 16-bit colours, or 8-bit colours if no value is larger. */
function paletteOf(directory: TiffDirectory, { kind, bits }: TiffLayout): Uint8Array | undefined {
  if (kind !== "palette") return undefined;
  const entries = 2 ** bits;
  const map = directory.values("colorMap", 3 * entries);
  const shift = map.some((value: number) => value > 255) ? 8 : 0;
  return Uint8Array.from({ length: entries }, (_, i) => {
    const [red, green, blue] = [0, 1, 2].map((c) => map[c * entries + i]! >> shift);
    return luma(red!, green!, blue!);
  });
}

/** Applies sign, depth, polarity and orientation. */
function finish(gray: Gray, layout: TiffLayout): DecodedImage {
  const { width, height, bits, signed, kind, orientation } = layout;
  if (signed) moveToZero(gray, 2 ** (bits - 1));
  const samples = gray instanceof Uint32Array ? narrow(gray) : gray;
  const image: DecodedImage = samples instanceof Uint16Array
    ? deepImage(samples, { width, height })
    : { width, height, samples, bitsUsed: 8 };
  if (kind === "whiteIsZero") {
    const white = 2 ** image.bitsUsed - 1;
    for (let i = 0; i < samples.length; i++) samples[i] = white - samples[i]!;
  }
  return { ...image, ...orient(samples, { width, height, orientation }) };
}

/** Shifts signed samples so that the smallest negative one becomes zero; without negative samples, values are kept. */
function moveToZero(gray: Gray, zero: number): void {
  let smallest = zero;
  for (let i = 0; i < gray.length; i++) if (gray[i]! < smallest) smallest = gray[i]!;
  for (let i = 0; i < gray.length; i++) gray[i]! -= smallest;
}

/** Narrows 32-bit samples to 16 bits: exact if they fit, otherwise the top 16 bits of the used range. */
function narrow(gray: Uint32Array): Uint16Array {
  let largest = 0;
  for (let i = 0; i < gray.length; i++) if (gray[i]! > largest) largest = gray[i]!;
  const shift = Math.max(0, bitsOfRange(largest) - 16);
  return Uint16Array.from(gray, (value) => value >>> shift);
}
