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

/** Methods of programs that use the library. */
const registered = new Map<string, Method>();

/** Names of all methods of the project. */
export const METHOD_NAMES: readonly string[] = METHODS.map((method) => method.name);

/**
 * Looks up a method by name.
 *
 * @throws {RangeError} for an unknown name, listing the known ones.
 */
export function methodOf(name: string): Method {
  const found = METHODS.find((method) => method.name === name) ?? registered.get(name);
  if (!found) {
    const known = [...METHOD_NAMES, ...registered.keys()];
    throw new RangeError(`there is no method ${name}; there are ${known.join(", ")}`);
  }
  return found;
}

/**
 * Makes a method of one's own known, so that models of its name can be made in this process.
 *
 * @throws {RangeError} for the name of another method.
 */
export function registerMethod(method: Method): void {
  const { name } = method;
  if (METHOD_NAMES.includes(name) || (registered.get(name) ?? method) !== method) {
    throw new RangeError(`there is a method ${name} already: give the new one another name`);
  }
  registered.set(name, method);
}
