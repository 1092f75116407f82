/**
 * Validates the tags that determine the pixel layout of a TIFF file.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import type { TiffDirectory } from "./tiff_directory.ts";

/** Compression methods by number; those with a `name` are unsupported. */
const COMPRESSIONS: Readonly<Record<number, TiffCompression | { name: string }>> = {
  1: "none",
  2: { name: "CCITT run-length" },
  3: { name: "CCITT group 3" },
  4: { name: "CCITT group 4" },
  5: "lzw",
  6: { name: "JPEG (old style)" },
  7: { name: "JPEG" },
  8: "deflate",
  32773: "packBits",
  32946: "deflate",
  34712: { name: "JPEG 2000" },
  34887: { name: "LERC" },
  34925: { name: "LZMA" },
  50000: { name: "Zstandard" },
  50001: { name: "WebP" },
  50002: { name: "JPEG XL" },
};
/** Unsupported pixel kinds (PhotometricInterpretation) by number. */
const REFUSED_KINDS: Readonly<Record<number, string>> = {
  4: "a transparency mask",
  5: "ink separations (CMYK)",
  6: "YCbCr colours",
  8: "CIELab colours",
  9: "ICCLab colours",
  10: "ITULab colours",
  32803: "a colour filter array",
  34892: "linear raw colours",
};

/** Maximum number of strips or tiles per file. */
const MAX_BLOCKS = 2 ** 18;

export type TiffCompression = "none" | "lzw" | "deflate" | "packBits";

/** The validated pixel layout of a TIFF file. */
export interface TiffLayout {
  width: number;
  height: number;
  /** Bits per sample, 1 to 16 or 32. */
  bits: number;
  samplesPerPixel: number;
  /** Signed samples: two's complement. */
  signed: boolean;
  kind: "whiteIsZero" | "blackIsZero" | "rgb" | "palette";
  /** Index of the alpha channel if colours are premultiplied. */
  premultiplied: number | undefined;
  planar: boolean;
  compression: TiffCompression;
  /** True for horizontal differencing (predictor 2). */
  differences: boolean;
  /** True if the lowest bit of each byte comes first. */
  reversedBits: boolean;
  orientation: number;
  /** Size of a strip or tile in pixels; the last strip may have fewer rows. */
  block: { width: number; height: number; across: number; down: number; tiled: boolean };
}

/**
 * Validates a directory and derives the pixel layout.
 *
 * @throws {ImageError} naming the unsupported feature: multiple pages, floats, compression methods, colour spaces.
 */
export function tiffLayout(directory: TiffDirectory, options: { maxPixels: number }): TiffLayout {
  if (directory.hasMore) throw new ImageError("the TIFF file has several pages; one is required");
  const width = directory.value("width", 0);
  const height = directory.value("height", 0);
  const samplesPerPixel = directory.value("samplesPerPixel", 1);
  if (samplesPerPixel < 1 || samplesPerPixel > 8) {
    throw new ImageError(`the TIFF file has ${samplesPerPixel} samples a pixel; 1 to 8 are required`);
  }
  const number = directory.value("compression", 1);
  const compression = COMPRESSIONS[number] ?? { name: `method ${number}` };
  if (typeof compression !== "string") {
    throw new ImageError(`the TIFF file is compressed by ${compression.name}, which is not read`);
  }
  const kind = pixelKind(directory, samplesPerPixel);
  const bits = sampleBits(directory, { samplesPerPixel, isPalette: kind === "palette" });
  const planar = directory.value("planarConfiguration", 1) === 2 && samplesPerPixel > 1;
  return {
    width,
    height,
    bits,
    samplesPerPixel,
    signed: sampleFormat(directory) === 2,
    kind,
    premultiplied: premultiplied(directory, { kind, samplesPerPixel }),
    planar,
    compression,
    differences: hasDifferences(directory, { compression, bits }),
    reversedBits: directory.value("fillOrder", 1) === 2,
    orientation: directory.value("orientation", 1),
    block: blocks(directory, { width, height, maxPixels: options.maxPixels }),
  };
}

