/**
 * Sizes in the headers of compressed pixels. Decoders allocate what these headers say, so they are compared with the
 * DICOM attributes first.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { nextSegment } from "../jpeg/jpeg_header.ts";

/** What a compressed frame says of itself. */
export interface CodestreamHeader {
  width: number;
  height: number;
  precision: number;
  components: number;
  /** JPEG: the marker of the frame header, such as 0xc0 (baseline), 0xc3 (lossless), 0xf7 (JPEG-LS). */
  frame: number;
}

/**
 * The frame header of JPEG and JPEG-LS data.
 *
 * @throws {ImageError} without one.
 * @throws {RangeError} if the data ends first.
 */
export function readJpegFrame(data: Uint8Array): CodestreamHeader {
  const view = viewOf(data);
  if (view.getUint16(0) !== 0xffd8) throw new ImageError("the compressed DICOM pixels are not JPEG data");
  for (let at = 2;;) {
    const { marker, start, end } = nextSegment(view, at);
    at = end;
    if (marker === 0xd9 || marker === 0xda) throw new ImageError("the JPEG data has no frame header");
    const isFrame = marker === 0xf7 ||
      (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
    if (!isFrame) continue;
    return {
      frame: marker,
      precision: view.getUint8(start + 4),
      height: view.getUint16(start + 5),
      width: view.getUint16(start + 7),
      components: view.getUint8(start + 9),
    };
  }
}

const SIZ = 0xff51;
const COD = 0xff52;
const SOT = 0xff90;
const EOC = 0xffd9;
/** Most tiles, and smallest code blocks and precincts, so that decoders need a few bytes for each pixel. */
const MAX_TILES = 1024;
const MIN_BLOCK_BITS = 8;
const MIN_PRECINCT_BITS = 5;

/**
 * The header of a JPEG 2000 codestream (ITU-T T.800, annex A). All of its tile parts must be complete: the decoders
 * fill what is missing without an error.
 *
 * @throws {ImageError} for damaged or cut off data, and for codings that would take excessive memory.
 * @throws {RangeError} if the data ends within the header.
 */
export function readJpeg2000Header(data: Uint8Array): CodestreamHeader {
  const view = viewOf(data);
  if (view.getUint16(0) !== 0xff4f || view.getUint16(2) !== SIZ) {
    throw new ImageError("the compressed DICOM pixels are not a JPEG 2000 codestream");
  }
  const size = (index: number) => view.getUint32(8 + 4 * index);
  const [width, height] = [size(0) - size(2), size(1) - size(3)];
  const tiles = Math.ceil(width / size(4)) * Math.ceil(height / size(5));
  if (!(tiles <= MAX_TILES)) throw new ImageError(`the JPEG 2000 data has more than ${MAX_TILES} tiles`);
  const precision = (view.getUint8(42) & 127) + 1;
  const components = view.getUint16(40);
  let at = 2;
  for (let marker = view.getUint16(at); marker !== SOT; marker = view.getUint16(at)) {
    const length = view.getUint16(at + 2);
    if (marker < 0xff00 || length < 2) throw new ImageError("the JPEG 2000 header is damaged");
    if (marker === COD) checkCodingStyle(view, at);
    at += 2 + length;
  }
  checkTileParts(view, at);
  return { width, height, precision, components, frame: SIZ };
}

function checkCodingStyle(view: DataView, at: number): void {
  const hasPrecincts = (view.getUint8(at + 4) & 1) === 1;
  const levels = view.getUint8(at + 9);
  const blockBits = (view.getUint8(at + 10) & 15) + (view.getUint8(at + 11) & 15) + 4;
  let isFine = blockBits < MIN_BLOCK_BITS;
  for (let i = 0; hasPrecincts && i <= levels; i++) {
    const precinct = view.getUint8(at + 14 + i);
    // The smallest resolutions have few samples.
    if (i >= levels - 1 && Math.min(precinct & 15, precinct >> 4) < MIN_PRECINCT_BITS) isFine = true;
  }
  if (isFine) throw new ImageError("the JPEG 2000 data has code blocks or precincts too small to be decoded");
}

/** Follows the lengths of the tile parts to the end of the codestream. */
function checkTileParts(view: DataView, first: number): void {
  for (let at = first; at + 12 <= view.byteLength && view.getUint16(at) === SOT;) {
    const length = view.getUint32(at + 6);
    // A last tile part without a length reaches to the end marker.
    if (length === 0) {
      for (let end = view.byteLength - 2; end >= view.byteLength - 3; end--) if (view.getUint16(end) === EOC) return;
      break;
    }
    if (length < 14) break;
    at += length;
    if (at > view.byteLength) break;
    // The end marker is followed by at most a byte that pads the fragment; some encoders leave it out.
    if (view.byteLength - at < 2 || view.getUint16(at) === EOC) return;
  }
  throw new ImageError("the JPEG 2000 data is cut off or damaged");
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
