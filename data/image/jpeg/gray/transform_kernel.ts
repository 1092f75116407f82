/**
 * Inverse transforms of a JPEG's blocks as WebAssembly with 128-bit vectors: bit for bit those of libjpeg's C code.
 *
 * @module
 */
import { assemble, type Code, code, i32, type Local, local, Locals, repeatWhile, simd } from "../../wasm/assembler.ts";
import { CONST_BITS, type Pass, passOf2, passOf4, passOf8 } from "./transform_lines.ts";

/** How many times smaller than the file's an image is decoded, along each axis. */
export type Reduction = 1 | 2 | 4 | 8;

/** Fraction bits between the two passes. */
const PASS1_BITS = 2;

/**
 * `run(coefficients, quantiser, constants, out, stride, blocks)` transforms a row of blocks to lines of bytes, `stride`
 * apart, and sets the coefficients to zero. `coefficients` and `out` are those of the last block, because the lines of
 * a block at the right edge may be longer than the image: what is too much lies where the first block comes next.
 * `quantiser` and the coefficients are 64 numbers of 16 bits, row by row; `constants` is `constantVectors()`.
 */
export function transformModule(reduction: Reduction): WebAssembly.Module {
  const [coefficients, quantiser, constants, out, stride, blocks] = [0, 1, 2, 3, 4, 5].map(local) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const locals = new Locals(6);
  const names = { coefficients, quantiser, constants, out, stride, locals };
  const block = { 1: blockOf8, 2: blockOf4, 4: blockOf2, 8: blockOf1 }[reduction](names);
  const body = repeatWhile(
    blocks.get,
    block,
    ...Array.from({ length: 8 }, (_, row) => simd.store(coefficients.get, simd.zero(), 16 * row)),
    coefficients.set(i32.subtract(coefficients.get, i32.const(128))),
    out.set(i32.subtract(out.get, i32.const(8 / reduction))),
    blocks.set(i32.subtract(blocks.get, i32.const(1))),
  );
  return assemble(body, { parameters: 6, locals: locals.types });
}

interface Names {
  coefficients: Local;
  quantiser: Local;
  constants: Local;
  out: Local;
  stride: Local;
  locals: Locals;
}

function blockOf8(names: Names): Code {
  const columns = columnPasses(names, { pass: passOf8, scaleBits: 0 });
  const rows = [0, 4].map((top) => {
    const turned = [0, 1].map((half) => transpose(names.locals, columns.results[half]!.slice(top, top + 4)));
    const { body, results } = passOf8({ ...names, input: turned.flatMap((each) => each.results) });
    return { body: code(...turned.map((each) => each.body), body), results };
  });
  const bytes = keepAll(
    names.locals,
    [0, 2, 4, 6].map((column) =>
      simd.narrow16(...[column, column + 1].map((j) => toSamples(rows.map(({ results }) => results[j]!), 0)))
    ),
  );
  return code(columns.body, ...rows.map(({ body }) => body), bytes.body, storeRowsOf8(names, bytes.results));
}

/** Stores eight rows, of four vectors with two columns of eight bytes each. */
function storeRowsOf8({ locals, out, stride }: Names, columns: readonly Code[]): Code {
  /** Four columns of four rows: row after row. */
  const fours = (left: Code, right: Code, top: number) =>
    simd.shuffle(left, right, [0, 1, 2, 3].flatMap((row) => [0, 8, 16, 24].map((column) => column + top + row)));
  const quarters = keepAll(
    locals,
    [0, 4].flatMap((top) => [0, 2].map((pair) => fours(columns[pair]!, columns[pair + 1]!, top))),
  );
  const pairs = keepAll(
    locals,
    [0, 2].flatMap((at) =>
      [0, 8].map((from) =>
        simd.shuffle(
          quarters.results[at]!,
          quarters.results[at + 1]!,
          [0, 4].flatMap((row) => [0, 16].flatMap((half) => [0, 1, 2, 3].map((i) => half + from + row + i))),
        )
      )
    ),
  );
  const line = locals.i32();
  return code(
    quarters.body,
    pairs.body,
    line.set(out.get),
    ...Array.from({ length: 8 }, (_, row) =>
      code(
        simd.storeLane(line.get, pairs.results[row >> 1]!, { bytes: 8, lane: row & 1 }),
        line.set(i32.add(line.get, stride.get)),
      )),
  );
}

function blockOf4(names: Names): Code {
  const { locals, out, stride } = names;
  const columns = columnPasses(names, { pass: passOf4, scaleBits: 1 });
  const turned = [0, 1].map((half) => transpose(locals, columns.results[half]!));
  const { body, results } = passOf4({ ...names, input: turned.flatMap((each) => each.results) });
  const bytes = keepAll(locals, [
    simd.narrow16(
      toSamples([results[0]!, results[1]!], 1),
      toSamples([results[2]!, results[3]!], 1),
    ),
  ]);
  const rows = keepAll(locals, [
    simd.shuffle(
      bytes.results[0]!,
      bytes.results[0]!,
      [0, 1, 2, 3].flatMap((row) => [0, 4, 8, 12].map((column) => column + row)),
    ),
  ]);
  const line = locals.i32();
  return code(
    columns.body,
    ...turned.map((each) => each.body),
    body,
    bytes.body,
    rows.body,
    line.set(out.get),
    ...[0, 1, 2, 3].map((row) =>
      code(
        simd.storeLane(line.get, rows.results[0]!, { bytes: 4, lane: row }),
        line.set(i32.add(line.get, stride.get)),
      )
    ),
  );
}

