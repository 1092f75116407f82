/**
 * Where the images of a data set come from: files, zip members or a generator.
 *
 * @module
 */
import type { DecodedImage } from "./decoded_image.ts";

/** The location of an image's bytes. Plain data, so that it can be posted to a decode worker. */
export type ImageLocation =
  | { kind: "file"; path: string }
  | {
    kind: "zip";
    archive: string;
    member: string;
    /** Offset of the member's local header in the archive, bytes. */
    offset: number;
    compressedSize: number;
    size: number;
    /** 0 stored, 8 deflated. */
    method: number;
    crc32: number;
    encrypted: boolean;
  };

/**
 * `radiograph`: gray, centre square, PIL's bicubic resize, then histogram equalisation (as published).
 * `plain`: the same without equalisation.
 */
export type Preprocessing = "radiograph" | "plain";

/** Locates the images of an index. */
export interface ImageSource {
  /** How pictures are prepared after decoding. */
  preprocessing: Preprocessing;
  /** The path of an image relative to the data set's root: its name in messages and logs. */
  name(image: number): string;
  /** The location of the image's bytes; `undefined` if it is known to be missing. */
  locate(image: number): ImageLocation | undefined;
  /** False if the data set has tables but no image files at all. */
  hasImages: boolean;
  /**
   * For generated images: draws one at its native size. A pure function of the image number; `fingerprint` identifies
   * everything else it depends on.
   */
  generated?: { draw(image: number): DecodedImage; fingerprint: string };
}

/**
 * How files are decoded for smaller images: at full size, or JPEGs at a half, a quarter or an eighth of it as far as
 * the wanted size allows.
 */
export const DECODE_MODES = ["exact", "fast"] as const;
/** One of {@linkcode DECODE_MODES}. */
export type DecodeMode = typeof DECODE_MODES[number];
