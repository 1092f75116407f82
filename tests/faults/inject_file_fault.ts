/**
 * File system faults in this process and in the workers that read the data: one file operation below a folder fails.
 *
 * @module
 */
import type { SiteCall } from "./call_sites.ts";
import { interceptFileCalls } from "./file_calls.ts";
import { type FileFault, type Injection, type InjectionReport, interventionFor } from "./file_intervention.ts";
import { interceptWorkers } from "./faulty_workers.ts";

let current: { injection: Injection; report: (what: InjectionReport) => void } | undefined;
let installed = false;

/** The outcome of {@linkcode injectFileFault}. */
export interface Injected {
  /** The sites of all calls in order of arrival, if no target was given. */
  readonly sites: readonly string[];
  /** The operation that failed, for example `rename runs/swept/config.json`. */
  readonly hit: string | undefined;
}

/** Runs `work` while a file operation below `folder` fails, or all are recorded. Rethrows its errors. */
export async function injectFileFault(
  { folder, target, fault }: { folder: string; target?: SiteCall; fault: FileFault },
  work: () => Promise<void>,
  onEnd: (injected: Injected) => void = () => {},
): Promise<void> {
  if (!installed) {
    interceptFileCalls((call) => current && interventionFor(call, current.injection, current.report));
    interceptWorkers(() => current);
  }
  installed = true;
  const sites: string[] = [];
  let hit: string | undefined;
  const report = (what: InjectionReport) => {
    if ("site" in what) sites.push(what.site);
    else hit = what.hit;
  };
  const seen = new Int32Array(new SharedArrayBuffer(4));
  current = { injection: { folder, target, fault, seen }, report };
  try {
    await work();
  } finally {
    // Reports of workers arrive by messages.
    await new Promise((resolve) => setTimeout(resolve, target ? 1 : 200));
    current = undefined;
    onEnd({ sites, hit });
  }
}
