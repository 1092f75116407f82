/**
 * The phantoms of tasks that were given no data.
 *
 * @module
 */
import { writePhantoms } from "../data/mod.ts";
import { startProgress } from "./progress.ts";

/** The folder of what can be made again. */
export const CACHE = "cache";

/** How many phantoms, and their seed. */
export interface PhantomChoice {
  readonly studies: number;
  readonly seed: number;
}

/** Where such phantoms are. */
export function phantomRoot({ studies, seed }: PhantomChoice): string {
  return `${CACHE}/phantoms-${studies}-${seed}`;
}

/** Draws them, unless they are there. */
export async function drawPhantoms(phantoms: PhantomChoice, { signal }: { signal: AbortSignal }): Promise<void> {
  const { studies, seed } = phantoms;
  using progress = startProgress("drawing phantoms", { total: studies });
  await writePhantoms(phantomRoot(phantoms), {
    studies,
    seed,
    signal,
    onProgress: ({ done }) => progress.update(done),
  });
}
