/**
 * File system faults in this process and in the workers that read the data: one file operation below a folder fails.
 *
 * @module
 */
import { callSite, type SiteCall } from "./call_sites.ts";
import {
  type FileCall,
  interceptFileCalls,
  type Intervention,
  systemError,
  type SystemErrorCode,
} from "./file_calls.ts";
import { interceptWorkers } from "./faulty_workers.ts";

/**
 * How an operation can fail: with a system error instead of taking place; with a full disk after half of the
 * data has been written (`half`); or with an error although it took place, as on a network drive whose reply is lost.
 */
export const FILE_FAULTS = ["EIO", "half", "lost answer", "EACCES", "ENOSPC", "ESTALE", "EINTR"] as const;

/** One of {@linkcode FILE_FAULTS}. */
export type FileFault = typeof FILE_FAULTS[number];

/** What fails, as it is passed to workers. */
export interface Injection {
  readonly folder: string;
  /** The call that fails; `undefined` to record the sites of all calls. */
  readonly target: SiteCall | undefined;
  readonly fault: FileFault;
  /** How many calls of the target's site were seen, in all threads. */
  readonly seen: Int32Array<SharedArrayBuffer>;
}

/** What a thread reports of an injection. */
export type InjectionReport = { readonly site: string } | { readonly hit: string };

/** Whether and how a call fails. */
export function interventionFor(
  call: FileCall,
  { folder, target, fault, seen }: Injection,
  report: (what: InjectionReport) => void,
): Intervention | undefined {
  const { kind, path } = call;
  if (!path.startsWith(folder)) return undefined;
  const site = callSite(call, folder);
  if (target === undefined) report({ site });
  if (site !== target?.site || Atomics.add(seen, 0, 1) + 1 !== target.occurrence) return undefined;
  report({ hit: `${kind} ${path.slice(folder.length + 1)}` });
  if (fault === "lost answer") return { errorAfter: systemError("EIO", path) };
  if (fault !== "half") return { error: systemError(fault satisfies SystemErrorCode, path) };
  return kind === "write" ? { share: 0.5, errorAfter: systemError("ENOSPC") } : { error: systemError("ENOSPC", path) };
}

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