function blockOf2(names: Names): Code {
  const { locals, out, stride } = names;
  const columns = columnPasses(names, { pass: passOf2, scaleBits: 2 });
  // Of the transposed vectors, the first two rows are the block's; the others repeat them.
  const turned = [0, 1].map((half) => {
    const [first, second] = columns.results[half]!;
    return transpose(locals, [first!, second!, first!, second!]);
  });
  const { body, results } = passOf2({ ...names, input: turned.flatMap((each) => each.results) });
  const samples = toSamples([results[0]!, results[1]!], 2);
  const bytes = keepAll(locals, [simd.narrow16(samples, samples)]);
  const rows = keepAll(locals, [
    simd.shuffle(bytes.results[0]!, bytes.results[0]!, Array.from({ length: 16 }, (_, i) => [0, 4, 1, 5][i % 4]!)),
  ]);
  return code(
    columns.body,
    ...turned.map((each) => each.body),
    body,
    bytes.body,
    rows.body,
    simd.storeLane(out.get, rows.results[0]!, { bytes: 2, lane: 0 }),
    simd.storeLane(i32.add(out.get, stride.get), rows.results[0]!, { bytes: 2, lane: 1 }),
  );
}

/** The block's mean, `jpeg_idct_1x1`. */
function blockOf1({ coefficients, quantiser, out, locals }: Names): Code {
  const value = locals.i32();
  const mean = i32.multiply(i32.load16(coefficients.get), i32.load16(quantiser.get));
  const wrapped = i32.shiftRight(i32.shiftLeft(i32.add(mean, i32.const(4)), i32.const(19)), i32.const(22));
  return code(
    value.set(i32.add(wrapped, i32.const(128))),
    value.set(i32.select(i32.const(0), value.get, i32.less(value.get, i32.const(0)))),
    i32.store8(out.get, i32.select(i32.const(255), value.get, i32.greater(value.get, i32.const(255)))),
  );
}

/** The pass over the columns, for the left and the right half: its rounded results by row. */
function columnPasses(
  names: Names,
  { pass, scaleBits }: { pass: typeof passOf8; scaleBits: number },
): { body: Code; results: readonly (readonly Code[])[] } {
  const { coefficients, quantiser, locals } = names;
  const halves = [simd.multiplyLow16, simd.multiplyHigh16].map((multiply) => {
    const input = keepAll(
      locals,
      Array.from(
        { length: 8 },
        (_, row) => multiply(simd.load(coefficients.get, 16 * row), simd.load(quantiser.get, 16 * row)),
      ),
    );
    const { body, results }: Pass = pass({ ...names, input: input.results });
    const shift = CONST_BITS - PASS1_BITS + scaleBits;
    const rounded = keepAll(locals, results.map((sum) => simd.shiftRight(simd.add(sum, half(shift)), shift)));
    return { body: code(input.body, body, rounded.body), results: rounded.results };
  });
  return { body: code(...halves.map(({ body }) => body)), results: halves.map(({ results }) => results) };
}

/**
 * Rounds two vectors of the second pass to eight samples of 16 bits. Values are taken modulo 1024 and then limited to a
 * byte's range (by the caller, who narrows them), as libjpeg does with its table.
 */
function toSamples([first, second]: readonly Code[], scaleBits: number): Code {
  const shift = CONST_BITS + PASS1_BITS + 3 + scaleBits;
  const wrapped = (sum: Code) => simd.shiftRight(simd.shiftLeft(simd.add(sum, half(shift)), 22 - shift), 22);
  return simd.add16(simd.narrow32(wrapped(first!), wrapped(second!)), simd.splat(i32.const(128 * 0x10001)));
}

function half(bits: number): Code {
  return simd.splat(i32.const(1 << (bits - 1)));
}

/** Assigns values to new variables. */
function keepAll(locals: Locals, values: readonly Code[]): { body: Code; results: readonly Code[] } {
  const variables = values.map(() => locals.v128());
  return {
    body: code(...variables.map((variable, i) => variable.set(values[i]!))),
    results: variables.map(({ get }) => get),
  };
}

/** Transposes four vectors of four 32-bit numbers. */
function transpose(locals: Locals, rows: readonly Code[]): { body: Code; results: readonly Code[] } {
  const [a, b, c, d] = rows as [Code, Code, Code, Code];
  const words = (...numbers: number[]) => numbers.flatMap((word) => [0, 1, 2, 3].map((i) => 4 * word + i));
  const [low, high] = [words(0, 4, 1, 5), words(2, 6, 3, 7)];
  const mixed = keepAll(locals, [
    simd.shuffle(a, b, low),
    simd.shuffle(c, d, low),
    simd.shuffle(a, b, high),
    simd.shuffle(c, d, high),
  ]);
  const [ab, cd, AB, CD] = mixed.results as [Code, Code, Code, Code];
  const [left, right] = [words(0, 1, 4, 5), words(2, 3, 6, 7)];
  const columns = keepAll(locals, [
    simd.shuffle(ab, cd, left),
    simd.shuffle(ab, cd, right),
    simd.shuffle(AB, CD, left),
    simd.shuffle(AB, CD, right),
  ]);
  return { body: code(mixed.body, columns.body), results: columns.results };
}
