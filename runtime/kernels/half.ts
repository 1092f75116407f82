/**
 * Kernels over buffers of float16: the text of a kernel is turned into one that stores some of its buffers as float16 and goes on
 * computing in float32. There is one copy of every kernel, and nothing in it knows of this.
 *
 * In what a half binding is declared as, `array<f32>` becomes `array<f16>` and `array<vec4f>` becomes `array<vec4h>`; a read `x[i]` becomes
 * `vec4f(x[i])`, a store `y[i] = value;` becomes `y[i] = vec4h(value);`, which rounds to nearest even. A kernel that moves words without
 * looking at them declares `array<u32>` or `array<vec4u>`: it gets the bits of the float32 value, and stores are rounded likewise. So one
 * side of a copy may be float16 and the other not.
 *
 * The transformation is strict: any use of a binding that is not one of these (a pointer, a compound assignment, a store to one component) is
 * a {@link halfFault}, and what the binding holds then stays float32.
 *
 * Texels come from a texture of rgba16float where all operands are float16, else from two textures; see `texels.ts`.
 *
 * @module
 */

/** Which of a dispatch's storage bindings, and of its operands that are read as texels, hold float16. */
export interface HalfBindings {
  readonly bindings: readonly boolean[];
  readonly texels: readonly boolean[];
}

/** True where a dispatch has a float16 operand. */
export function hasHalf({ bindings, texels }: HalfBindings): boolean {
  return bindings.includes(true) || texels.includes(true);
}

interface Element {
  readonly stored: "f16" | "vec2h" | "vec4h";
  readonly value: string;
  /** The float type whose bits the kernel moves, where it declares words. */
  readonly bits?: string;
}

const ELEMENTS: Readonly<Record<string, Element>> = {
  f32: { stored: "f16", value: "f32" },
  vec2f: { stored: "vec2h", value: "vec2f" },
  vec4f: { stored: "vec4h", value: "vec4f" },
  u32: { stored: "f16", value: "u32", bits: "f32" },
  vec2u: { stored: "vec2h", value: "vec2u", bits: "vec2f" },
  vec4u: { stored: "vec4h", value: "vec4u", bits: "vec4f" },
};

const DECLARATION =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>\s*(\w+)\s*:\s*array<(\w+)>\s*;/g;

const faults = new Map<string, Map<number, string | undefined>>();

/**
 * Why a kernel cannot have float16 in one of its storage bindings, as the end of a sentence; `undefined` where it can.
 *
 * @param binding Number of the binding.
 */
export function halfFault(code: string, binding: number): string | undefined {
  let known = faults.get(code);
  if (!known) faults.set(code, known = new Map());
  if (!known.has(binding)) {
    try {
      rewritten(withoutComments(code), binding);
      known.set(binding, undefined);
    } catch (error) {
      if (!(error instanceof HalfFault)) throw error;
      known.set(binding, error.message);
    }
  }
  return known.get(binding);
}

class HalfFault extends Error {}

/**
 * The text of a kernel with some of its buffers as float16.
 *
 * @throws {TypeError} naming the kernel and the binding that cannot be.
 */
export function withHalf(code: string, { kernel, halves }: { kernel: string; halves: HalfBindings }): string {
  if (!hasHalf(halves)) return code;
  let text = withoutComments(code);
  halves.bindings.forEach((half, binding) => {
    if (!half) return;
    try {
      text = rewritten(text, binding);
    } catch (error) {
      if (!(error instanceof HalfFault)) throw error;
      throw new TypeError(`kernel ${kernel} cannot read or write binding ${binding} as float16: it ${error.message}`);
    }
  });
  return `${halves.bindings.includes(true) ? "enable f16;\n" : ""}${halfTexels(text, { kernel, halves })}`;
}

/** Blanks, so that lines and columns stay what they were. */
function withoutComments(code: string): string {
  return code.replace(/\/\/[^\n]*/g, (comment) => " ".repeat(comment.length));
}

function rewritten(text: string, binding: number): string {
  const declaration = [...text.matchAll(DECLARATION)].find(([, index]) => Number(index) === binding);
  if (!declaration) throw new HalfFault("does not declare it as an array of one type");
  const [whole, , , name, type] = declaration as unknown as [string, string, string, string, string];
  const element = ELEMENTS[aliased(text, type)];
  if (!element) throw new HalfFault(`declares ${name} as an array of ${type}`);
  const start = declaration.index;
  const end = start + whole.length;
  const uses = new Uses(name, element);
  const declared = whole.replace(/array<\w+>/, `array<${element.stored}>`);
  return uses.rewriteModule(text.slice(0, start)) + declared + uses.rewriteModule(text.slice(end));
}

/** The type that a name stands for. */
function aliased(text: string, type: string): string {
  return new RegExp(`\\balias\\s+${type}\\s*=\\s*(\\w+)\\s*;`).exec(text)?.[1] ?? type;
}

/** Rewrites the uses of one binding. */
class Uses {
  readonly #pattern: RegExp;

  constructor(private readonly name: string, private readonly element: Element) {
    // Not the member of that name of a struct or vector.
    this.#pattern = new RegExp(`(?<![\\w.])${name}(?!\\w)`, "g");
  }

