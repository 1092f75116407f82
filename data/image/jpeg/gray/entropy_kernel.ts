/**
 * Entropy decoding of a JPEG's blocks (ITU-T T.81, annex F) as WebAssembly.
 *
 * @module
 */
import {
  assemble,
  choose,
  type Code,
  code,
  i32,
  i64,
  leave,
  type Local,
  local,
  Locals,
  repeatWhile,
  simd,
  when,
} from "../../wasm/assembler.ts";
import { SHORT_BITS } from "./huffman_lookup.ts";

/** Offsets in the state that the kernels share: i32 each. */
export const STATE = {
  /** `unstuff`: bytes read, and written. */
  read: 0,
  written: 4,
  /** `decodeBlocks`: place of the next bit, and the coefficient that the next block's mean is a difference to. */
  bit: 8,
  mean: 12,
  /** Not zero after damaged data. */
  failed: 16,
  bytes: 32,
} as const;

const REVERSED = Array.from({ length: 16 }, (_, i) => 15 - i);

/**
 * `run(state, source, stream)` copies entropy-coded bytes up to the next marker, without the zero after each 0xff, to
 * descending addresses from `stream` on: in that order eight bytes load as a number whose first bit is the highest. The
 * source must end with a marker.
 */
export function unstuffModule(): WebAssembly.Module {
  const [state, source, stream] = [0, 1, 2].map(local) as [Local, Local, Local];
  const locals = new Locals(3);
  const [from, to, byte, left] = [locals.i32(), locals.i32(), locals.i32(), locals.i32()];
  const bytes = locals.v128();
  const advance = (count: number) =>
    code(
      from.set(i32.add(from.get, i32.const(count))),
      to.set(i32.subtract(to.get, i32.const(count))),
    );
  const finish = code(
    i32.store(state.get, i32.subtract(from.get, source.get), STATE.read),
    i32.store(state.get, i32.subtract(stream.get, to.get), STATE.written),
    leave,
  );
  const copyByte = code(
    byte.set(i32.load8(from.get)),
    when(
      i32.equal(byte.get, i32.const(255)),
      choose(
        i32.isZero(i32.load8(i32.add(from.get, i32.const(1)))),
        from.set(i32.add(from.get, i32.const(1))),
        finish,
      ),
    ),
    i32.store8(to.get, byte.get),
    advance(1),
  );
  const body = code(
    from.set(source.get),
    to.set(stream.get),
    repeatWhile(
      i32.const(1),
      bytes.set(simd.load(from.get)),
      choose(
        simd.any(simd.equalBytes(bytes.get, simd.splatByte(i32.const(255)))),
        code(
          left.set(i32.const(16)),
          repeatWhile(left.get, copyByte, left.set(i32.subtract(left.get, i32.const(1)))),
        ),
        code(
          simd.store(
            i32.subtract(to.get, i32.const(15)),
            simd.shuffle(bytes.get, bytes.get, REVERSED),
          ),
          advance(16),
        ),
      ),
    ),
  );
  return assemble(body, { parameters: 3, locals: locals.types });
}

/** Local variables of the decoding kernel. */
interface Names {
  /** Where the next eight bytes are loaded, and the bits that are loaded and not used, from the highest on. */
  from: Local;
  word: Local;
  /** How many of the bits in `word` are known. */
  known: Local;
  entry: Local;
  size: Local;
  /** Bits from the last value on. */
  rest: Local;
}

/**
 * `run(state, stream, dc, ac, zigzag, out, blocks)` decodes blocks to 64 coefficients of 16 bits each, which must be
 * zero before: `zigzag` holds each coefficient's place in bytes. `stream` is the address of the stream's first byte.
 */
