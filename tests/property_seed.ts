/**
 * Loaded before the tests (`--preload`): gives the property tests the same random cases in every run, so that a change
 * fails for what it changed and not for a case that nobody had drawn before. `MMVM_PROPERTY_SEED=N` draws others, and
 * `MMVM_PROPERTY_SEED=random` new ones each time; a failure prints the seed that repeats it.
 *
 * @module
 */
import fc from "fast-check";

const DEFAULT_SEED = 20241101;

const asked = Deno.env.get("MMVM_PROPERTY_SEED") ?? String(DEFAULT_SEED);
if (asked !== "random") {
  const seed = Number(asked);
  if (!Number.isInteger(seed) || asked.trim() === "") {
    throw new RangeError(`MMVM_PROPERTY_SEED is ${JSON.stringify(asked)}, but must be an integer or random`);
  }
  fc.configureGlobal({ seed });
}
