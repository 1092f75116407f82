import { DataError } from "../../base/errors.ts";

/** The stages at which something can be left out, in the order of the cohort table. */
export const DROP_STEPS = ["rows", "split", "labels", "files", "decoding", "views", "pairs"] as const;
export type DropStep = (typeof DROP_STEPS)[number];

/** What the count of a reason counts. */
export type DropUnit = "row" | "image" | "study";

/** Why something was left out. */
export interface DropReason {
  step: DropStep;
  reason: string;
  unit: DropUnit;
  /** True where the input is at fault; `strict` makes these errors. False for what a policy leaves out. */
  fault: boolean;
  /** True for what is only counted and named, and not left out. */
  kept?: true;
}

/** A reason with what it took. */
export interface DropEntry extends DropReason {
  count: number;
  /** The first few things left out, named. */
  examples: string[];
}

const MAX_EXAMPLES = 5;

/** Counts and names everything that was left out, by reason. In strict mode the first fault is thrown instead. */
export class DropLog {
  readonly strict: boolean;
  readonly #entries: DropEntry[] = [];
  readonly #codes = new Map<string, number>();

  constructor(options: { strict?: boolean } = {}) {
    this.strict = options.strict ?? false;
  }

  /**
   * Counts one thing left out and returns the code of its reason (from 1). Throws a {@linkcode DataError} when strict.
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

  /** The code of a reason, from 1; made when new. 0 is for what is kept. */
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

  /** The reason of a code. */
  entry(code: number): DropEntry {
    const entry = this.#entries[code - 1];
    if (entry === undefined) throw new RangeError(`drop code ${code} is unknown`);
    return entry;
  }

  /** All reasons that took something, in the order of the cohort table. */
  entries(): DropEntry[] {
    return this.#entries.filter((entry) => entry.count > 0).sort((a, b) =>
      DROP_STEPS.indexOf(a.step) - DROP_STEPS.indexOf(b.step)
    );
  }
}
