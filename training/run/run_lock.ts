/**
 * One process at a time in a run's directory.
 *
 * The lock is the operating system's (`flock`), on a file that says who holds it. The system frees it when its owner ends in whatever way,
 * kill -9 and a reboot included: a lock that nobody holds any more is therefore never mistaken for one that somebody does, whatever
 * process has the owner's number now. (A process in Deno's sandbox may not look into `/proc` to find out.)
 *
 * Some network file systems have no locks. There the owner gives a sign of life every so often, and a file without one for long is stale.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";

/** Who holds a lock. */
const ownerSchema = z.object({ pid: z.int().positive(), since: z.iso.datetime() });

/** Between two signs of life, in milliseconds, where the file system has no locks. */
const SIGN_INTERVAL = 20_000;
/** Without a sign for this long, the owner is gone. */
const STALE_AFTER = 5 * SIGN_INTERVAL;

/** How to lock. */
export interface LockOptions {
  /** Tries to take the file for this process alone: false where another one has it; throws where there are no locks. */
  readonly tryLock?: (file: Deno.FsFile) => Promise<boolean>;
}

/**
 * Takes a run's directory, which must exist, for this process alone. Dispose of the lock to give it back.
 *
 * @throws {DataError} where another process has it, naming that process, or something that is no file has the lock's name.
 */
export async function lockRun(directory: string, options: LockOptions = {}): Promise<Disposable> {
  const { tryLock = (file) => file.tryLock(true) } = options;
  const path = join(directory, "lock");
  for (;;) {
    await refuseLink(path);
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      const held = await tryLock(file).catch((): undefined => undefined);
      if (held === false || (held === undefined && await givesSigns(file))) throw inUse(directory, path);
      // The last owner may have removed the file between its opening and its locking here.
      if (!await isStillThere(file, path)) {
        file.close();
        continue;
      }
      await write(file);
      return new RunLock({ file, path, signs: held === undefined });
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

class RunLock implements Disposable {
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly lock: { file: Deno.FsFile; path: string; signs: boolean }) {
    if (!lock.signs) return;
    const timer = setInterval(() => lock.file.utimeSync(new Date(), new Date()), SIGN_INTERVAL);
    // A sign of life is no reason to live on.
    if (typeof timer === "number") Deno.unrefTimer(timer);
    else timer.unref();
    this.#timer = timer;
  }

  [Symbol.dispose](): void {
    const { file, path } = this.lock;
    clearInterval(this.#timer);
    try {
      Deno.removeSync(path);
    } catch (error) {
      // The whole directory may have been deleted meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    } finally {
      file.close();
    }
  }
}

/** A directory from elsewhere may have a link in the lock's place, through which a file anywhere would be written over. */
async function refuseLink(path: string): Promise<void> {
  const found = await Deno.lstat(path).catch(() => undefined);
  if (found && !found.isFile) throw new DataError(`${path} is no regular file: remove it, no run has made it`);
}

async function write(file: Deno.FsFile): Promise<void> {
  await file.truncate();
  const owner = { pid: Deno.pid, since: new Date().toISOString() };
  await file.write(new TextEncoder().encode(`${JSON.stringify(owner)}\n`));
}

async function givesSigns(file: Deno.FsFile): Promise<boolean> {
  const { size, mtime } = await file.stat();
  return size > 0 && mtime !== null && Date.now() - mtime.getTime() < STALE_AFTER;
}

async function isStillThere(file: Deno.FsFile, path: string): Promise<boolean> {
  const opened = await file.stat();
  const named = await Deno.stat(path).catch(() => undefined);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
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
    return ownerSchema.safeParse(JSON.parse(Deno.readTextFileSync(path))).data;
  } catch {
    // Half written, or locked against reading too, as on Windows: the message does without.
    return undefined;
  }
}
