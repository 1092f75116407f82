/**
 * What the fuzzer needs to know of a reader of files.
 *
 * @module
 */

/** A reader under test. */
export interface Reader {
  readonly name: string;
  /** Whether inputs are also mutated as text. */
  readonly text: boolean;
  /** Recomputes checksums, in half of the cases. */
  readonly repair?: (input: Uint8Array) => Uint8Array;
  /** Valid inputs. */
  readonly inputs: readonly Uint8Array[];
  /** Reads an input, which may first be written to files in the folder. */
  readonly read: (input: Uint8Array) => Promise<unknown> | unknown;
}
