/**
 * Locks of a cache. A preparation of the whole cache excludes every other one; parts run at the same time, but each
 * part only once.
 *
 * @module
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openForUpdateSync } from "../../base/regular_file.ts";
import { type CachePart, partFile, refuseOtherParts } from "./cache_parts.ts";

/** Polling interval in milliseconds for a lock held by another process. */
const LOCK_INTERVAL = 200;

/** Options of {@linkcode lockCache}. */
export interface LockOptions {
  /** The part to lock; the whole cache by default. */
  readonly part?: CachePart | undefined;
  /** Called once if another process holds a lock. */
  readonly onWait?: (() => void) | undefined;
  /** Aborted to stop waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Locks a cache, or a part of it, for this process, waiting if necessary. The operating system releases the lock when
 * the process ends.
 *
 * @throws {DataError} if the cache is being prepared in another number of parts.
 */
export async function lockCache(directory: string, options: LockOptions): Promise<Disposable> {
  const { part, signal } = options;
  let isTold = false;
  const onWait = () => {
    if (!isTold) options.onWait?.();
    isTold = true;
  };
  const whole = join(directory, "lock");
  if (part === undefined) return await lockFile(whole, { exclusive: true, onWait, signal });
  using locks = new DisposableStack();
  locks.use(await lockFile(whole, { exclusive: false, onWait, signal }));
  const own = join(directory, partFile(part, "lock"));
  {
    // Parts of 3 and parts of 4 have shards in common, so the first one settles the number.
    using _settling = await lockFile(join(directory, "parts.lock"), { exclusive: true, onWait, signal });
    refuseOtherParts(directory, part);
    openForUpdateSync(own).close();
  }
  locks.use(await lockFile(own, { exclusive: true, onWait, signal }));
  return locks.move();
}

async function lockFile(
  path: string,
  options: { exclusive: boolean; onWait: () => void; signal: AbortSignal | undefined },
): Promise<Disposable> {
  const { exclusive, onWait, signal } = options;
  const file = openForUpdateSync(path);
  try {
    // Some network file systems do not support locks; two processes then write the same bytes, which is harmless.
    const isLocked = () => file.tryLock(exclusive).catch(() => true);
    if (!await isLocked()) {
      onWait();
      // lock() cannot be interrupted.
      do await delay(LOCK_INTERVAL, undefined, { signal }); while (!await isLocked());
    }
    return { [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    // Throw the signal's reason instead of the timer's AbortError.
    signal?.throwIfAborted();
    throw error;
  }
}
