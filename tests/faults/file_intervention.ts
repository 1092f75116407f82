/**
 * Whether and how a file operation fails, in any thread.
 *
 * @module
 */
import { callSite, type SiteCall } from "./call_sites.ts";
import { type FileCall, type Intervention, systemError, type SystemErrorCode } from "./file_calls.ts";

/**
 * How an operation can fail: with a system error instead of taking place; with a full disk after half of the
 * data has been written (`half`); or with an error although it took place, as on a network drive whose reply is lost.
 */
export const FILE_FAULTS = ["EIO", "half", "lost answer", "EACCES", "ENOSPC", "ESTALE", "EINTR"] as const;

/** One of {@linkcode FILE_FAULTS}. */
export type FileFault = typeof FILE_FAULTS[number];

/** A case of a sweep: which call fails, and how. */
export interface FaultCase extends SiteCall {
  readonly fault: FileFault;
}

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

/** The first message to `faulty_worker.ts`. */
export interface FaultyStart {
  readonly module: string;
  readonly injection: Injection;
  /** Where it reports to. */
  readonly port: MessagePort;
}

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
