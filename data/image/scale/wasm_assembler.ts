/**
 * A minimal WebAssembly assembler (with 128-bit SIMD) for a single hand-written function: instructions are functions
 * that return their encoding, and a body is their concatenation. Opcodes as in the WebAssembly specification 2.0,
 * section 5.
 *
 * @module
 */

/** Encoded instructions. */
export type Code = readonly number[];

export const VALUE_TYPES = { i32: 0x7f, v128: 0x7b } as const;
const VOID = 0x40;
const PAGE = 65536;

export function code(...parts: readonly Code[]): Code {
  return parts.flat();
}

/** Accessors of the local variable with the given index. */
export function local(index: number): { get: Code; set(...value: Code[]): Code } {
  return { get: [0x20, ...unsigned(index)], set: (...value) => code(...value, [0x21, ...unsigned(index)]) };
}

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: (...operands: Code[]): Code => code(...operands, [0x6a]),
  multiply: (...operands: Code[]): Code => code(...operands, [0x6c]),
  shiftRight: (...operands: Code[]): Code => code(...operands, [0x75]),
  less: (...operands: Code[]): Code => code(...operands, [0x48]),
  greater: (...operands: Code[]): Code => code(...operands, [0x4a]),
  load: (address: Code): Code => code(address, [0x28, 2, 0]),
  store8: (address: Code, value: Code): Code => code(address, value, [0x3a, 0, 0]),
  /** `condition ? yes : no`. */
  select: (yes: Code, no: Code, condition: Code): Code => code(yes, no, condition, [0x1b]),
};

export const simd = {
  zero: (): Code => code([0xfd, ...unsigned(12)], new Array<number>(16).fill(0)),
  load: (address: Code): Code => code(address, [0xfd, ...unsigned(0), 1, 0]),
  /** Loads eight bytes and zero-extends them to 16 bits. */
  load8x8: (address: Code): Code => code(address, [0xfd, ...unsigned(2), 0, 0]),
  /** Multiplies eight pairs of signed 16-bit numbers and adds adjacent products, giving four 32-bit numbers. */
  dot: (...operands: Code[]): Code => code(...operands, [0xfd, ...unsigned(186)]),
  add: (...operands: Code[]): Code => code(...operands, [0xfd, ...unsigned(174)]),
  shiftLeft: (value: Code, bits: number): Code => code(value, i32.const(bits), [0xfd, ...unsigned(171)]),
  lane: (value: Code, lane: number): Code => code(value, [0xfd, ...unsigned(27), lane]),
};

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