  /** Rewrites the text of a module, but for functions in which something else has the binding's name. */
  rewriteModule(text: string): string {
    let result = "";
    let done = 0;
    for (const { start, end } of functionsOf(text)) {
      if (start < done || !this.#isHidden(text.slice(start, end))) continue;
      result += this.rewrite(text.slice(done, start)) + text.slice(start, end);
      done = end;
    }
    return result + this.rewrite(text.slice(done));
  }

  /** True for a function with a parameter or a local variable of the binding's name, which then must not be indexed. */
  #isHidden(text: string): boolean {
    const { name } = this;
    if (!new RegExp(`[(,]\\s*${name}\\s*:|\\b(?:let|var|const)\\s+${name}\\b`).test(text)) return false;
    if (new RegExp(`(?<![\\w.])${name}\\s*\\[`).test(text)) {
      throw new HalfFault(`indexes ${name} in a function that has something else of this name`);
    }
    return true;
  }

  rewrite(text: string): string {
    let result = "";
    let done = 0;
    for (const { index } of text.matchAll(this.#pattern)) {
      // Within an index or a stored value that was rewritten already.
      if (index < done) continue;
      const { replaced, end } = this.#use(text, index);
      result += text.slice(done, index) + replaced;
      done = end;
    }
    return result + text.slice(done);
  }

  #use(text: string, start: number): { replaced: string; end: number } {
    const { name, element: { stored, value, bits } } = this;
    const before = text.slice(0, start).trimEnd();
    if (/(?:^|[^&\w)\]\s])\s*&$/.test(before)) throw new HalfFault(`takes a pointer to ${name}`);
    const open = skipSpace(text, start + name.length);
    if (text[open] !== "[") throw new HalfFault(`uses ${name} otherwise than by an index`);
    const close = closing(text, open);
    const place = `${name}[${this.rewrite(text.slice(open + 1, close))}]`;
    const after = skipSpace(text, close + 1);
    if (!isAssignment(text, after)) {
      if (changes(text, skipAccess(text, after))) throw new HalfFault(`changes a part of an element of ${name}`);
      const read = bits ? `bitcast<${value}>(${bits}(${place}))` : `${value}(${place})`;
      return { replaced: read, end: close + 1 };
    }
    const semicolon = text.indexOf(";", after);
    if (semicolon < 0 || !/[;{}]$/.test(before)) throw new HalfFault(`stores to ${name} in no statement of its own`);
    const rest = this.rewrite(text.slice(after + 1, semicolon)).trim();
    return { replaced: `${place} = ${stored}(${bits ? `bitcast<${bits}>(${rest})` : rest});`, end: semicolon + 1 };
  }
}

/** Where functions lie, from their names to the braces that close them. */
function functionsOf(text: string): { start: number; end: number }[] {
  return [...text.matchAll(/\bfn\s+\w+\s*\(/g)].map(({ index }) => ({
    start: index,
    end: closing(text, text.indexOf("{", index)) + 1,
  }));
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}

/** The bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if ("[({".includes(text[at]!)) depth++;
    if ("])}".includes(text[at]!) && --depth === 0) return at;
  }
  throw new HalfFault("has a bracket that does not close");
}

/** Past members and indices: `.xy`, `[i]`. */
function skipAccess(text: string, from: number): number {
  let at = from;
  for (;;) {
    const member = /^\.\s*\w+\s*/.exec(text.slice(at, at + 64));
    if (member) at += member[0].length;
    else if (text[at] === "[") at = skipSpace(text, closing(text, at) + 1);
    else return at;
  }
}

function isAssignment(text: string, at: number): boolean {
  return text[at] === "=" && text[at + 1] !== "=";
}

function changes(text: string, at: number): boolean {
  return isAssignment(text, at) || /^(\+\+|--|(?:[-+*/%&|^]|<<|>>)=(?!=))/.test(text.slice(at, at + 4));
}

const TEXELS = /@group\(0\)\s*@binding\((\d+)\)\s*var texels\s*:\s*texture_storage_2d<rgba32float, read>;/;
/** Functions that read a texel of the first and of the second operand, see shaders/shared/texels.wgsl. */
const READERS = ["first_texel", "second_texel"] as const;

function halfTexels(text: string, options: { kernel: string; halves: HalfBindings }): string {
  const { kernel, halves: { texels } } = options;
  if (!texels.includes(true)) return text;
  if (!texels.includes(false)) {
    return text.replace(TEXELS, (declared) => declared.replace("rgba32float", "rgba16float"));
  }
  const binding = TEXELS.exec(text)?.[1];
  if (binding === undefined || texels.length > READERS.length) {
    throw new TypeError(`kernel ${kernel} cannot read some of its texels as float16 and others not`);
  }
  const added = `\n@group(0) @binding(${Number(binding) + 1}) var half_texels: texture_storage_2d<rgba16float, read>;`;
  const declared = text.replace(TEXELS, (declaration) => declaration + added);
  const reader = READERS[texels.indexOf(true)]!;
  const body = new RegExp(`(fn ${reader}\\(i: u32\\) -> vec4f \\{\\s*return textureLoad\\()texels\\b`);
  if (!body.test(declared)) throw new TypeError(`kernel ${kernel} has no function ${reader}() that reads its texels`);
  return declared.replace(body, "$1half_texels");
}
