/**
 * One pass of libjpeg's integer transforms ("islow", jidctint.c and jidctred.c), in vectors of four lines each.
 *
 * @module
 */
import { type Code, code, type Local, type Locals, simd } from "../../wasm/assembler.ts";

/** Constants with 13 fraction bits, by name as the sources have them; the kernel reads them from memory. */
export const CONSTANTS = {
  fix0298: 2446,
  fix0390: -3196,
  fix0541: 4433,
  fix0765: 6270,
  fix0899: -7373,
  fix1175: 9633,
  fix1501: 12299,
  fix1847: -15137,
  fix1961: -16069,
  fix2053: 16819,
  fix2562: -20995,
  fix3072: 25172,
  even2: 15137,
  even6: -6270,
  odd7a: -1730,
  odd5a: 11893,
  odd3a: -17799,
  odd1a: 8697,
  odd7b: -4176,
  odd5b: -4926,
  odd3b: 7373,
  odd1b: 20995,
  half7: -5906,
  half5: 6967,
  half3: -10426,
  half1: 29692,
} as const;

const NAMES = Object.keys(CONSTANTS) as (keyof typeof CONSTANTS)[];

/** All constants, each four times. */
export function constantVectors(): Int32Array {
  return Int32Array.from(NAMES.flatMap((name) => new Array<number>(4).fill(CONSTANTS[name])));
}

/** Fraction bits of the constants. */
export const CONST_BITS = 13;

/** Where one pass reads and writes: its lines' vectors by frequency, and the constants' address. */
export interface Line {
  readonly locals: Locals;
  readonly constants: Local;
  /** The coefficients by frequency. */
  readonly input: readonly Code[];
}

/** The code of a pass, and its results before they are rounded. */
export interface Pass {
  readonly body: Code;
  readonly results: readonly Code[];
}

/** Collects assignments to new variables. */
class Steps {
  readonly #line: Line;
  readonly #parts: Code[] = [];

  constructor(line: Line) {
    this.#line = line;
  }

  get body(): Code {
    return code(...this.#parts);
  }

  keep(value: Code): Code {
    const variable = this.#line.locals.v128();
    this.#parts.push(variable.set(value));
    return variable.get;
  }

  times(value: Code, name: keyof typeof CONSTANTS): Code {
    return simd.multiply(value, simd.load(this.#line.constants.get, 16 * NAMES.indexOf(name)));
  }

  product(value: Code, name: keyof typeof CONSTANTS): Code {
    return this.keep(this.times(value, name));
  }

  sum(first: Code, ...others: Code[]): Code {
    return this.keep(others.reduce((total, each) => simd.add(total, each), first));
  }

  difference(left: Code, right: Code): Code {
    return this.keep(simd.subtract(left, right));
  }
}

/** Eight results: `jpeg_idct_islow`. */
export function passOf8(line: Line): Pass {
  const steps = new Steps(line);
  const [c0, c1, c2, c3, c4, c5, c6, c7] = line.input as [Code, Code, Code, Code, Code, Code, Code, Code];
  const shared = steps.product(simd.add(c2, c6), "fix0541");
  const even2 = steps.sum(shared, steps.times(c6, "fix1847"));
  const even3 = steps.sum(shared, steps.times(c2, "fix0765"));
  const even0 = steps.keep(simd.shiftLeft(simd.add(c0, c4), CONST_BITS));
  const even1 = steps.keep(simd.shiftLeft(simd.subtract(c0, c4), CONST_BITS));
  const evens = [
    steps.sum(even0, even3),
    steps.sum(even1, even2),
    steps.difference(even1, even2),
    steps.difference(even0, even3),
  ];
  const z3 = steps.sum(c7, c3);
  const z4 = steps.sum(c5, c1);
  const z5 = steps.product(simd.add(z3, z4), "fix1175");
  const a3 = steps.sum(steps.times(z3, "fix1961"), z5);
  const a4 = steps.sum(steps.times(z4, "fix0390"), z5);
  const a1 = steps.product(simd.add(c7, c1), "fix0899");
  const a2 = steps.product(simd.add(c5, c3), "fix2562");
  const odds = [
    steps.sum(steps.times(c1, "fix1501"), a1, a4),
    steps.sum(steps.times(c3, "fix3072"), a2, a3),
    steps.sum(steps.times(c5, "fix2053"), a2, a4),
    steps.sum(steps.times(c7, "fix0298"), a1, a3),
  ];
  return { body: steps.body, results: mirror(evens, odds) };
}

/** Four results, each for two pixels: `jpeg_idct_4x4`, which does not need frequency 4. */
export function passOf4(line: Line): Pass {
  const steps = new Steps(line);
  const [c0, c1, c2, c3, , c5, c6, c7] = line.input as [Code, Code, Code, Code, Code, Code, Code, Code];
  const mean = steps.keep(simd.shiftLeft(c0, CONST_BITS + 1));
  const even = steps.sum(steps.times(c2, "even2"), steps.times(c6, "even6"));
  const sumOf = (suffix: "a" | "b") =>
    steps.sum(
      steps.times(c7, `odd7${suffix}`),
      steps.times(c5, `odd5${suffix}`),
      steps.times(c3, `odd3${suffix}`),
      steps.times(c1, `odd1${suffix}`),
    );
  const evens = [steps.sum(mean, even), steps.difference(mean, even)];
  return { results: mirror(evens, [sumOf("b"), sumOf("a")]), body: steps.body };
}

/** Two results, each for four pixels: `jpeg_idct_2x2`, which needs frequency 0 and the odd ones. */
export function passOf2(line: Line): Pass {
  const steps = new Steps(line);
  const [c0, c1, , c3, , c5, , c7] = line.input as [Code, Code, Code, Code, Code, Code, Code, Code];
  const mean = steps.keep(simd.shiftLeft(c0, CONST_BITS + 2));
  const odd = steps.sum(
    steps.times(c7, "half7"),
    steps.times(c5, "half5"),
    steps.times(c3, "half3"),
    steps.times(c1, "half1"),
  );
  return { results: mirror([mean], [odd]), body: steps.body };
}

/** The sums of even and odd parts, then the differences in the reverse order. */
function mirror(evens: readonly Code[], odds: readonly Code[]): Code[] {
  const sums = evens.map((even, i) => simd.add(even, odds[i]!));
  const differences = evens.map((even, i) => simd.subtract(even, odds[i]!));
  return [...sums, ...differences.reverse()];
}
