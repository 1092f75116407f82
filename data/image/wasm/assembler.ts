/**
 * A minimal WebAssembly assembler (with 128-bit SIMD) for modules of one hand-written function: instructions are
 * functions that return their encoding, and a body is their concatenation. Opcodes as in the WebAssembly specification
 * 2.0, section 5.
 *
 * @module
 */

/** Encoded instructions. */
export type Code = readonly number[];

export const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;
const VOID = 0x40;
const PAGE = 65536;

export function code(...parts: readonly Code[]): Code {
  return parts.flat();
}

/** Accessors of a local variable. */
export interface Local {
  readonly get: Code;
  set(...value: Code[]): Code;
}

/** The local variable with the given index. */
export function local(index: number): Local {
  return { get: [0x20, ...unsigned(index)], set: (...value) => code(...value, [0x21, ...unsigned(index)]) };
}

/** Numbers the local variables of a function: its parameters, then the others as they are asked for. */
export class Locals {
  /** Types of the variables that are not parameters, for `assemble()`. */
  readonly types: number[] = [];
  /** Number of parameters, all i32. */
  readonly parameters: number;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  i32(): Local {
    return this.#next(VALUE_TYPES.i32);
  }

  i64(): Local {
    return this.#next(VALUE_TYPES.i64);
  }

  v128(): Local {
    return this.#next(VALUE_TYPES.v128);
  }

  #next(type: number): Local {
    this.types.push(type);
    return local(this.parameters + this.types.length - 1);
  }
}

/** Operators with two operands and no immediate. */
const binary = (opcode: number) => (left: Code, right: Code): Code => code(left, right, [opcode]);

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: (...operands: Code[]): Code => code(...operands, [0x6a]),
  subtract: binary(0x6b),
  multiply: (...operands: Code[]): Code => code(...operands, [0x6c]),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shiftLeft: binary(0x74),
  shiftRight: (...operands: Code[]): Code => code(...operands, [0x75]),
  shiftRightUnsigned: binary(0x76),
  isZero: (value: Code): Code => code(value, [0x45]),
  equal: binary(0x46),
  less: (...operands: Code[]): Code => code(...operands, [0x48]),
  greater: (...operands: Code[]): Code => code(...operands, [0x4a]),
  load: (address: Code, offset = 0): Code => code(address, [0x28, 2, ...unsigned(offset)]),
  /** Loads a byte, zero-extended. */
  load8: (address: Code): Code => code(address, [0x2d, 0, 0]),
  /** Loads 16 bits, sign-extended. */
  load16: (address: Code): Code => code(address, [0x2e, 1, 0]),
  store: (address: Code, value: Code, offset = 0): Code => code(address, value, [0x36, 2, ...unsigned(offset)]),
  store8: (address: Code, value: Code): Code => code(address, value, [0x3a, 0, 0]),
  store16: (address: Code, value: Code): Code => code(address, value, [0x3b, 1, 0]),
  /** The low half of an i64. */
  wrap: (value: Code): Code => code(value, [0xa7]),
  /** `condition ? yes : no`. */
  select: (yes: Code, no: Code, condition: Code): Code => code(yes, no, condition, [0x1b]),
};

export const i64 = {
  const: (value: number): Code => [0x42, ...signed(value)],
  or: binary(0x84),
  shiftLeft: binary(0x86),
  shiftRight: binary(0x87),
  shiftRightUnsigned: binary(0x88),
  /** Loads eight bytes, little-endian, at any address. */
  load: (address: Code): Code => code(address, [0x29, 0, 0]),
  /** An i32, zero-extended. */
  extend: (value: Code): Code => code(value, [0xad]),
};

const vector = (opcode: number) => (...operands: Code[]): Code => code(...operands, [0xfd, ...unsigned(opcode)]);

