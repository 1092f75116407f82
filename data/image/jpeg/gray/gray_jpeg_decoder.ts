/**
 * Decodes the JPEG files that radiographs usually are, in half the time of libjpeg-turbo's WebAssembly build.
 *
 * @module
 */
import { ensureBytes } from "../../wasm/assembler.ts";
import type { DecodedImage } from "../../decoded_image.ts";
import { entropyModule, STATE, unstuffModule } from "./entropy_kernel.ts";
import { type GrayLayout, readGrayLayout } from "./gray_layout.ts";
import { LOOKUP_LENGTH } from "./huffman_lookup.ts";
import { type Reduction, transformModule } from "./transform_kernel.ts";
import { constantVectors } from "./transform_lines.ts";

/** WebAssembly memory never shrinks: after an image that needed more than this, it is given back. */
const MAX_KEPT_BYTES = 2 ** 26;
/** Larger files are left to libjpeg-turbo, so that the number of a bit is a 32-bit number. */
const MAX_FILE_BYTES = 2 ** 27;
/** Beyond this, libjpeg begins to check the sums of the means. */
const MAX_MEAN = 2 ** 30;
/** Room that loads of whole vectors may reach beyond a part. */
const SLACK = 64;

/** Row-major number of each coefficient in zigzag order. */
// deno-fmt-ignore
const ZIGZAG = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
);

type Run = (...parameters: number[]) => void;

/** A memory and the kernels that share it. */
interface Kernels {
  memory: WebAssembly.Memory;
  unstuff: Run;
  entropy: Run;
  /** By reduction, made when first used. */
  transforms: Map<Reduction, Run>;
}

const modules = new Map<string, WebAssembly.Module>();

/** Parts of the memory, by address. */
interface Places {
  constants: number;
  quantiser: number;
  zigzag: number;
  dc: number;
  ac: number;
  coefficients: number;
  /** The first byte of the stream, which grows downwards. */
  stream: number;
  /** The file's bytes and, once these are copied to the stream, the image. */
  image: number;
  end: number;
}

/**
 * Decodes sequential JPEGs of 8 bits and one component to the bytes that libjpeg's integer transform ("islow") gives.
 * (Of coefficients so large that its sums overflow 32 bits, which no encoder writes, libjpeg's C and vector code make
 * different bytes, and so do these kernels.) Not safe for concurrent calls.
 */
export class GrayJpegDecoder {
  #kernels: Kernels | undefined;

