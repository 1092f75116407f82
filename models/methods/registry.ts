/**
 * The methods by name. To add one, add a file to this folder and a line here.
 *
 * @module
 */
import { alignedAe } from "./aligned_ae.ts";
import type { Method } from "./method.ts";
import { dmvae } from "./dmvae.ts";
import { helvae } from "./helvae.ts";
import { frontal, independent, lateral } from "./independent.ts";
import { avg, moe, mopoe, poe } from "./joint.ts";
import { mmvaePlus } from "./mmvae_plus.ts";
import { mmvm } from "./mmvm.ts";
import { mvtcae } from "./mvtcae.ts";

const METHODS: readonly Method[] = [
  mmvm,
  independent,
  poe,
  moe,
  mopoe,
  avg,
  helvae,
  mvtcae,
  dmvae,
  mmvaePlus,
  frontal,
  lateral,
  alignedAe,
];

/** Names of all methods. */
export const METHOD_NAMES: readonly string[] = METHODS.map((method) => method.name);

/**
 * Looks up a method by name.
 *
 * @throws {RangeError} for an unknown name, listing the known ones.
 */
export function methodOf(name: string): Method {
  const found = METHODS.find((method) => method.name === name);
  if (!found) throw new RangeError(`there is no method ${name}; there are ${METHOD_NAMES.join(", ")}`);
  return found;
}
