/**
 * File system faults in this process: the nth file operation below a folder fails.
 *
 * @module
 */
import { interceptFileCalls, type Intervention, systemError, type SystemErrorCode } from "./file_calls.ts";

/**
 * How an operation can fail: with a system error instead of taking place; with a full disk after half of the
 * data has been written (`half`); or with an error although it took place, as on a network drive whose reply is lost.
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

/** The outcome of {@linkcode injectFileFault}. */
export interface Injected {
  /** Number of operations seen, including those after the fault. */
  readonly calls: number;
  /** The operation that failed, for example `rename runs/swept/config.json`. */
  readonly hit: string | undefined;
}

/** Runs `work` while the nth file operation (from 1) below `folder` fails. Rethrows its errors. */
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
