/**
 * Detects image formats and reads dimensions from headers without decoding.
 *
 * @module
 */
import { readBmpHeader } from "./bmp/bmp_header.ts";
import { isDicom } from "./dicom/dicom_file.ts";
import { readDicomHeader } from "./dicom/read_dicom.ts";
import { ImageError } from "./image_error.ts";
import { readJpegHeader } from "./jpeg/jpeg_header.ts";
import { readPngHeader } from "./png/png_chunks.ts";
import { TiffDirectory } from "./tiff/tiff_directory.ts";

/** Formats recognised by their first bytes. */
export type ImageFormat = "jpeg" | "png" | "gif" | "bmp" | "tiff" | "dicom";

/** What is known from a file's header before decoding. */
export interface ImageHeader {
  format: ImageFormat;
  width: number;
  height: number;
  /** Upper bound on the memory for decoding, in bytes per pixel. */
  bytesPerPixel: number;
}

/** The format of a file's content, by its first bytes; `undefined` for anything else. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  // A DICOM file's preamble may make it a TIFF image too.
  if (isDicom(bytes)) return "dicom";
  const starts = (...signature: number[]) => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return "jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "gif";
  if (starts(0x42, 0x4d)) return "bmp";
  // TIFF (42) and BigTIFF (43) in either byte order.
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x49, 0x49, 0x2b, 0)) return "tiff";
  if (starts(0x4d, 0x4d, 0, 0x2a) || starts(0x4d, 0x4d, 0, 0x2b)) return "tiff";
  return undefined;
}

/**
 * Format, width and height from a file's header.
 *
 * @throws {ImageError} for an empty file, an unknown format, a truncated header, and unsupported kinds.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) throw new ImageError("the file is empty");
  const format = imageFormat(bytes);
  if (format === undefined) throw new ImageError("the file is not a JPEG, PNG, BMP, TIFF or DICOM image");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return { format, ...HEADER_READERS[format](view) };
  } catch (error) {
    if (error instanceof RangeError) throw new ImageError(`the ${format.toUpperCase()} header is cut off`);
    throw error;
  }
}

const HEADER_READERS: Record<ImageFormat, (view: DataView) => Omit<ImageHeader, "format">> = {
  jpeg: (view) => {
    const { width, height, components, progressive } = readJpegHeader(view);
    // Progressive files keep 16-bit coefficients; colour is converted to gray outside of the codec.
    const bytesPerPixel = components * (progressive ? 3 : 1) + (components === 3 ? 2 : 1);
    return { width, height, bytesPerPixel };
  },
  // Rows are inflated one at a time, and only gray samples are kept.
  png: (view) => {
    const { width, height, depth } = readPngHeader(view);
    return { width, height, bytesPerPixel: depth === 16 ? 2 : 1 };
  },
  gif: () => {
    throw new ImageError("GIF images are not read; JPEG, PNG, BMP, TIFF or DICOM is required");
  },
  bmp: (view) => {
    const { width, height, method } = readBmpHeader(view);
    return { width, height, bytesPerPixel: method === "rle4" || method === "rle8" ? 2 : 1 };
  },
  tiff: (view) => {
    const directory = new TiffDirectory(view);
    const bits = directory.value("bitsPerSample", 1);
    const channels = Math.min(8, directory.value("samplesPerPixel", 1));
    const compressed = directory.value("compression", 1) !== 1;
    const sampleBytes = Math.ceil(Math.min(32, bits) / 8);
    // One strip may hold the whole image; orientation, planes and narrowing copy the gray samples.
    const bytesPerPixel = (compressed ? channels * sampleBytes : 0) + 3 * sampleBytes;
    return { width: directory.value("width", 0), height: directory.value("height", 0), bytesPerPixel };
  },
  dicom: (view) => readDicomHeader(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)),
};
