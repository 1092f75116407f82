/**
 * Unrolls loops and picks variants in the WGSL of kernels.
 *
 * A kernel's file is WGSL that editors can read; what has to be written out before it is compiled stands in comments:
 *
 * - `//#for I in 4` ... `//#end` repeats the lines between them with I = 0, 1, 2, 3. The bounds are numbers or names
 *   of values, and `//#for I in 1..ROWS` begins at 1. The capital letter I becomes the round's number where it is a
 *   word of its own or a part of a name between underscores: `sum_I += row_I[I]` is `sum_0 += row_0[0]` in the first
 *   round;
 * - `//#if FLAG` ... `//#else` ... `//#end` keeps one part: the second if the value is false or 0. FLAG may be the
 *   letter of a loop, and `//#if !FLAG` is its opposite.
 *
 * Sections nest. Numbers and types need no directive: kernels use the constants and aliases of the generated
 * declarations, see `declarations.ts`. Sizes of a shape belong into uniforms, so that shapes share pipelines.
 *
 * @module
 */

/** What a kernel's text is expanded with: numbers, types, and flags for `//#if`. */
export type KernelValues = Readonly<Record<string, string | number | boolean>>;

interface Loop {
  readonly kind: "for";
  readonly letter: string;
  readonly from: string;
  readonly to: string;
  readonly body: readonly Part[];
}

interface Choice {
  readonly kind: "if";
  readonly name: string;
  readonly yes: readonly Part[];
  readonly no: readonly Part[];
}

type Part = string | Loop | Choice;

const DIRECTIVE = /^\s*\/\/#(.*)$/;
const WORD = /\b[A-Za-z]\w*/g;
const parsed = new Map<string, readonly Part[]>();

/**
 * The text with its loops unrolled and its conditions decided.
 *
 * @example
 * ```ts
 * expand("//#for I in COUNT\nsum_I += a[I];\n//#end\n", { COUNT: 2 }); // "sum_0 += a[0];\nsum_1 += a[1];\n"
 * ```
 * @throws {TypeError} for a directive that cannot be read, a section that is not closed, or a name without a value.
 */
export function expand(text: string, values: KernelValues): string {
  if (!text.includes("//#")) return text;
  let parts = parsed.get(text);
  if (!parts) parsed.set(text, parts = parse(text));
  return render(parts, { values, letters: new Map() });
}

function parse(text: string): Part[] {
  const lines = text.split(/(?<=\n)/);
  let next = 0;

  /** Reads up to the directive that closes the section, or to the end of the text at the top level. */
  function section(open?: string): { parts: Part[]; closedBy: string } {
    const parts: Part[] = [];
    let plain = "";
    const flush = () => {
      if (plain) parts.push(plain);
      plain = "";
    };
    while (next < lines.length) {
      const line = lines[next++]!;
      const directive = DIRECTIVE.exec(line.trimEnd())?.[1]?.trim();
      if (directive === undefined) {
        plain += line;
        continue;
      }
      flush();
      if (open && (directive === "end" || (directive === "else" && open === "if"))) {
        return { parts, closedBy: directive };
      }
      parts.push(sectionOf(directive));
    }
    flush();
    if (open) throw new TypeError(`a kernel's //#${open} has no //#end`);
    return { parts, closedBy: "" };
  }

  function sectionOf(directive: string): Part {
    const [, name] = /^if (!?\w+)$/.exec(directive) ?? [];
    if (name) {
      const yes = section("if");
      return { kind: "if", name, yes: yes.parts, no: yes.closedBy === "else" ? section("else").parts : [] };
    }
    const [, letter, from = "0", to] = /^for ([A-Z]) in (?:(\w+)\.\.)?(\w+)$/.exec(directive) ?? [];
    if (letter && to) return { kind: "for", letter, from, to, body: section("for").parts };
    throw new TypeError(
      `a kernel has the directive //#${directive}, which is none of for, if, else and end, or misplaced`,
    );
  }

  return section().parts;
}

interface Scope {
  readonly values: KernelValues;
  readonly letters: ReadonlyMap<string, number>;
}

function render(parts: readonly Part[], scope: Scope): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += withLetters(part, scope.letters);
    else if (part.kind === "if") {
      const isSet = part.name.startsWith("!") ? !lookUp(part.name.slice(1), scope) : lookUp(part.name, scope);
      text += render(isSet ? part.yes : part.no, scope);
    } else text += repeat(part, scope);
  }
  return text;
}

function repeat(loop: Loop, scope: Scope): string {
  const { letter } = loop;
  if (letter in scope.values) throw new TypeError(`a kernel's loop over ${letter} hides a value of that name`);
  const [from, to] = [loop.from, loop.to].map((bound) => /^\d+$/.test(bound) ? Number(bound) : lookUp(bound, scope));
  if (!Number.isInteger(from) || !Number.isInteger(to)) {
    throw new TypeError(`a kernel's loop over ${letter} needs whole numbers, got ${from} to ${to}`);
  }
  let text = "";
  for (let i = Number(from); i < Number(to); i++) {
    text += render(loop.body, { ...scope, letters: new Map([...scope.letters, [letter, i]]) });
  }
  return text;
}

function withLetters(text: string, letters: ReadonlyMap<string, number>): string {
  if (letters.size === 0) return text;
  return text.replace(WORD, (word) => {
    const parts = word.split("_");
    return parts.some((part) => letters.has(part)) ? parts.map((part) => letters.get(part) ?? part).join("_") : word;
  });
}

function lookUp(name: string, { values, letters }: Scope): string | number | boolean {
  const value = letters.get(name) ?? values[name];
  if (value === undefined) throw new TypeError(`a kernel's directive uses ${name}, which has no value`);
  return value;
}
