/**
 * Just enough of WebAssembly's binary format (with 128-bit SIMD) to write a function by hand: instructions are functions that give
 * bytes, operands first, and a body is their concatenation. Numbers as in the WebAssembly specification 2.0, section 5.
 */

/** Bytes of some code. */
export type Code = readonly number[];

export const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;
const VOID = 0x40;
const PAGE = 65536;

export function code(...parts: readonly Code[]): Code {
  return parts.flat();
}

/** A local variable. */
export interface Local {
  get: Code;
  set(...value: Code[]): Code;
}

export function local(index: number): Local {
  return { get: [0x20, ...unsigned(index)], set: (...value) => code(...value, [0x21, ...unsigned(index)]) };
}

/** An instruction that takes operands from the stack. */
function operator(...opcode: number[]): (...operands: Code[]) => Code {
  return (...operands) => code(...operands, opcode);
}

function vector(opcode: number): (...operands: Code[]) => Code {
  return operator(0xfd, ...unsigned(opcode));
}

/** A load or store: opcode, alignment (of no effect), offset in bytes. */
function access(...opcode: number[]): (offset: number, ...operands: Code[]) => Code {
  return (offset, ...operands) => code(...operands, opcode, [0], unsigned(offset));
}

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: operator(0x6a),
  subtract: operator(0x6b),
  multiply: operator(0x6c),
  and: operator(0x71),
  shiftLeft: operator(0x74),
  shiftRight: operator(0x75),
  shiftRightUnsigned: operator(0x76),
  isZero: operator(0x45),
  less: operator(0x48),
  greater: operator(0x4a),
  extend16: operator(0xc1),
  load: access(0x28),
  load16Unsigned: access(0x2f),
  store: access(0x36),
  store8: access(0x3a),
  /** `condition ? yes : no`. */
  select: (yes: Code, no: Code, condition: Code): Code => code(yes, no, condition, [0x1b]),
};

export const i64 = {
  load: access(0x29),
  shiftLeft: operator(0x86),
  shiftRightUnsigned: operator(0x88),
  rotateLeft: operator(0x89),
  const: (value: number): Code => [0x42, ...signed(value)],
  /** From an i32 without sign. */
  extend: operator(0xad),
  /** The low half as an i32. */
  wrap: operator(0xa7),
};

export const simd = {
  zero: (): Code => code([0xfd, ...unsigned(12)], new Array<number>(16).fill(0)),
  load: access(0xfd, ...unsigned(0)),
  store: access(0xfd, ...unsigned(11)),
  /** Eight bytes as eight 16-bit numbers. */
  load8x8: access(0xfd, ...unsigned(2)),
  /** A 32-bit number in all four lanes. */
  splat: (value: number): Code => code(i32.const(value), [0xfd, ...unsigned(17)]),
  add: vector(174),
  subtract: vector(177),
  multiply: vector(181),
  /** Products of eight pairs of signed 16-bit numbers, neighbours added: four 32-bit numbers. */
  dot: vector(186),
  shiftLeft: (value: Code, bits: number): Code => code(value, i32.const(bits), [0xfd, ...unsigned(171)]),
  shiftRight: (value: Code, bits: number): Code => code(value, i32.const(bits), [0xfd, ...unsigned(172)]),
  lane: (value: Code, lane: number): Code => code(value, [0xfd, ...unsigned(27), lane]),
  /** Two times four 32-bit numbers as eight signed 16-bit ones, saturated. */
  narrow32: vector(134),
  /** Two times eight 16-bit numbers as sixteen unsigned bytes, saturated. */
  narrow16: vector(102),
  /** Bytes of two vectors by number: 0 to 15 of the first, 16 to 31 of the second. */
  shuffle: (a: Code, b: Code, bytes: readonly number[]): Code => code(a, b, [0xfd, ...unsigned(13)], bytes),
};

/** Sets `length` bytes from `address` to zero. */
export function clear(address: number, length: number): Code {
  return code(i32.const(address), i32.const(0), i32.const(length), [0xfc, 11, 0]);
}

/** Runs the body once, and again while the condition holds. */
export function repeatWhile(condition: Code, ...body: Code[]): Code {
  return code([0x03, VOID], ...body, condition, [0x0d, 0, 0x0b]);
}

export function ifThen(condition: Code, yes: Code, no: Code = []): Code {
  return code(condition, [0x04, VOID], yes, no.length > 0 ? [0x05] : [], no, [0x0b]);
}

/** Leaves the function. */
export const leave: Code = [0x0f];

/** A module with one function, `run`, over a memory imported as `env.memory`. All its parameters are i32. */
export function assemble(body: Code, options: { parameters: number; locals: readonly number[] }): WebAssembly.Module {
  const { parameters, locals } = options;
  const groups = locals.map((type) => [1, type]);
  const content = code(unsigned(locals.length), ...groups, body, [0x0b]);
  return new WebAssembly.Module(Uint8Array.from(code(
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, code([1, 0x60], unsigned(parameters), new Array<number>(parameters).fill(VALUE_TYPES.i32), [0])),
    section(2, code([1], text("env"), text("memory"), [2, 0, 1])),
    section(3, [1, 0]),
    section(7, code([1], text("run"), [0, 0])),
    section(10, code([1], unsigned(content.length), content)),
  )));
}

/** A function of hand-written code with its memory. */
export interface Kernel {
  readonly memory: WebAssembly.Memory;
  run(...parameters: number[]): void;
}

/** Makes a module's function callable, with a memory of its own. */
export function instantiate(module: WebAssembly.Module): Kernel {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, run: exports.run as Kernel["run"] };
}

/** Grows a memory to at least some number of bytes. */
export function ensureBytes(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
}

/** Numbers local variables by name, from `first`. */
export function nameLocals<const T extends string>(names: readonly T[], first = 0): Record<T, Local> {
  return Object.fromEntries(names.map((name, i) => [name, local(first + i)])) as Record<T, Local>;
}

function section(id: number, content: Code): Code {
  return code([id], unsigned(content.length), content);
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
