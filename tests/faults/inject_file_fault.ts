/**
 * Faults of the file system in this process: the nth call to a file below a folder fails.
 *
 * @module
 */
import { interceptFileCalls, type Intervention, systemError, type SystemErrorCode } from "./file_calls.ts";

/**
 * How a call can fail: with an error of the system instead of the call; half way through what is written, on a disk that
 * is full then; or with an error although it was carried out, as on a network drive whose answer is lost.
 */
export const FILE_FAULTS = ["EIO", "EACCES", "ENOSPC", "ESTALE", "EINTR", "half", "lost answer"] as const;

/** One of {@linkcode FILE_FAULTS}. */
export type FileFault = typeof FILE_FAULTS[number];

interface Injection {
  readonly folder: string;
  readonly nth: number;
  readonly fault: FileFault;
  seen: number;
  hit: string | undefined;
}

let current: Injection | undefined;
let installed = false;

/** What happened while {@linkcode injectFileFault} was in place. */
export interface Injected {
  /** Calls that were seen, up to the last. */
  readonly calls: number;
  /** The call that failed, for example `rename runs/swept/config.json`. */
  readonly hit: string | undefined;
}

/** Does some work during which the nth call (from 1) to a file below `folder` fails. Errors of the work are thrown. */
export async function injectFileFault(
  { folder, nth, fault }: { folder: string; nth: number; fault: FileFault },
  work: () => Promise<void>,
  onEnd: (injected: Injected) => void = () => {},
): Promise<void> {
  if (!installed) interceptFileCalls(intervene);
  installed = true;
  const injection: Injection = { folder, nth, fault, seen: 0, hit: undefined };
  current = injection;
  try {
    await work();
  } finally {
    current = undefined;
    onEnd({ calls: injection.seen, hit: injection.hit });
  }
}

function intervene({ kind, path }: { kind: string; path: string }): Intervention | undefined {
  if (!current || !path.startsWith(current.folder)) return undefined;
  if (++current.seen !== current.nth) return undefined;
  const { fault, folder } = current;
  current.hit = `${kind} ${path.slice(folder.length + 1)}`;
  if (fault === "lost answer") return { errorAfter: systemError("EIO", path) };
  if (fault !== "half") return { error: systemError(fault satisfies SystemErrorCode, path) };
  return kind === "write" ? { share: 0.5, errorAfter: systemError("ENOSPC") } : { error: systemError("ENOSPC", path) };
}
