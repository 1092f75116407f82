/**
 * The alignment methods by name. To add one, add a file to this folder and a line here.
 *
 * @module
 */
import { barlowTwins } from "./barlow_twins.ts";
import { clip } from "./clip.ts";
import type { AlignmentMethod } from "./method.ts";
import { vicreg } from "./vicreg.ts";

const METHODS: readonly AlignmentMethod[] = [barlowTwins, vicreg, clip];

/** Names of all alignment methods. */
export const ALIGNMENT_NAMES: readonly string[] = METHODS.map(({ name }) => name);

/**
 * Looks up an alignment method by name.
 *
 * @throws {RangeError} for an unknown name, listing the known ones.
 */
export function alignmentOf(name: string): AlignmentMethod {
  const found = METHODS.find((method) => method.name === name);
  if (!found) throw new RangeError(`there is no alignment method ${name}; there are ${ALIGNMENT_NAMES.join(", ")}`);
  return found;
}
