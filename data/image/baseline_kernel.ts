import { inverseTransform } from "./inverse_transform.ts";
import { COMPLETE, END_OF_BLOCK_RUN, FAST_BITS } from "./huffman_tables.ts";
import {
  assemble,
  clear,
  type Code,
  code,
  i32,
  i64,
  ifThen,
  leave,
  nameLocals,
  repeatWhile,
  simd,
  VALUE_TYPES,
} from "./wasm_assembler.ts";

/** Blocks that are transformed together, one in each lane of a vector. */
export const LANES = 4;
/** More than any group of blocks can take from the stream: decoding may run past the end that far before it is noticed. */
export const STREAM_PADDING = 4096;
/** Entries of the table of positions: 64 and as many as a run can lead past the end. */
export const POSITIONS = 64 + 16 + END_OF_BLOCK_RUN;

/** Addresses in the kernel's memory, bytes. */
export const ADDRESSES = {
  /** After success the number of bits read, else 0. */
  status: 0,
  /** 64 coefficients by four blocks, 32 bits each, in natural order; then one more for what is past the end. */
  coefficients: 1024,
  /** For each place in zigzag order: offset of the coefficient, quantisation; 32 bits each. */
  positions: 4096,
  dcFast: 8192,
  acFast: 8192 + 4 * (1 << FAST_BITS),
  dcFull: 32768,
  acFull: 32768 + 2 * (1 << 16),
  stream: 32768 + 4 * (1 << 16),
} as const;

const P = nameLocals(["bits", "blocksWide", "blocksHigh", "out", "stride"]);
const I = nameLocals(
  [
    "position",
    "predictor",
    "x",
    "y",
    "lane",
    "lanes",
    "target",
    "k",
    "window",
    "entry",
    "length",
    "size",
    "value",
    "run",
    "place",
    "row",
  ],
  5,
);
const VECTORS = 5 + 16;

/**
 * Entropy decoding, dequantisation and inverse DCT of a baseline gray JPEG. The stream (without stuffed bytes) is at its address; blocks are
 * written from `out` on, rows of `stride` bytes, `blocksWide` rounded up to four wide. Ends with status 0 at the first bad code, or where
 * the stream has fewer than the blocks need.
 */
export const BASELINE_MODULE = assemble(decodeImage(), {
  parameters: 5,
  locals: [...new Array(16).fill(VALUE_TYPES.i32), ...new Array(24).fill(VALUE_TYPES.v128)],
});

function decodeImage(): Code {
  return code(
    i32.store(0, i32.const(ADDRESSES.status), i32.const(0)),
    swapWords(),
    I.position.set(i32.const(0)),
    I.predictor.set(i32.const(0)),
    I.y.set(i32.const(0)),
    repeatWhile(
      i32.less(I.y.get, P.blocksHigh.get),
      I.x.set(i32.const(0)),
      repeatWhile(
        i32.less(I.x.get, P.blocksWide.get),
        clear(ADDRESSES.coefficients, 64 * LANES * 4),
        I.lanes.set(i32.subtract(P.blocksWide.get, I.x.get)),
        I.lanes.set(i32.select(i32.const(LANES), I.lanes.get, i32.greater(I.lanes.get, i32.const(LANES)))),
        I.lane.set(i32.const(0)),
        repeatWhile(i32.less(I.lane.get, I.lanes.get), decodeBlock(), I.lane.set(i32.add(I.lane.get, i32.const(1)))),
        ifThen(i32.greater(I.position.get, P.bits.get), leave),
        inverseTransform({
          coefficients: ADDRESSES.coefficients,
          out: i32.add(P.out.get, i32.shiftLeft(I.x.get, i32.const(3))),
          stride: P.stride.get,
          row: I.row,
          target: I.target,
          counter: I.k,
          firstVector: VECTORS,
        }),
        I.x.set(i32.add(I.x.get, i32.const(LANES))),
      ),
      P.out.set(i32.add(P.out.get, i32.shiftLeft(P.stride.get, i32.const(3)))),
      I.y.set(i32.add(I.y.get, i32.const(1))),
    ),
    i32.store(0, i32.const(ADDRESSES.status), I.position.get),
  );
}

/** Reverses the bytes of every 32-bit word of the stream, so that loads give bits in their order. */
function swapWords(): Code {
  const at = I.place;
  const reversed = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
  const end = i32.add(
    i32.shiftRightUnsigned(P.bits.get, i32.const(3)),
    i32.const(ADDRESSES.stream + STREAM_PADDING - 16),
  );
  return code(
    at.set(i32.const(ADDRESSES.stream)),
    repeatWhile(
      i32.less(at.get, end),
      simd.store(0, at.get, simd.shuffle(simd.load(0, at.get), simd.zero(), reversed)),
      at.set(i32.add(at.get, i32.const(16))),
    ),
  );
}

