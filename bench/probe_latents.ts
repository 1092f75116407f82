/**
 * Synthetic latents of the published protocol's size for benchmarks of probes: 20,000 x 256, generated from a few
 * factors.
 *
 * @module
 */
import type { Matrix } from "../eval/probes/matrix.ts";
import { FastRandom } from "../base/random.ts";

const FACTORS = 8;

function normal(random: FastRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

/** Draws latents, and a label that depends on some of the factors linearly and through a product. */
export function drawLatents(
  { rows, columns = 256, seed, cut = 1 }: { rows: number; columns?: number; seed: number; cut?: number },
): { features: Matrix; target: Int8Array } {
  const shared = new FastRandom(0);
  const mixing = Float64Array.from({ length: FACTORS * columns }, () => normal(shared));
  const random = new FastRandom(1, seed);
  const values = new Float32Array(rows * columns);
  const target = new Int8Array(rows);
  const factors = new Float64Array(FACTORS);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < FACTORS; k++) factors[k] = normal(random);
    for (let j = 0; j < columns; j++) {
      let sum = 3 * normal(random);
      for (let k = 0; k < FACTORS; k++) sum += factors[k]! * mixing[k * columns + j]!;
      values[i * columns + j] = sum;
    }
    target[i] = factors[0]! + factors[1]! * factors[2]! / 2 + normal(random) > cut ? 1 : 0;
  }
  return { features: { values, rows, columns }, target };
}
