/**
 * The decoded image: gray samples and their bit depth.
 *
 * @module
 */
/** Gray samples of an image: bytes, or 16-bit numbers if the file is deeper than 8 bits. */
export type Samples = Uint8Array | Uint8ClampedArray | Uint16Array;

/** A gray image at the depth of its file, rows top-down, 0 is black. */
export interface DecodedImage {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** `width * height` samples, each less than `2 ** bitsUsed`. */
  samples: Samples;
  /** Bits of the samples' range, 8 to 16: white is `2 ** bitsUsed - 1`. Always 8 for bytes. */
  bitsUsed: number;
  /** If the image was decoded smaller than its file: how many times along each axis, and the file's size in pixels. */
  reduced?: { by: number; width: number; height: number };
}

/** The smallest range, in bits and at least 8, that holds a sample. */
export function bitsOfRange(largest: number): number {
  return Math.max(8, 32 - Math.clz32(largest));
}

/**
 * Creates an image from samples deeper than 8 bits. Its depth is the range actually used, so 12-bit exposures stored in
 * 16 bits become 12-bit images.
 *
 * @param options.significantBits the depth that the file itself gives (PNG's sBIT); samples that were scaled up to fill
 * 16 bits are scaled down to it
 */
export function deepImage(
  samples: Uint16Array,
  options: { width: number; height: number; significantBits?: number | undefined },
): DecodedImage {
  const { width, height, significantBits } = options;
  let largest = 0;
  for (let i = 0; i < samples.length; i++) if (samples[i]! > largest) largest = samples[i]!;
  let bitsUsed = bitsOfRange(largest);
  if (significantBits !== undefined && significantBits >= 8 && significantBits < 16) {
    const shift = 16 - significantBits;
    if (bitsUsed > significantBits) { for (let i = 0; i < samples.length; i++) samples[i]! >>= shift; }
    bitsUsed = significantBits;
  }
  return { width, height, samples, bitsUsed };
}

/** Maximum number of distinct values counted: an image with more is clearly not blank. */
export const MAX_LEVELS_COUNTED = 100;

/**
 * The number of distinct values in an image, up to {@linkcode MAX_LEVELS_COUNTED}. Stops reading once that many are
 * found.
 */
export function countLevels(samples: Samples): number {
  const seen = new Uint8Array(samples instanceof Uint16Array ? 1 << 16 : 1 << 8);
  let levels = 0;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (seen[value] !== 0) continue;
    seen[value] = 1;
    if (++levels === MAX_LEVELS_COUNTED) break;
  }
  return levels;
}