  /**
   * The image, whose samples are a view of WebAssembly memory that is valid until the next call; `undefined` if the
   * file is of another kind, or unusual or damaged in any way, which libjpeg-turbo then judges.
   *
   * @param reduction decodes to an image that many times smaller along each axis, rounded up: each sample is the mean
   * of a square of pixels, as in libjpeg's scaled decoding
   */
  decode(bytes: Uint8Array, reduction: Reduction = 1): DecodedImage | undefined {
    if (bytes.length > MAX_FILE_BYTES) return undefined;
    const layout = readGrayLayout(bytes);
    if (layout === undefined) return undefined;
    if ((this.#kernels?.memory.buffer.byteLength ?? 0) > MAX_KEPT_BYTES) this.#kernels = undefined;
    const kernels = this.#kernels ??= loadKernels();
    const places = placesFor(layout, { fileBytes: bytes.length - layout.scan, reduction });
    ensureBytes(kernels.memory, places.end);
    writeTables(kernels.memory, { layout, places });
    const starts = unstuff(kernels, { bytes, layout, places });
    if (starts === undefined || !decodeBlocks(kernels, { layout, places, starts, reduction })) return undefined;
    const [width, height] = [layout.width, layout.height].map((side) => Math.ceil(side / reduction)) as [
      number,
      number,
    ];
    const samples = new Uint8Array(kernels.memory.buffer, places.image, width * height);
    const reduced = reduction === 1 ? {} : { reduced: { by: reduction, width: layout.width, height: layout.height } };
    return { width, height, samples, bitsUsed: 8, ...reduced };
  }
}

function loadKernels(): Kernels {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return {
    memory,
    unstuff: kernel("unstuff", memory, unstuffModule),
    entropy: kernel("entropy", memory, entropyModule),
    transforms: new Map(),
  };
}

function kernel(name: string, memory: WebAssembly.Memory, make: () => WebAssembly.Module): Run {
  const module = modules.get(name) ?? make();
  modules.set(name, module);
  return new WebAssembly.Instance(module, { env: { memory } }).exports.run as Run;
}

function transformOf(kernels: Kernels, reduction: Reduction): Run {
  const found = kernels.transforms.get(reduction) ??
    kernel(`transform ${reduction}`, kernels.memory, () => transformModule(reduction));
  kernels.transforms.set(reduction, found);
  return found;
}

function placesFor(
  { width, height }: GrayLayout,
  { fileBytes, reduction }: { fileBytes: number; reduction: Reduction },
): Places {
  let end = STATE.bytes;
  const place = (bytes: number) => {
    const start = Math.ceil(end / 16) * 16;
    end = start + bytes;
    return start;
  };
  const [constants, quantiser, zigzag] = [place(constantVectors().byteLength), place(128), place(64)];
  const [dc, ac] = [place(4 * LOOKUP_LENGTH), place(4 * LOOKUP_LENGTH)];
  const coefficients = place(128 * Math.ceil(width / 8));
  const stream = place(fileBytes + 2 * SLACK) + fileBytes + SLACK;
  const stride = Math.ceil(width / reduction);
  const lines = Math.ceil(height / reduction) + 8;
  const image = place(Math.max(fileBytes, stride * lines) + SLACK);
  return { constants, quantiser, zigzag, dc, ac, coefficients, stream, image, end };
}

function writeTables(memory: WebAssembly.Memory, { layout, places }: { layout: GrayLayout; places: Places }): void {
  const { buffer } = memory;
  new Int32Array(buffer, places.constants).set(constantVectors());
  const quantiser = new Int16Array(buffer, places.quantiser, 64);
  ZIGZAG.forEach((place, i) => quantiser[place] = layout.quantiser[i]!);
  new Uint8Array(buffer, places.zigzag, 64).set(ZIGZAG.map((place) => 2 * place));
  new Uint32Array(buffer, places.dc, LOOKUP_LENGTH).set(layout.dc);
  new Uint32Array(buffer, places.ac, LOOKUP_LENGTH).set(layout.ac);
  new Uint8Array(buffer, places.coefficients, 128 * Math.ceil(layout.width / 8)).fill(0);
}

/**
 * Copies the entropy-coded data to the stream. Returns where each interval between restart markers begins and the last
 * ends, in bytes; `undefined` unless the file has all of them, and then the end marker.
 */
function unstuff(
  { memory, unstuff: run }: Kernels,
  { bytes, layout, places }: { bytes: Uint8Array; layout: GrayLayout; places: Places },
): number[] | undefined {
  const { width, height, restartInterval, scan } = layout;
  const heap = new Uint8Array(memory.buffer);
  const state = new Int32Array(memory.buffer, 0, STATE.bytes / 4);
  // Behind the file's own bytes, a marker that is neither a restart nor the end.
  heap.set(bytes.subarray(scan), places.image);
  heap.fill(255, places.image + bytes.length - scan, places.image + bytes.length - scan + SLACK);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const intervals = restartInterval === 0 ? 1 : Math.ceil(blocks / restartInterval);
  const starts = [0];
  let read = 0;
  let written = 0;
  for (let i = 0; i < intervals; i++) {
    run(0, places.image + read, places.stream - written);
    read += state[STATE.read / 4]! + 2;
    written += state[STATE.written / 4]!;
    starts.push(written);
    const expected = i + 1 < intervals ? 0xd0 + i % 8 : 0xd9;
    if (heap[places.image + read - 1] !== expected || read > bytes.length - scan) return undefined;
  }
  // Of what follows the stream, only zeros may be read.
  heap.fill(0, places.stream - written - SLACK + 1, places.stream - written + 1);
  return starts;
}

/** Decodes and transforms all blocks, a row at a time. False if the data are damaged. */
function decodeBlocks(
  kernels: Kernels,
  { layout, places, starts, reduction }: {
    layout: GrayLayout;
    places: Places;
    starts: readonly number[];
    reduction: Reduction;
  },
): boolean {
  const state = new Int32Array(kernels.memory.buffer, 0, STATE.bytes / 4);
  const { constants, quantiser, zigzag, dc, ac, coefficients, stream, image } = places;
  const columns = Math.ceil(layout.width / 8);
  const rows = Math.ceil(layout.height / 8);
  const stride = Math.ceil(layout.width / reduction);
  const side = 8 / reduction;
  const transform = transformOf(kernels, reduction);
  const interval = layout.restartInterval || columns * rows;
  let begun = 0;
  let left = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns;) {
      if (left === 0) {
        if (begun > 0 && !isEnd(state[STATE.bit / 4]!, starts[begun]!)) return false;
        state.set([8 * starts[begun]!, 0, 0], STATE.bit / 4);
        left = Math.min(interval, columns * rows - begun * interval);
        begun++;
      }
      const count = Math.min(left, columns - column);
      kernels.entropy(0, stream, dc, ac, zigzag, coefficients + 128 * column, count);
      if (state[STATE.failed / 4] !== 0 || Math.abs(state[STATE.mean / 4]!) > MAX_MEAN) return false;
      if (state[STATE.bit / 4]! > 8 * starts[begun]!) return false;
      column += count;
      left -= count;
    }
    const last = coefficients + 128 * (columns - 1);
    transform(last, quantiser, constants, image + row * side * stride + (columns - 1) * side, stride, columns);
  }
  return isEnd(state[STATE.bit / 4]!, starts.at(-1)!);
}

/** Whether an interval of whole bytes ends with the byte of the last bit read. */
function isEnd(bit: number, end: number): boolean {
  return Math.ceil(bit / 8) === end;
}
