/**
 * How the pixels of a DICOM image are described: size, depth, sign, polarity and padding (PS3.3, C.7.6.3).
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { TAGS } from "./dicom_elements.ts";
import { type DicomFile, DicomValues } from "./dicom_file.ts";
import type { PixelCodec } from "./transfer_syntax.ts";

/** The description of the pixels. */
export interface PixelLayout {
  width: number;
  height: number;
  codec: PixelCodec;
  littleEndian: boolean;
  /** Bits of a stored pixel: 8 or 16. */
  bitsAllocated: number;
  /** Bits of a value, and the position of the highest of them. */
  bitsStored: number;
  highBit: number;
  signed: boolean;
  /** True for MONOCHROME1: the smallest value is white. */
  isInverted: boolean;
  /** Stored values from the first to the second mark pixels outside of the image. */
  padding: readonly [number, number] | undefined;
}

/**
 * Describes the pixels of a file.
 *
 * @throws {ImageError} if an attribute is missing or contradictory, and for kinds that are not read: several frames,
 * colour, no pixels, depths other than 8 and 16 bits.
 */
export function pixelLayout(file: DicomFile): PixelLayout {
  const values = new DicomValues(file, file.elements);
  if (!file.elements.has(TAGS.pixelData)) throw new ImageError("the DICOM file has no pixels");
  const frames = values.numbers(TAGS.frames, "number of frames")[0] ?? 1;
  if (frames !== 1) throw new ImageError(`the DICOM file has ${frames} frames; a single one is required`);
  const required = (tag: number, name: string) => {
    const value = values.short(tag);
    if (value === undefined) throw new ImageError(`the DICOM file does not say its ${name}`);
    return value;
  };
  const photometric = values.text(TAGS.photometric) ?? "";
  const samples = values.short(TAGS.samplesPerPixel) ?? 1;
  if (samples !== 1 || !/^MONOCHROME[12]$/.test(photometric)) throw new ImageError(colourReason(photometric, samples));
  const bitsAllocated = required(TAGS.bitsAllocated, "allocated bits");
  const bitsStored = values.short(TAGS.bitsStored) ?? bitsAllocated;
  const highBit = values.short(TAGS.highBit) ?? bitsStored - 1;
  if (bitsAllocated !== 8 && bitsAllocated !== 16) {
    throw new ImageError(`the DICOM file has ${bitsAllocated} bits a pixel; 8 or 16 are required`);
  }
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit >= bitsAllocated || highBit < bitsStored - 1) {
    throw new ImageError(
      `the DICOM file says ${bitsStored} of ${bitsAllocated} bits up to bit ${highBit}, which is contradictory`,
    );
  }
  const signed = values.short(TAGS.signed) === 1;
  return {
    width: required(TAGS.columns, "number of columns"),
    height: required(TAGS.rows, "number of rows"),
    codec: file.syntax.codec,
    littleEndian: file.syntax.littleEndian,
    bitsAllocated,
    bitsStored,
    highBit,
    signed,
    isInverted: photometric === "MONOCHROME1",
    padding: paddingOf(values, signed),
  };
}

/** Colour spaces and how they are named in messages; other texts are not repeated. */
function colourReason(photometric: string, samples: number): string {
  const known = /^(RGB|PALETTE COLOR|YBR_(FULL|FULL_422|PARTIAL_420|ICT|RCT))$/.test(photometric);
  const what = known
    ? `in colour (${photometric})`
    : samples === 1
    ? "of an unknown photometric interpretation"
    : "in colour";
  return `the DICOM image is ${what}; MONOCHROME1 or MONOCHROME2 is required`;
}

function paddingOf(values: DicomValues, signed: boolean): readonly [number, number] | undefined {
  const value = values.short(TAGS.padding, { signed });
  if (value === undefined) return undefined;
  const limit = values.short(TAGS.paddingLimit, { signed }) ?? value;
  return [Math.min(value, limit), Math.max(value, limit)];
}
