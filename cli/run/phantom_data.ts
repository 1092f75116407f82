/**
 * The phantoms of tasks that were given no data.
 *
 * @module
 */
import { type PhantomLayout, writePhantoms } from "../../phantoms/mod.ts";
import { startProgress } from "../terminal/progress.ts";

/** The folder of what can be made again. */
export const CACHE = "cache";

/** How many phantoms, their seed, and the data set that they are written as, MIMIC-CXR-JPG unless given. */
export interface PhantomChoice {
  readonly studies: number;
  readonly seed: number;
  readonly layout?: PhantomLayout;
}

/** Where such phantoms are. */
export function phantomRoot({ studies, seed, layout = "mimic-cxr" }: PhantomChoice): string {
  return `${CACHE}/phantoms-${layout === "mimic-cxr" ? "" : `${layout}-`}${studies}-${seed}`;
}

/** Draws them, unless they are there. */
export async function drawPhantoms(phantoms: PhantomChoice, { signal }: { signal: AbortSignal }): Promise<void> {
  using progress = startProgress("drawing phantoms", { total: phantoms.studies });
  await writePhantoms(phantomRoot(phantoms), {
    ...phantoms,
    signal,
    onProgress: ({ done }) => progress.update(done),
  });
}