export function entropyModule(): WebAssembly.Module {
  const [state, stream, dc, ac, zigzag, out, blocks] = [0, 1, 2, 3, 4, 5, 6].map(local) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const locals = new Locals(7);
  const [k, mean] = [locals.i32(), locals.i32()];
  const names: Names = {
    from: locals.i32(),
    known: locals.i32(),
    entry: locals.i32(),
    size: locals.i32(),
    word: locals.i64(),
    rest: locals.i64(),
  };
  const { from, known, entry, size } = names;
  const fail = code(i32.store(state.get, i32.const(1), STATE.failed), leave);
  const skip = (count: Code) =>
    code(
      k.set(i32.add(k.get, count)),
      when(i32.greater(k.get, i32.const(63)), fail),
    );
  const coefficient = choose(
    size.get,
    code(
      skip(i32.shiftRightUnsigned(entry.get, i32.const(20))),
      i32.store16(i32.add(out.get, i32.load8(i32.add(zigzag.get, k.get))), valueOf(names)),
      k.set(i32.add(k.get, i32.const(1))),
    ),
    choose(
      // A run of 15 without a value: 16 zeros. Any other ends the block.
      i32.equal(i32.shiftRightUnsigned(entry.get, i32.const(20)), i32.const(15)),
      skip(i32.const(16)),
      k.set(i32.const(64)),
    ),
  );
  const start = i32.subtract(stream.get, i32.const(7));
  const bit = i32.load(state.get, STATE.bit);
  const body = code(
    from.set(i32.subtract(start, i32.shiftRightUnsigned(bit, i32.const(3)))),
    known.set(i32.const(0)),
    refill(names),
    consume(names, i32.and(bit, i32.const(7))),
    mean.set(i32.load(state.get, STATE.mean)),
    repeatWhile(
      blocks.get,
      readEntry(names, { table: dc, fail }),
      when(size.get, mean.set(i32.add(mean.get, valueOf(names)))),
      i32.store16(out.get, mean.get),
      k.set(i32.const(1)),
      repeatWhile(i32.less(k.get, i32.const(64)), readEntry(names, { table: ac, fail }), coefficient),
      out.set(i32.add(out.get, i32.const(128))),
      blocks.set(i32.subtract(blocks.get, i32.const(1))),
    ),
    i32.store(
      state.get,
      i32.subtract(i32.shiftLeft(i32.subtract(start, from.get), i32.const(3)), known.get),
      STATE.bit,
    ),
    i32.store(state.get, mean.get, STATE.mean),
  );
  return assemble(body, { parameters: 7, locals: locals.types });
}

/** Fills the word up to at least 56 known bits, without a branch. */
function refill({ from, word, known }: Names): Code {
  return code(
    word.set(i64.or(word.get, i64.shiftRightUnsigned(i64.load(from.get), i64.extend(known.get)))),
    from.set(i32.subtract(
      from.get,
      i32.shiftRightUnsigned(i32.subtract(i32.const(63), known.get), i32.const(3)),
    )),
    known.set(i32.or(known.get, i32.const(56))),
  );
}

function consume({ word, known }: Names, bits: Code): Code {
  return code(
    word.set(i64.shiftLeft(word.get, i64.extend(bits))),
    known.set(i32.subtract(known.get, bits)),
  );
}

/** Reads a code: its entry in the table, the size of its value and the bits from it on; moves behind the value. */
function readEntry(names: Names, { table, fail }: { table: Local; fail: Code }): Code {
  const { word, entry, size, rest } = names;
  const first = (bits: number) =>
    i32.shiftLeft(i32.wrap(i64.shiftRightUnsigned(word.get, i64.const(64 - bits))), i32.const(2));
  return code(
    refill(names),
    entry.set(i32.load(i32.add(table.get, first(SHORT_BITS)))),
    when(
      i32.isZero(entry.get),
      entry.set(i32.load(i32.add(table.get, first(16)), 4 * 2 ** SHORT_BITS)),
      when(i32.isZero(entry.get), fail),
    ),
    rest.set(i64.shiftLeft(
      word.get,
      i64.extend(i32.and(i32.shiftRightUnsigned(entry.get, i32.const(8)), i32.const(31))),
    )),
    consume(names, i32.and(entry.get, i32.const(255))),
    size.set(i32.and(i32.shiftRightUnsigned(entry.get, i32.const(16)), i32.const(15))),
  );
}

/** The signed value behind the code (T.81, F.2.2.1): its size must not be 0. */
function valueOf({ rest, size }: Names): Code {
  const plain = i32.wrap(
    i64.shiftRightUnsigned(rest.get, i64.extend(i32.subtract(i32.const(64), size.get))),
  );
  const isNegative = i32.xor(i32.wrap(i64.shiftRight(rest.get, i64.const(63))), i32.const(-1));
  const lowest = i32.add(i32.shiftLeft(i32.const(-1), size.get), i32.const(1));
  return i32.add(plain, i32.and(isNegative, lowest));
}
