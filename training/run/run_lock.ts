/**
 * One process at a time in a run's directory.
 *
 * The lock is the operating system's (`flock`) on a file that names its owner. The system releases it however the owner
 * ends, kill -9 and a reboot included, so that an abandoned lock file is never mistaken for a lock, even if another
 * process has the owner's process number now. (Deno's sandbox does not allow a look into `/proc`.)
 *
 * Some network file systems have no locks. On these the owner updates the file's time as a heartbeat, and a file
 * without one for long is stale.
 *
 * @module
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { openForUpdateSync, readRegularTextSync } from "../../base/regular_file.ts";

/** Who holds a lock. */
const ownerSchema = z.object({ pid: z.int().positive(), since: z.iso.datetime() });

/** A lock file holds a process number and a time. */
const LOCK = { maxBytes: 1024, kind: "a lock" };

/** Milliseconds between two heartbeats if the file system has no locks. */
const SIGN_INTERVAL = 20_000;
/** Without a heartbeat for this long, the owner is gone. */
const STALE_AFTER = 5 * SIGN_INTERVAL;
/** Milliseconds between two attempts to take a lock that is waited for. */
const RETRY_INTERVAL = 200;

/** How to lock. */
export interface LockOptions {
  /** Wait for the other process to end instead of refusing; `onWait` is called once if there is one. */
  readonly wait?: { readonly signal: AbortSignal; readonly onWait?: () => void };
  /** Tries to lock the file: false if another process holds the lock; rejects if the file system has no locks. */
  readonly tryLock?: (file: Deno.FsFile) => Promise<boolean>;
}

/**
 * Locks a run's directory, which must exist, for this process. Dispose of the lock to release it.
 *
 * @throws {DataError} if another process holds it, naming that process, or if the lock's name belongs to a link or
 * anything else that is not a regular file.
 * @throws the reason of `wait.signal`.
 */
export async function lockRun(directory: string, options: LockOptions = {}): Promise<Disposable> {
  const { tryLock = (file) => file.tryLock(true), wait } = options;
  const path = join(directory, "lock");
  for (let waiting = false;; waiting = true) {
    const lock = await attempt(path, tryLock);
    if (lock !== undefined) return lock;
    if (!wait) throw inUse(directory, path);
    if (!waiting) wait.onWait?.();
    await pause(wait.signal);
  }
}

/** Whether a process holds a run's directory: it trains, evaluates or reports the run. */
export async function isLocked(directory: string): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(join(directory, "lock"), { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  try {
    // A shared lock, gone when the file is closed, is refused while another process has the run's.
    return !await file.tryLock(false).catch(async () => !await isAlive(file));
  } finally {
    file.close();
  }
}

/** Takes the lock; `undefined` if another process holds it. */
async function attempt(path: string, tryLock: (file: Deno.FsFile) => Promise<boolean>): Promise<RunLock | undefined> {
  const file = openForUpdateSync(path);
  try {
    const held = await tryLock(file).catch((): undefined => undefined);
    if (held === false || (held === undefined && await isAlive(file))) {
      file.close();
      return undefined;
    }
    if (await isStillThere(file, path)) {
      await write(file);
      return new RunLock({ file, path, signs: held === undefined });
    }
  } catch (error) {
    file.close();
    throw error;
  }
  // The previous owner removed the file between its opening and its locking here.
  file.close();
  return await attempt(path, tryLock);
}

class RunLock implements Disposable {
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly lock: { file: Deno.FsFile; path: string; signs: boolean }) {
    if (!lock.signs) return;
    const timer = setInterval(() => lock.file.utimeSync(new Date(), new Date()), SIGN_INTERVAL);
    // A heartbeat does not keep the process running.
    if (typeof timer === "number") Deno.unrefTimer(timer);
    else timer.unref();
    this.#timer = timer;
  }

  [Symbol.dispose](): void {
    const { file, path } = this.lock;
    clearInterval(this.#timer);
    try {
      Deno.removeSync(path);
    } catch {
      // A leftover lock file is harmless. The whole directory may have been deleted meanwhile.
    } finally {
      file.close();
    }
  }
}

async function write(file: Deno.FsFile): Promise<void> {
  await file.truncate();
  const owner = { pid: Deno.pid, since: new Date().toISOString() };
  await file.write(new TextEncoder().encode(`${JSON.stringify(owner)}\n`));
}

async function isAlive(file: Deno.FsFile): Promise<boolean> {
  const { size, mtime } = await file.stat();
  return size > 0 && mtime !== null && Date.now() - mtime.getTime() < STALE_AFTER;
}

async function isStillThere(file: Deno.FsFile, path: string): Promise<boolean> {
  const opened = await file.stat();
  const named = await Deno.stat(path).catch(() => undefined);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(RETRY_INTERVAL, undefined, { signal });
  } catch (error) {
    // The timer's own error does not contain the signal's reason.
    signal.throwIfAborted();
    throw error;
  }
}

function inUse(directory: string, path: string): DataError {
  const owner = readOwner(path);
  const who = owner ? `another process (number ${owner.pid}, since ${owner.since})` : "another process";
  return new DataError(
    `${directory} is in use by ${who}: wait until it has ended, or choose another --run NAME`,
  );
}

function readOwner(path: string): z.infer<typeof ownerSchema> | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(readRegularTextSync(path, LOCK))).data;
  } catch {
    // Partly written or, on Windows, not readable while locked: the message omits the owner.
    return undefined;
  }
}
