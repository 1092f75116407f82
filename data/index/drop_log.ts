/**
 * Counts of what was excluded from a data set, by reason, with examples.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";

/** The stages at which rows, images or studies can be excluded, in the order of the cohort table. */
export const DROP_STEPS = ["rows", "split", "labels", "texts", "files", "decoding", "views", "pairs"] as const;
/** One of {@linkcode DROP_STEPS}. */
export type DropStep = (typeof DROP_STEPS)[number];

/** The unit that a reason's count refers to. */
export type DropUnit = "row" | "image" | "study";

/** Why something was excluded. */
export interface DropReason {
  /** The stage at which it happened. */
  step: DropStep;
  /** The reason, as a phrase. */
  reason: string;
  /** What the count refers to. */
  unit: DropUnit;
  /** True for bad input, which is an error in strict mode; false for exclusions by policy. */
  fault: boolean;
  /** True for warnings, which are counted but exclude nothing. */
  kept?: true;
}

/** A reason with its count and examples. */
export interface DropEntry extends DropReason {
  /** How often it happened. */
  count: number;
  /** The names of the first few things excluded. */
  examples: string[];
}

const MAX_EXAMPLES = 5;

/** Counts everything that was excluded, by reason, with examples. In strict mode the first fault is thrown instead. */
export class DropLog {
  /** Whether the first fault is thrown instead of counted. */
  readonly strict: boolean;
  readonly #entries: DropEntry[] = [];
  readonly #codes = new Map<string, number>();

  /** An empty log. */
  constructor(options: { strict?: boolean } = {}) {
    this.strict = options.strict ?? false;
  }

  /**
   * Counts one exclusion and returns the code of its reason (from 1). In strict mode, throws a {@linkcode DataError}
   * for a fault.
   */
  add(reason: DropReason, example: string): number {
    if (this.strict && reason.fault) {
      throw new DataError(`${example}: ${reason.reason} (--strict makes every skip an error)`);
    }
    const code = this.code(reason);
    const entry = this.#entries[code - 1]!;
    entry.count++;
    if (entry.examples.length < MAX_EXAMPLES) entry.examples.push(example);
    return code;
  }

  /** The code of a reason (from 1), assigned on first use. Code 0 means kept. */
  code(reason: DropReason): number {
    const key = `${reason.step}\n${reason.reason}`;
    let code = this.#codes.get(key);
    if (code === undefined) {
      this.#entries.push({ ...reason, count: 0, examples: [] });
      code = this.#entries.length;
      if (code > 255) throw new RangeError("more than 255 reasons for leaving images out; reasons must not hold data");
      this.#codes.set(key, code);
    }
    return code;
  }

  /**
   * Adds the counts of another log, and returns this log's code for each of the other's codes; 0 stays 0.
   *
   * @throws {RangeError} if both together have more than 255 reasons.
   */
  absorb(other: DropLog): Uint8Array {
    const codes = new Uint8Array(other.#entries.length + 1);
    other.#entries.forEach(({ count, examples, ...reason }, i) => {
      codes[i + 1] = this.code(reason);
      const entry = this.#entries[codes[i + 1]! - 1]!;
      entry.count += count;
      entry.examples.push(...examples.slice(0, MAX_EXAMPLES - entry.examples.length));
    });
    return codes;
  }

  /** The reason with the given code. */
  entry(code: number): DropEntry {
    const entry = this.#entries[code - 1];
    if (entry === undefined) throw new RangeError(`drop code ${code} is unknown`);
    return entry;
  }

  /** All reasons with a nonzero count, in the order of the cohort table. */
  entries(): DropEntry[] {
    return this.#entries.filter((entry) => entry.count > 0).sort((a, b) =>
      DROP_STEPS.indexOf(a.step) - DROP_STEPS.indexOf(b.step)
    );
  }
}