/** The DC difference, then AC coefficients to the end of the block, each dequantised into its place. */
function decodeBlock(): Code {
  return code(
    I.target.set(i32.add(i32.const(ADDRESSES.coefficients), i32.shiftLeft(I.lane.get, i32.const(2)))),
    decodeSymbol({ fast: ADDRESSES.dcFast, full: ADDRESSES.dcFull }),
    I.predictor.set(i32.extend16(i32.add(I.predictor.get, I.value.get))),
    i32.store(0, I.target.get, i32.multiply(I.predictor.get, i32.load(4, i32.const(ADDRESSES.positions)))),
    I.k.set(i32.const(1)),
    repeatWhile(
      i32.less(I.k.get, i32.const(64)),
      decodeSymbol({ fast: ADDRESSES.acFast, full: ADDRESSES.acFull }),
      I.k.set(i32.add(I.k.get, I.run.get)),
      I.place.set(i32.shiftLeft(I.k.get, i32.const(3))),
      i32.store(
        0,
        i32.add(I.target.get, i32.load(ADDRESSES.positions, I.place.get)),
        i32.multiply(I.value.get, i32.load(ADDRESSES.positions + 4, I.place.get)),
      ),
      I.k.set(i32.add(I.k.get, i32.const(1))),
    ),
    // A run past the 64th coefficient that is no end of block.
    ifThen(i32.and(i32.greater(I.k.get, i32.const(64)), i32.less(I.k.get, i32.const(END_OF_BLOCK_RUN))), leave),
  );
}

/** Sets `value` and `run` from the next code and its extra bits; leaves the function where there is no such code. */
function decodeSymbol(tables: { fast: number; full: number }): Code {
  const pair = i64.load(
    ADDRESSES.stream,
    i32.shiftLeft(i32.shiftRightUnsigned(I.position.get, i32.const(5)), i32.const(2)),
  );
  const ordered = i64.rotateLeft(pair, i64.const(32));
  const aligned = i64.shiftLeft(ordered, i64.extend(i32.and(I.position.get, i32.const(31))));
  return code(
    I.window.set(i64.wrap(i64.shiftRightUnsigned(aligned, i64.const(32)))),
    I.entry.set(i32.load(
      tables.fast,
      i32.shiftLeft(i32.shiftRightUnsigned(I.window.get, i32.const(32 - FAST_BITS)), i32.const(2)),
    )),
    ifThen(
      I.entry.get,
      code(
        I.position.set(i32.add(I.position.get, i32.and(I.entry.get, i32.const(COMPLETE - 1)))),
        I.run.set(i32.and(i32.shiftRightUnsigned(I.entry.get, i32.const(8)), i32.const(255))),
        I.value.set(i32.shiftRight(I.entry.get, i32.const(16))),
      ),
      decodeLongSymbol(tables.full),
    ),
  );
}

function decodeLongSymbol(full: number): Code {
  const one = i32.const(1);
  const half = i32.shiftLeft(one, i32.subtract(I.size.get, one));
  const shifted = i32.shiftRightUnsigned(i32.shiftLeft(I.window.get, I.length.get), one);
  return code(
    I.entry.set(i32.load16Unsigned(full, i32.shiftLeft(i32.shiftRightUnsigned(I.window.get, i32.const(16)), one))),
    ifThen(i32.isZero(I.entry.get), leave),
    I.length.set(i32.shiftRightUnsigned(I.entry.get, i32.const(8))),
    I.size.set(i32.and(I.entry.get, i32.const(15))),
    I.run.set(i32.and(i32.shiftRightUnsigned(I.entry.get, i32.const(4)), i32.const(15))),
    ifThen(
      i32.isZero(I.size.get),
      ifThen(i32.less(I.run.get, i32.const(15)), I.run.set(i32.const(END_OF_BLOCK_RUN))),
    ),
    I.position.set(i32.add(I.position.get, i32.add(I.length.get, I.size.get))),
    // Two shifts, because a shift by 32 is a shift by 0. Size 0 gives value 0, which is not below 1 << -1 (the smallest number).
    I.value.set(i32.shiftRightUnsigned(shifted, i32.subtract(i32.const(31), I.size.get))),
    ifThen(
      i32.less(I.value.get, half),
      I.value.set(i32.subtract(i32.add(I.value.get, one), i32.shiftLeft(one, I.size.get))),
    ),
  );
}
