import type { GrayImage } from "../image_source.ts";
import { type BaselineFrame, readBaselineFrame } from "./baseline_frame.ts";
import { ADDRESSES, BASELINE_MODULE, LANES, POSITIONS, STREAM_PADDING } from "./baseline_kernel.ts";
import { huffmanTables } from "./huffman_tables.ts";
import { ensureBytes, instantiate, type Kernel } from "./wasm_assembler.ts";

/** Longer streams cannot be addressed by the bit. */
const MAX_STREAM = 2 ** 27;

/** Offset of what a run past the end of a block writes: after the 64 coefficients of four blocks. */
const PAST_THE_END = 64 * LANES * 4;

/**
 * Decodes plain JPEGs (baseline, gray, one scan, no restarts: what MIMIC-CXR-JPG has) about twice as fast as libjpeg-turbo's WebAssembly build, which
 * has no SIMD, and to the same pixels. Says nothing about files of any other kind, or with anything wrong.
 */
export class BaselineJpegDecoder {
  readonly #kernel: Kernel = instantiate(BASELINE_MODULE);

  /** The image, its pixels a view of WebAssembly memory that is valid until the next call; `undefined` where the file is not of this kind. */
  decode(bytes: Uint8Array): GrayImage | undefined {
    const frame = readBaselineFrame(bytes);
    if (frame === undefined || bytes.length > MAX_STREAM) return undefined;
    const dc = huffmanTables(frame.dc, "dc");
    const ac = huffmanTables(frame.ac, "ac");
    if (dc === undefined || ac === undefined) return undefined;
    const blocksWide = Math.ceil(frame.width / 8);
    const blocksHigh = Math.ceil(frame.height / 8);
    const stride = Math.ceil(blocksWide / LANES) * LANES * 8;
    const out = Math.ceil((ADDRESSES.stream + bytes.length + STREAM_PADDING) / 16) * 16;
    const { memory, run } = this.#kernel;
    ensureBytes(memory, out + stride * blocksHigh * 8);
    new Int32Array(memory.buffer, ADDRESSES.dcFast).set(dc.fast);
    new Int32Array(memory.buffer, ADDRESSES.acFast).set(ac.fast);
    new Uint16Array(memory.buffer, ADDRESSES.dcFull).set(dc.full);
    new Uint16Array(memory.buffer, ADDRESSES.acFull).set(ac.full);
    this.#setPositions(frame);
    const length = copyStream(
      bytes,
      frame.scan,
      new Uint8Array(memory.buffer, ADDRESSES.stream, out - ADDRESSES.stream),
    );
    if (length === undefined) return undefined;
    run(length * 8, blocksWide, blocksHigh, out, stride);
    const used = new Uint32Array(memory.buffer, ADDRESSES.status, 1)[0]!;
    // Whole bytes left over are none that the encoder wrote.
    if (used === 0 || length * 8 - used >= 8) return undefined;
    const { width, height } = frame;
    return { width, height, stride, pixels: new Uint8Array(memory.buffer, out, stride * height) };
  }

  #setPositions({ quantisation }: BaselineFrame): void {
    const positions = new Int32Array(this.#kernel.memory.buffer, ADDRESSES.positions, 2 * POSITIONS);
    for (let k = 0; k < POSITIONS; k++) {
      positions[2 * k] = k < 64 ? NATURAL_ORDER[k]! * LANES * 4 : PAST_THE_END;
      positions[2 * k + 1] = k < 64 ? quantisation[k]! : 0;
    }
  }
}

/**
 * Copies entropy-coded data without the zero bytes stuffed after 0xFF, and zeros after it. Returns its length; `undefined` where it is not ended by
 * the end-of-image marker.
 */
function copyStream(bytes: Uint8Array, start: number, into: Uint8Array): number | undefined {
  let length = 0;
  for (let at = start;;) {
    const marker = bytes.indexOf(0xff, at);
    if (marker < 0 || marker + 1 >= bytes.length) return undefined;
    const following = bytes[marker + 1];
    const end = following === 0 ? marker + 1 : marker;
    into.set(bytes.subarray(at, end), length);
    length += end - at;
    if (following !== 0) {
      into.fill(0, length, Math.min(into.length, length + STREAM_PADDING));
      return following === 0xd9 ? length : undefined;
    }
    at = marker + 2;
  }
}

/** Place in the block (row * 8 + column) of each coefficient in zigzag order. */
const NATURAL_ORDER = zigzag();

function zigzag(): number[] {
  const order = Array.from({ length: 64 }, (_, i) => ({ i, diagonal: (i >> 3) + (i & 7), row: i >> 3 }));
  order.sort((a, b) => a.diagonal - b.diagonal || (a.diagonal % 2 === 1 ? a.row - b.row : b.row - a.row));
  return order.map(({ i }) => i);
}
