/**
 * One case of fuzzing, which its reader's name and its number determine.
 *
 * @module
 */
import { SeededRandom } from "../../base/random.ts";
import { sentenceForUser } from "../../cli/terminal/errors.ts";
import { ImageError } from "../../data/image/image_error.ts";
import { mutate } from "./mutate.ts";
import type { Reader } from "./reader.ts";

/** The outcome of a case. */
export type FuzzOutcome = { readonly kind: "read" | "refused" } | { readonly kind: "bug"; readonly error: unknown };

/** The mutated input `number` of a seed. */
export function fuzzInput(reader: Reader, { seed, number }: { seed: number; number: number }): Uint8Array {
  const random = new SeededRandom("fuzz", reader.name, seed, number);
  const changed = mutate(reader.inputs, random, reader);
  return reader.repair && random.below(2) === 0 ? reader.repair(changed) : changed;
}

/** Reads an input. Any error that is not meant for the user is a bug. */
export async function readCase(reader: Reader, input: Uint8Array): Promise<FuzzOutcome> {
  try {
    await reader.read(input);
    return { kind: "read" };
  } catch (error) {
    const expected = error instanceof ImageError || (error instanceof Error && sentenceForUser(error) !== undefined);
    return expected ? { kind: "refused" } : { kind: "bug", error };
  }
}

/** Reads the mutated input `number` of a seed. */
export async function fuzzCase(reader: Reader, which: { seed: number; number: number }): Promise<FuzzOutcome> {
  return await readCase(reader, fuzzInput(reader, which));
}