function pixelKind(directory: TiffDirectory, samplesPerPixel: number): TiffLayout["kind"] {
  if (!directory.has("photometric")) {
    throw new ImageError("the TIFF file does not say whether 0 is black or white (PhotometricInterpretation)");
  }
  const photometric = directory.value("photometric", 0);
  const kind = (["whiteIsZero", "blackIsZero", "rgb", "palette"] as const)[photometric];
  if (kind === undefined) {
    const name = REFUSED_KINDS[photometric] ?? `pixels of kind ${photometric}`;
    throw new ImageError(`the TIFF file holds ${name}, which is not read`);
  }
  if (kind === "rgb" && samplesPerPixel < 3) throw new ImageError("the TIFF file's RGB pixels lack a channel");
  return kind;
}

function sampleBits(directory: TiffDirectory, options: { samplesPerPixel: number; isPalette: boolean }): number {
  const count = Math.min(options.samplesPerPixel, Math.max(1, directory.count("bitsPerSample")));
  const all = directory.has("bitsPerSample") ? [...directory.values("bitsPerSample", count)] : [1];
  const bits = all[0]!;
  if (all.some((other) => other !== bits)) {
    throw new ImageError(`the TIFF file's channels differ in depth (${all.join(", ")} bits), which is not read`);
  }
  if (sampleFormat(directory) === 3) {
    throw new ImageError(`the TIFF file holds ${bits}-bit floating-point samples; whole numbers are required`);
  }
  const isRead = options.isPalette ? bits <= 8 : bits <= 16 || (bits === 32 && options.samplesPerPixel === 1);
  if (bits < 1 || !isRead) throw new ImageError(`the TIFF file has ${bits} bits a sample, which is not read`);
  return bits;
}

/** 1 unsigned, 2 signed, 3 floating point. */
function sampleFormat(directory: TiffDirectory): number {
  const format = directory.value("sampleFormat", 1);
  if (format > 4 || format < 1) {
    throw new ImageError(`the TIFF file has samples of format ${format}, which is not read`);
  }
  // 4 is "undefined": read as libtiff does, unsigned.
  return format === 4 ? 1 : format;
}

function premultiplied(
  directory: TiffDirectory,
  { kind, samplesPerPixel }: { kind: TiffLayout["kind"]; samplesPerPixel: number },
): number | undefined {
  const colours = kind === "rgb" ? 3 : 1;
  return samplesPerPixel > colours && directory.value("extraSamples", 0) === 1 ? colours : undefined;
}

function hasDifferences(
  directory: TiffDirectory,
  { compression, bits }: { compression: TiffCompression; bits: number },
): boolean {
  // As in libtiff, other methods know no predictor.
  if (compression !== "lzw" && compression !== "deflate") return false;
  const predictor = directory.value("predictor", 1);
  if (predictor === 1) return false;
  if (predictor !== 2 || ![8, 16, 32].includes(bits)) {
    throw new ImageError(`the TIFF file uses predictor ${predictor} at ${bits} bits a sample, which is not read`);
  }
  return true;
}

/** Validates the strip or tile dimensions. Their total size is bounded by the pixel limit. */
function blocks(
  directory: TiffDirectory,
  { width, height, maxPixels }: { width: number; height: number; maxPixels: number },
): TiffLayout["block"] {
  const tiled = directory.has("tileWidth") || directory.has("tileOffsets");
  const block = tiled
    ? { width: directory.value("tileWidth", 0), height: directory.value("tileLength", 0) }
    : { width, height: Math.min(height, directory.value("rowsPerStrip", height)) };
  if (!(block.width >= 1 && block.height >= 1)) throw new ImageError("the TIFF file has strips or tiles of no pixels");
  const across = Math.ceil(width / block.width);
  const down = Math.ceil(height / block.height);
  if (across * down > MAX_BLOCKS) {
    throw new ImageError(`the TIFF file has ${across * down} strips or tiles, over the limit of ${MAX_BLOCKS}`);
  }
  if (across * block.width * down * block.height > Math.max(maxPixels, 2 ** 20)) {
    throw new ImageError(`the TIFF file's tiles have over ${maxPixels} pixels together, which is over the limit`);
  }
  return { ...block, across, down, tiled };
}
