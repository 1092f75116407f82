/**
 * One case of fuzzing, which its reader's name and its number determine.
 *
 * @module
 */
import { SeededRandom } from "../../base/random.ts";
import { sentenceForUser } from "../../cli/terminal/errors.ts";
import { ImageError } from "../../data/image/image_error.ts";
import { mutate } from "./mutate.ts";
import type { Reader } from "./readers.ts";

/** The outcome of a case. */
export type FuzzOutcome = { readonly kind: "read" | "refused" } | { readonly kind: "bug"; readonly error: unknown };

/** Reads the mutated input `number` of a seed. Any error that is not meant for the user is a bug. */
export async function fuzzCase(
  reader: Reader,
  { seed, number }: { seed: number; number: number },
): Promise<FuzzOutcome> {
  const random = new SeededRandom("fuzz", reader.name, seed, number);
  const changed = mutate(reader.inputs, random, reader);
  const input = reader.repair && random.below(2) === 0 ? reader.repair(changed) : changed;
  try {
    await reader.read(input);
    return { kind: "read" };
  } catch (error) {
    const expected = error instanceof ImageError || (error instanceof Error && sentenceForUser(error) !== undefined);
    return expected ? { kind: "refused" } : { kind: "bug", error };
  }
}
