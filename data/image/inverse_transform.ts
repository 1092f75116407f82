import { type Code, code, i32, type Local, local, repeatWhile, simd } from "./wasm_assembler.ts";

/** Fractional bits of the constants, and of the results of the first pass. */
const CONSTANT_BITS = 13;
const PASS_BITS = 2;

/** A constant of the transform in fixed point. */
function fixed(value: number): Code {
  return simd.splat(Math.round(value * 2 ** CONSTANT_BITS));
}

/**
 * Inverse DCT of four blocks at once, a block a lane, in the integer arithmetic of the Independent JPEG Group's accurate method, so that pixels are
 * exactly theirs: Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications" (ICASSP 1989), in the form with
 * 12 multiplications; columns first, rounded to two fractional bits, then rows.
 *
 * Writes eight rows of 32 bytes from `out` on.
 */
export function inverseTransform(options: {
  /** Address of 64 vectors in natural order. They are overwritten. */
  coefficients: number;
  out: Code;
  stride: Code;
  /** Variables that may be used: three of i32 and, from `firstVector`, 24 vectors. */
  row: Local;
  target: Local;
  counter: Local;
  firstVector: number;
}): Code {
  const { coefficients, row, target, counter, firstVector } = options;
  const inputs = Array.from({ length: 8 }, (_, i) => local(firstVector + i));
  const temporaries = Array.from({ length: 12 }, (_, i) => local(firstVector + 8 + i));
  const VECTOR = 16;
  const load = (step: number) => inputs.map((input, i) => input.set(simd.load(coefficients + i * step, row.get)));
  return code(
    row.set(i32.const(0)),
    repeatWhile(
      i32.less(row.get, i32.const(8 * VECTOR)),
      ...load(8 * VECTOR),
      ...transform(inputs, temporaries, CONSTANT_BITS - PASS_BITS),
      ...inputs.map((input, i) => simd.store(coefficients + i * 8 * VECTOR, row.get, input.get)),
      row.set(i32.add(row.get, i32.const(VECTOR))),
    ),
    row.set(i32.const(0)),
    target.set(options.out),
    counter.set(i32.const(0)),
    repeatWhile(
      i32.less(counter.get, i32.const(8)),
      ...load(VECTOR),
      ...transform(inputs, temporaries, CONSTANT_BITS + PASS_BITS + 3),
      ...inputs.map((input) => input.set(toLevel(input.get))),
      storeRow(inputs, target),
      target.set(i32.add(target.get, options.stride)),
      row.set(i32.add(row.get, i32.const(8 * VECTOR))),
      counter.set(i32.add(counter.get, i32.const(1))),
    ),
  );
}

/** Ten bits with sign, as the reference's table of levels is indexed, then the level shift; clamped by what stores it. */
function toLevel(value: Code): Code {
  return simd.add(simd.shiftRight(simd.shiftLeft(value, 22), 22), simd.splat(128));
}

/** Eight vectors of a pixel of four blocks each become 32 bytes: the eight pixels of each block. */
function storeRow(pixels: readonly Local[], target: Local): Code {
  const pack = (from: number) =>
    simd.narrow16(
      simd.narrow32(pixels[from]!.get, pixels[from + 1]!.get),
      simd.narrow32(pixels[from + 2]!.get, pixels[from + 3]!.get),
    );
  const blocks = (first: number) =>
    [first, first + 1].flatMap((block) => [0, 4, 8, 12, 16, 20, 24, 28].map((pixel) => pixel + block));
  return code(
    simd.store(0, target.get, simd.shuffle(pack(0), pack(4), blocks(0))),
    simd.store(16, target.get, simd.shuffle(pack(0), pack(4), blocks(2))),
  );
}

/** The one-dimensional transform of eight vectors in place, rounded by `bits`. */
function transform(x: readonly Local[], temporaries: readonly Local[], bits: number): Code[] {
  const [t0, t1, t2, t3, z1, z2, z3, z4, z5, e0, e1, e2] = temporaries as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const { add, subtract, multiply, splat } = simd;
  const [x0, x1, x2, x3, x4, x5, x6, x7] = x as [Local, Local, Local, Local, Local, Local, Local, Local];
  const rounded = (sum: Code) => simd.shiftRight(add(sum, splat(1 << (bits - 1))), bits);
  return [
    // Even part: x0, x2, x4, x6 give e0, e1, e2 and x4 (the sums of outputs 0 and 7, 1 and 6, 2 and 5, 3 and 4).
    z1.set(multiply(add(x2.get, x6.get), fixed(0.541196100))),
    t2.set(add(z1.get, multiply(x6.get, fixed(-1.847759065)))),
    t3.set(add(z1.get, multiply(x2.get, fixed(0.765366865)))),
    t0.set(simd.shiftLeft(add(x0.get, x4.get), CONSTANT_BITS)),
    t1.set(simd.shiftLeft(subtract(x0.get, x4.get), CONSTANT_BITS)),
    e0.set(add(t0.get, t3.get)),
    x4.set(subtract(t0.get, t3.get)),
    e1.set(add(t1.get, t2.get)),
    e2.set(subtract(t1.get, t2.get)),
    // Odd part: x7, x5, x3, x1 give t0 to t3.
    z1.set(add(x7.get, x1.get)),
    z2.set(add(x5.get, x3.get)),
    z3.set(add(x7.get, x3.get)),
    z4.set(add(x5.get, x1.get)),
    z5.set(multiply(add(z3.get, z4.get), fixed(1.175875602))),
    z1.set(multiply(z1.get, fixed(-0.899976223))),
    z2.set(multiply(z2.get, fixed(-2.562915447))),
    z3.set(add(multiply(z3.get, fixed(-1.961570560)), z5.get)),
    z4.set(add(multiply(z4.get, fixed(-0.390180644)), z5.get)),
    t0.set(add(multiply(x7.get, fixed(0.298631336)), add(z1.get, z3.get))),
    t1.set(add(multiply(x5.get, fixed(2.053119869)), add(z2.get, z4.get))),
    t2.set(add(multiply(x3.get, fixed(3.072711026)), add(z2.get, z3.get))),
    t3.set(add(multiply(x1.get, fixed(1.501321110)), add(z1.get, z4.get))),
    x0.set(rounded(add(e0.get, t3.get))),
    x7.set(rounded(subtract(e0.get, t3.get))),
    x1.set(rounded(add(e1.get, t2.get))),
    x6.set(rounded(subtract(e1.get, t2.get))),
    x2.set(rounded(add(e2.get, t1.get))),
    x5.set(rounded(subtract(e2.get, t1.get))),
    x3.set(rounded(add(x4.get, t0.get))),
    x4.set(rounded(subtract(x4.get, t0.get))),
  ];
}
