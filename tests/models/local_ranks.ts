/**
 * Ranks in one process, for the tests of parallel training.
 *
 * @module
 */
import type { Ranks } from "../../models/mod.ts";

/** Ranks whose sums end when all have come to them. */
export function localRanks(size: number): Ranks[] {
  let waiting: { values: Float32Array<ArrayBuffer>; done: () => void }[] = [];
  const sum = (values: Float32Array<ArrayBuffer>) =>
    new Promise<void>((done) => {
      waiting.push({ values, done });
      if (waiting.length < size) return;
      const all = waiting;
      waiting = [];
      const total = all.reduce(
        (sums, each) => sums.map((value, i) => value + each.values[i]!),
        new Float32Array(values.length),
      );
      for (const each of all) {
        each.values.set(total);
        each.done();
      }
    });
  return Array.from({ length: size }, (_, rank) => ({ rank, size, sum }));
}
