import assert from "node:assert/strict";
import { join } from "node:path";
import { lockRun } from "../../../training/run/run_lock.ts";

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const names = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name);

Deno.test("a run's directory belongs to one process, and the error names the owner", () =>
  inDirectory(async (directory) => {
    {
      using _lock = await lockRun(directory);
      await assert.rejects(lockRun(directory), {
        name: "DataError",
        message: new RegExp(`^.* is in use by another process \\(number ${Deno.pid}, since 20.*\\): wait until .*$`),
      });
    }
    assert.deepEqual(names(directory), []);
    using _again = await lockRun(directory);
  }));

Deno.test("the lock file of a killed process is no obstacle, even if its process number was reused", () =>
  inDirectory(async (directory) => {
    for (const left of [`{"pid":${Deno.pid},"since":"2024-01-01T00:00:00.000Z"}\n`, '{"pid":1', ""]) {
      await Deno.writeTextFile(join(directory, "lock"), left);
      using _lock = await lockRun(directory);
    }
    assert.deepEqual(names(directory), []);
  }));

Deno.test("of many concurrent attempts, one at a time holds the lock", () =>
  inDirectory(async (directory) => {
    let holders = 0;
    let most = 0;
    const takeTimes = async (times: number) => {
      for (let taken = 0; taken < times;) {
        try {
          using _lock = await lockRun(directory);
          taken++;
          most = Math.max(most, ++holders);
          await new Promise((resolve) => setTimeout(resolve, 1));
          holders--;
        } catch (error) {
          assert.equal((error as Error).name, "DataError");
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => takeTimes(5)));
    assert.equal(most, 1);
  }));

Deno.test("without file system locks, an owner with a recent heartbeat holds the directory", () =>
  inDirectory(async (directory) => {
    const tryLock = () => Promise.reject(new Error("Operation not supported (os error 95)"));
    {
      using _lock = await lockRun(directory, { tryLock });
      await assert.rejects(lockRun(directory, { tryLock }), /is in use by another process \(number/);
      const longAgo = new Date(Date.now() - 3_600_000);
      await Deno.utime(join(directory, "lock"), longAgo, longAgo);
      using _taken = await lockRun(directory, { tryLock });
    }
    assert.deepEqual(names(directory), []);
  }));

Deno.test("a link or folder in the lock's place is refused, and the link's target stays as it is", () =>
  inDirectory(async (directory) => {
    const lock = join(directory, "lock");
    const elsewhere = join(directory, "precious");
    await Deno.writeTextFile(elsewhere, "precious");
    for (const target of [elsewhere, join(directory, "none"), "/dev/null", directory]) {
      await Deno.symlink(target, lock);
      await assert.rejects(lockRun(directory), {
        name: "DataError",
        message: /lock: this is a link, not a regular file; remove it/,
      });
      await Deno.remove(lock);
    }
    await Deno.mkdir(lock);
    await assert.rejects(lockRun(directory), /lock: this is a folder, not a regular file; remove it/);
    await Deno.remove(lock);
    assert.equal(await Deno.readTextFile(elsewhere), "precious");
    assert.deepEqual(names(directory), ["precious"]);
  }));

Deno.test("a lock can be waited for, until its owner releases it or the signal is aborted", () =>
  inDirectory(async (directory) => {
    const first = await lockRun(directory);
    let waits = 0;
    const { signal } = new AbortController();
    const second = lockRun(directory, { wait: { signal, onWait: () => waits++ } });
    const stop = new AbortController();
    const third = lockRun(directory, { wait: { signal: stop.signal } });
    stop.abort(new Error("stopped"));
    await assert.rejects(third, /^Error: stopped$/);
    first[Symbol.dispose]();
    using _lock = await second;
    assert.equal(waits, 1);
    await assert.rejects(lockRun(directory), /is in use by another process/);
  }));
