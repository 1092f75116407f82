/**
 * Output shared by the tasks that work on runs.
 *
 * @module
 */
import { dropEntries, type PreparePlan, type PrepareProgress } from "../../data/mod.ts";
import { measureFastDecode } from "../../phantoms/measure_fast_decode.ts";
import type { OpenRunDataOptions, RunData } from "../../training/mod.ts";
import { printable } from "../terminal/errors.ts";
import { startProgress } from "../terminal/progress.ts";

/**
 * Shows progress while data are opened, and measures for the cache's manifest; spread its handlers into the options of
 * `openRunData()`.
 */
export interface DataReporter extends Disposable {
  readonly measureDecode: NonNullable<OpenRunDataOptions["measureDecode"]>;
  readonly onWait: () => void;
  readonly onPlan: (plan: PreparePlan) => void;
  readonly onProgress: (progress: PrepareProgress) => void;
  /** Prints what was excluded, and why. */
  finish(data: RunData): void;
}

/** Reports waiting while another process prepares the same images. */
export function sayWaiting(): void {
  console.error("another process is preparing these images; waiting for it");
}

/** Creates a reporter that prints to standard error. */
export function reportData(): DataReporter {
  let progress: ReturnType<typeof startProgress> | undefined;
  return {
    measureDecode: measureFastDecode,
    onWait: sayWaiting,
    onPlan: ({ missing }) => {
      if (missing > 0) progress = startProgress("preparing images", { total: missing });
    },
    onProgress: ({ done, imagesPerSecond }) => progress?.update(done, { "images/s": imagesPerSecond.toFixed(1) }),
    finish(data) {
      progress?.stop();
      reportIndex(data);
    },
    [Symbol.dispose]: () => progress?.stop(),
  };
}

/** Prints the size of the data, and what was excluded and why. */
export function reportIndex({ index, pairs }: Pick<RunData, "index" | "pairs">): void {
  const { studies, subjects } = index;
  console.error(
    printable(
      `${index.dataset}: ${studies.count} studies of ${subjects.count} patients, ${pairs.count} pairs` +
        (index.texts ? `, ${index.texts.counts().texts} texts` : ""),
    ),
  );
  if (index.claimsSynthetic && !index.synthetic) {
    console.error("  it says that it shows no patients, which is not relied on (--trust-synthetic does)");
  }
  for (const { reason, count, examples, kept } of dropEntries(index, pairs)) {
    const what = kept === true ? "noted" : "left out";
    console.error(printable(`  ${what}: ${reason}: ${count}, for example ${examples.slice(0, 3).join("; ")}`));
  }
}

/** Progress of consecutive stages. */
export interface StageProgress extends Disposable {
  readonly update: (progress: { stage: string; done: number; total: number }) => void;
  stop(): void;
}

/** Shows a progress bar (or lines) for the current stage. */
export function stageProgress(): StageProgress {
  let shown: { stage: string; progress: ReturnType<typeof startProgress> } | undefined;
  const stop = () => {
    shown?.progress.stop();
    shown = undefined;
  };
  return {
    update: ({ stage, done, total }) => {
      if (shown?.stage !== stage) {
        stop();
        shown = { stage, progress: startProgress(stage, { total }) };
      }
      shown.progress.update(done);
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

/** Software versions for the record of a run. */
export function softwareVersions(): Record<string, string> {
  return { deno: Deno.version.deno, v8: Deno.version.v8, typescript: Deno.version.typescript };
}
