/**
 * The phantoms used by tasks without `--data`.
 *
 * @module
 */
import { type PhantomLayout, writePhantoms } from "../../phantoms/mod.ts";
import { startProgress } from "../terminal/progress.ts";

/** Folder for data that can be regenerated. */
export const CACHE = "cache";

/** Folder of the experiments' runs and reports. */
export const EXPERIMENTS_FOLDER = "runs/experiments";

/** Number of phantoms, their seed, their layout (MIMIC-CXR-JPG's by default), and the share of faint findings. */
export interface PhantomChoice {
  readonly studies: number;
  readonly seed: number;
  readonly layout?: PhantomLayout;
  readonly faintFindings?: number;
}

/** The directory of such phantoms. */
export function phantomRoot({ studies, seed, layout = "mimic-cxr", faintFindings = 0 }: PhantomChoice): string {
  const kind = `${layout === "mimic-cxr" ? "" : `${layout}-`}${faintFindings === 0 ? "" : `faint-${faintFindings}-`}`;
  return `${CACHE}/phantoms-${kind}${studies}-${seed}`;
}

/** Draws phantoms unless they exist already. */
export async function drawPhantoms(phantoms: PhantomChoice, { signal }: { signal: AbortSignal }): Promise<void> {
  using progress = startProgress("drawing phantoms", { total: phantoms.studies });
  await writePhantoms(phantomRoot(phantoms), {
    ...phantoms,
    signal,
    onProgress: ({ done }) => progress.update(done),
  });
}
