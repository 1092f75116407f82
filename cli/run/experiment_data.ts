/**
 * The data of an experiment's runs, made ready before the first of them.
 *
 * @module
 */
import { neededData, openRunData, type RunData, withTestSet } from "../../training/mod.ts";
import { type RunJob, testData, testRoots, wholeData } from "../../experiments/mod.ts";
import { CACHE, drawPhantoms, type PhantomChoice } from "./phantom_data.ts";
import { reportData } from "./run_output.ts";

/**
 * Generates and prepares the data of all runs, and joins them with their test sets as the runs will, so that problems
 * surface before anything is trained.
 *
 * @param options.drawn The phantoms to draw, by their folders.
 * @throws {DataError} if data cannot be read, or a test set has patients that a run is trained on.
 */
export async function prepareExperimentData(
  jobs: readonly RunJob[],
  options: { drawn: ReadonlyMap<string, PhantomChoice>; signal: AbortSignal },
): Promise<void> {
  const opened = new Map<string, RunData>();
  const open = async (needed: ReturnType<typeof neededData>) => {
    const key = JSON.stringify(needed);
    const data = opened.get(key) ?? await prepare(needed, options);
    opened.set(key, data);
    return data;
  };
  const joined = new Set<string>();
  for (const job of jobs) {
    const { data, ...rest } = neededData(job.plan.config);
    const own = { ...rest, data: wholeData(data) };
    const trained = await open(own);
    for (const root of testRoots(job)) {
      const unseen = await open({ ...own, data: testData(data, root) });
      const key = JSON.stringify([own, root]);
      if (!joined.has(key)) withTestSet(trained, unseen);
      joined.add(key);
    }
  }
}

async function prepare(
  needed: ReturnType<typeof neededData>,
  { drawn, signal }: { drawn: ReadonlyMap<string, PhantomChoice>; signal: AbortSignal },
): Promise<RunData> {
  const phantoms = drawn.get(needed.data.root ?? "");
  if (phantoms !== undefined) await drawPhantoms(phantoms, { signal });
  using reporter = reportData();
  const data = await openRunData({ ...needed, cacheDir: CACHE, signal, ...reporter });
  reporter.finish(data);
  return data;
}