export const simd = {
  zero: (): Code => code([0xfd, ...unsigned(12)], new Array<number>(16).fill(0)),
  load: (address: Code, offset = 0): Code => code(address, [0xfd, ...unsigned(0), 0, ...unsigned(offset)]),
  store: (address: Code, value: Code, offset = 0): Code =>
    code(address, value, [0xfd, ...unsigned(11), 0, ...unsigned(offset)]),
  /** Loads eight bytes and zero-extends them to 16 bits. */
  load8x8: (address: Code): Code => code(address, [0xfd, ...unsigned(2), 0, 0]),
  /** Stores one of the vector's parts of `bytes` bytes (1, 2, 4 or 8). */
  storeLane: (address: Code, value: Code, { bytes, lane }: { bytes: 1 | 2 | 4 | 8; lane: number }): Code =>
    code(address, value, [0xfd, ...unsigned(88 + Math.log2(bytes)), 0, 0, lane]),
  /** Bytes of two vectors by number: 0 to 15 of the first, 16 to 31 of the second. */
  shuffle: (left: Code, right: Code, bytes: readonly number[]): Code =>
    code(left, right, [0xfd, ...unsigned(13), ...bytes]),
  splatByte: vector(15),
  splat: vector(17),
  equalBytes: vector(35),
  /** 1 if any bit is set, else 0, as an i32. */
  any: vector(83),
  /** Multiplies eight pairs of signed 16-bit numbers and adds adjacent products, giving four 32-bit numbers. */
  dot: vector(186),
  add: vector(174),
  subtract: vector(177),
  multiply: vector(181),
  /** Products of the first, or the last, four pairs of signed 16-bit numbers, as 32-bit numbers. */
  multiplyLow16: vector(188),
  multiplyHigh16: vector(189),
  add16: vector(142),
  /** Saturates two vectors of signed 32-bit numbers to one of signed 16-bit numbers. */
  narrow32: vector(133),
  /** Saturates two vectors of signed 16-bit numbers to one of bytes. */
  narrow16: vector(102),
  shiftLeft: (value: Code, bits: number): Code => code(value, i32.const(bits), [0xfd, ...unsigned(171)]),
  shiftRight: (value: Code, bits: number): Code => code(value, i32.const(bits), [0xfd, ...unsigned(172)]),
  lane: (value: Code, lane: number): Code => code(value, [0xfd, ...unsigned(27), lane]),
};

/** Runs the body if the condition is not zero. */
export function when(condition: Code, ...body: Code[]): Code {
  return code(condition, [0x04, VOID], ...body, [0x0b]);
}

/** Runs the first part if the condition is not zero, else the second. */
export function choose(condition: Code, yes: Code, no: Code): Code {
  return code(condition, [0x04, VOID], yes, [0x05], no, [0x0b]);
}

/** Ends the function. */
export const leave: Code = [0x0f];

/** A do-while loop. */
export function repeatWhile(condition: Code, ...body: Code[]): Code {
  return code([0x03, VOID], ...body, condition, [0x0d, 0, 0x0b]);
}

/**
 * Assembles a module that exports one function, `run`, and imports its memory as `env.memory`. All parameters are i32.
 */
export function assemble(body: Code, options: { parameters: number; locals: readonly number[] }): WebAssembly.Module {
  const { parameters, locals } = options;
  const groups = locals.map((type) => [1, type]);
  const content = code([...unsigned(locals.length)], ...groups, body, [0x0b]);
  return new WebAssembly.Module(Uint8Array.from(code(
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, [1, 0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(VALUE_TYPES.i32), 0]),
    section(2, [1, ...text("env"), ...text("memory"), 2, 0, 1]),
    section(3, [1, 0]),
    section(7, [1, ...text("run"), 0, 0]),
    section(10, [1, ...unsigned(content.length), ...content]),
  )));
}

/** Grows a memory to at least the given number of bytes. */
export function ensureBytes(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function text(name: string): Code {
  return [name.length, ...new TextEncoder().encode(name)];
}

/** LEB128, unsigned. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  do {
    const low = value & 0x7f;
    value >>>= 7;
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

/** LEB128, signed, 32 bits. */
function signed(value: number): Code {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const done = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
