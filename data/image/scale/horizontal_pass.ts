/**
 * The horizontal pass of the bicubic resize, as a WebAssembly SIMD kernel.
 *
 * @module
 */
import {
  assemble,
  type Code,
  code,
  ensureBytes,
  i32,
  local,
  repeatWhile,
  simd,
  VALUE_TYPES,
} from "../wasm/assembler.ts";

/** Fractional bits of the weights. */
export const PRECISION_BITS = 22;
/** A weight is split into `high * 2^11 + low`, so that both halves are 16-bit numbers. */
const LOW_BITS = 11;
/** Rows processed per load of the weights. */
const ROWS = 4;
/** Taps per SIMD step. */
const LANES = 8;

/** Weights of every output position: input positions `first[i]` to `first[i] + length[i]`, weights from `i * width`. */
export interface Weights {
  first: Int32Array;
  length: Int32Array;
  weights: Int32Array;
  width: number;
}

/** A square of a gray image: `pixels[(top + y) * stride + left + x]` for x, y in [0, side). */
export interface SquareRegion {
  pixels: Uint8Array | Uint8ClampedArray | Uint16Array;
  stride: number;
  left: number;
  top: number;
  side: number;
}

const P = nameLocals(["source", "stride", "rows", "out", "size", "first", "weights", "width"]);
const L = nameLocals(["y", "i", "pixel", "weight", "end", "value", "low", "high"], 8);
/** Partial sums of each row, for the high and low halves of the weights. */
const HIGH = [16, 17, 18, 19].map(local);
const LOW = [20, 21, 22, 23].map(local);

/**
 * The weighted sums along the rows, rounded and clamped to bytes, in WebAssembly. This pass dominates the run time
 * because it touches every pixel; it takes a third of the time of the same loop in JavaScript.
 */
const MODULE = assemble(kernel(), {
  parameters: 8,
  locals: [...new Array(6).fill(VALUE_TYPES.i32), ...new Array(2 + 2 * ROWS).fill(VALUE_TYPES.v128)],
});

let instance: { memory: WebAssembly.Memory; run: (...parameters: number[]) => void } | undefined;

/** Resamples each of the `side` rows to `size` bytes, one per position of the weights. */
export function horizontalPass(
  region: SquareRegion & { pixels: Uint8Array | Uint8ClampedArray },
  kernel: Weights,
  size: number,
): Uint8Array {
  const { pixels, stride, left, top, side } = region;
  const { memory, run } = instance ??= instantiate();
  const width = Math.ceil(kernel.width / LANES) * LANES;
  const rows = Math.ceil(side / ROWS) * ROWS;
  const first = 0;
  const weights = align(size * 4);
  const source = align(weights + size * width * 4);
  const out = align(source + rows * stride + width + LANES);
  ensureBytes(memory, out + rows * size);
  new Int32Array(memory.buffer, first, size).set(kernel.first);
  splitWeights(kernel, width, new Int16Array(memory.buffer, weights, size * width * 2));
  const start = top * stride + left;
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(pixels.subarray(start, start + (side - 1) * stride + side), source);
  run(source, stride, rows, out, size, first, weights, width);
  return bytes.slice(out, out + side * size);
}

/** For each position its `width` high halves, then its low halves; zeros beyond its taps. */
function splitWeights({ length, weights, width: taps }: Weights, width: number, into: Int16Array): void {
  into.fill(0);
  for (let i = 0; i < length.length; i++) {
    for (let k = 0; k < length[i]!; k++) {
      const weight = weights[i * taps + k]!;
      into[2 * i * width + k] = weight >> LOW_BITS;
      into[(2 * i + 1) * width + k] = weight & ((1 << LOW_BITS) - 1);
    }
  }
}

function instantiate(): NonNullable<typeof instance> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(MODULE, { env: { memory } });
  return { memory, run: exports.run as (...parameters: number[]) => void };
}

function align(offset: number): number {
  return Math.ceil(offset / 16) * 16;
}

function nameLocals<const T extends string>(names: readonly T[], from = 0): Record<T, ReturnType<typeof local>> {
  return Object.fromEntries(names.map((name, i) => [name, local(from + i)])) as Record<T, ReturnType<typeof local>>;
}

/** For every four rows and every position: the sums over the taps, then four bytes. */
function kernel(): Code {
  return code(
    L.y.set(i32.const(0)),
    repeatWhile(
      i32.less(L.y.get, P.rows.get),
      L.i.set(i32.const(0)),
      L.weight.set(P.weights.get),
      repeatWhile(
        i32.less(L.i.get, P.size.get),
        L.pixel.set(i32.add(P.source.get, i32.load(i32.add(P.first.get, i32.multiply(L.i.get, i32.const(4)))))),
        ...[...HIGH, ...LOW].map((sum) => sum.set(simd.zero())),
        L.end.set(i32.add(L.weight.get, i32.multiply(P.width.get, i32.const(2)))),
        sumTaps(),
        // The low halves follow the high ones.
        L.weight.set(i32.add(L.weight.get, i32.multiply(P.width.get, i32.const(2)))),
        ...HIGH.map((_, row) => storeRow(row)),
        L.i.set(i32.add(L.i.get, i32.const(1))),
      ),
      P.source.set(i32.add(P.source.get, i32.multiply(P.stride.get, i32.const(ROWS)))),
      P.out.set(i32.add(P.out.get, i32.multiply(P.size.get, i32.const(ROWS)))),
      L.y.set(i32.add(L.y.get, i32.const(ROWS))),
    ),
  );
}

function sumTaps(): Code {
  return repeatWhile(
    i32.less(L.weight.get, L.end.get),
    L.high.set(simd.load(L.weight.get)),
    L.low.set(simd.load(i32.add(L.weight.get, i32.multiply(P.width.get, i32.const(2))))),
    ...HIGH.map((high, row) => {
      const low = LOW[row]!;
      const pixels = simd.load8x8(i32.add(L.pixel.get, i32.multiply(P.stride.get, i32.const(row))));
      return code(
        high.set(simd.add(high.get, simd.dot(pixels, L.high.get))),
        low.set(simd.add(low.get, simd.dot(pixels, L.low.get))),
      );
    }),
    L.weight.set(i32.add(L.weight.get, i32.const(2 * LANES))),
    L.pixel.set(i32.add(L.pixel.get, i32.const(LANES))),
  );
}

/** Stores the row's sum, rounded (add one half, truncate) and clamped to a byte. */
function storeRow(row: number): Code {
  const sum = HIGH[row]!;
  const lane = (i: number) => simd.lane(sum.get, i);
  return code(
    sum.set(simd.add(simd.shiftLeft(sum.get, LOW_BITS), LOW[row]!.get)),
    L.value.set(i32.shiftRight(
      i32.add(i32.add(i32.add(lane(0), lane(1)), i32.add(lane(2), lane(3))), i32.const(1 << (PRECISION_BITS - 1))),
      i32.const(PRECISION_BITS),
    )),
    L.value.set(i32.select(i32.const(0), L.value.get, i32.less(L.value.get, i32.const(0)))),
    i32.store8(
      i32.add(i32.add(P.out.get, L.i.get), i32.multiply(P.size.get, i32.const(row))),
      i32.select(i32.const(255), L.value.get, i32.greater(L.value.get, i32.const(255))),
    ),
  );
}
