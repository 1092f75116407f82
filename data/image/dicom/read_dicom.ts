/**
 * Decodes DICOM files with a single gray frame.
 *
 * @module
 */
import type { DecodedImage } from "../decoded_image.ts";
import type { JpegDecoder } from "../jpeg/jpeg_decoder.ts";
import { openDicom } from "./dicom_file.ts";
import { frameBytes } from "./frame_bytes.ts";
import { pixelLayout } from "./pixel_layout.ts";
import { BYTES_PER_PIXEL, FrameDecoder } from "./stored_values.ts";
import { toGray } from "./to_gray.ts";
import type { VoiWindow } from "./voi_window.ts";

/**
 * The size of the image, and an upper bound on the memory for decoding it.
 *
 * @throws {ImageError} for what is not read, by name.
 * @throws {RangeError} if the attributes are cut off.
 */
export function readDicomHeader(bytes: Uint8Array): { width: number; height: number; bytesPerPixel: number } {
  const file = openDicom(bytes);
  const { width, height, codec } = pixelLayout(file);
  // A deflated data set is inflated as a whole.
  return { width, height, bytesPerPixel: BYTES_PER_PIXEL[codec] + (file.syntax.isDeflated ? 4 : 0) };
}

/** Decodes DICOM files. Holds codecs; not safe for concurrent calls. */
export class DicomDecoder {
  readonly #frames: FrameDecoder;
  readonly #window: VoiWindow;

  constructor(jpeg: JpegDecoder, window: VoiWindow) {
    this.#frames = new FrameDecoder(jpeg);
    this.#window = window;
  }

  /**
   * Decodes a file to gray. The caller must have checked the header.
   *
   * @throws {ImageError} if it is damaged, or of a kind that is not read, which is named.
   * @throws {RangeError} if it is cut off.
   */
  async decode(bytes: Uint8Array): Promise<DecodedImage> {
    const file = openDicom(bytes);
    const layout = pixelLayout(file);
    const frame = frameBytes(file, layout.width * layout.height * layout.bitsAllocated / 8);
    const stored = await this.#frames.decode(frame, layout);
    return toGray(stored, { file, layout, window: this.#window });
  }
}
