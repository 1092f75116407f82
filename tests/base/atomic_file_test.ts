import assert from "node:assert/strict";
import { join } from "node:path";
import { makeFolder, removeTemporaryFiles, writeFileAtomic, writeFileAtomicSync } from "../../base/atomic_file.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** What the calls of `Deno` and `FsFile` that writing consists of were, in order, while `write` ran. */
async function recordCalls(write: () => void | Promise<void>): Promise<string[]> {
  const calls: string[] = [];
  const files = new WeakMap<object, string>();
  const prototype = Deno.FsFile.prototype;
  const { open, openSync, rename, renameSync } = Deno;
  const { write: put, writeSync, sync, syncSync } = prototype;
  const note = (path: string | URL, options: Deno.OpenOptions | undefined, file: Deno.FsFile) => {
    files.set(file, options?.createNew ? "new file" : Deno.statSync(path).isDirectory ? "folder" : "old file");
    return file;
  };
  const noteRename = () => calls.push("rename");
  try {
    Deno.open = async (path, options) => note(path, options, await open(path, options));
    Deno.openSync = (path, options) => note(path, options, openSync(path, options));
    Deno.rename = (from, to) => (noteRename(), rename(from, to));
    Deno.renameSync = (from, to) => (noteRename(), renameSync(from, to));
    prototype.write = function (bytes) {
      calls.push(`write ${files.get(this)}`);
      return put.call(this, bytes);
    };
    prototype.writeSync = function (bytes) {
      calls.push(`write ${files.get(this)}`);
      return writeSync.call(this, bytes);
    };
    prototype.sync = function () {
      calls.push(`sync ${files.get(this)}`);
      return sync.call(this);
    };
    prototype.syncSync = function () {
      calls.push(`sync ${files.get(this)}`);
      return syncSync.call(this);
    };
    await write();
    return calls;
  } finally {
    Object.assign(Deno, { open, openSync, rename, renameSync });
    Object.assign(prototype, { write: put, writeSync, sync, syncSync });
  }
}

for (const write of [writeFileAtomic, writeFileAtomicSync]) {
  Deno.test(`${write.name}() writes text, bytes and pieces, and leaves nothing else`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "file");
      await write(path, "größer");
      assert.equal(await Deno.readTextFile(path), "größer");
      await write(path, new Uint8Array([1, 2, 3]));
      assert.deepEqual(await Deno.readFile(path), new Uint8Array([1, 2, 3]));
      await write(path, ["a", new Uint8Array([98]), "", "c"]);
      assert.equal(await Deno.readTextFile(path), "abc");
      await write(path, "");
      assert.equal(await Deno.readTextFile(path), "");
      assert.deepEqual(namesIn(folder), ["file"]);
    }));

  Deno.test(`${write.name}() syncs the new file, renames it, and syncs the folder`, () =>
    inFolder(async (folder) => {
      const calls = await recordCalls(() => write(join(folder, "file"), "content"));
      assert.deepEqual(calls, ["write new file", "sync new file", "rename", "sync folder"]);
    }));

  Deno.test(`${write.name}() replaces a link and leaves its target alone`, () =>
    inFolder(async (folder) => {
      const [path, elsewhere] = [join(folder, "file"), join(folder, "elsewhere")];
      await Deno.writeTextFile(elsewhere, "precious");
      await Deno.symlink(elsewhere, path);
      await write(path, "new");
      assert.equal(await Deno.readTextFile(elsewhere), "precious");
      assert.equal(await Deno.readTextFile(path), "new");
      assert.ok((await Deno.lstat(path)).isFile);
    }));

  Deno.test(`${write.name}() keeps the old file if the new content fails half way`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "file");
      await write(path, "old");
      function* failing() {
        yield "half";
        throw new Error("no more");
      }
      await assert.rejects(async () => await write(path, failing()), /no more/);
      assert.equal(await Deno.readTextFile(path), "old");
      assert.deepEqual(namesIn(folder), ["file"]);
    }));

  Deno.test(`${write.name}() names the file in every error`, () =>
    inFolder(async (folder) => {
      const missing = join(folder, "missing", "file");
      await assert.rejects(async () => await write(missing, "x"), { name: "NotFound", path: missing });
      const taken = join(folder, "folder");
      await Deno.mkdir(taken);
      await assert.rejects(async () => await write(taken, "x"), (error: Error & { path?: string }) => {
        return error.path === taken && error.message.includes(taken);
      });
      assert.deepEqual(namesIn(folder), ["folder"]);
    }));
}

Deno.test("writeFileAtomic() names the file on a full disk, and leaves no part of it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    const { write } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.write = () => {
      throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    };
    try {
      await assert.rejects(writeFileAtomic(path, "x"), {
        message: `No space left on device (os error 28): '${path}'`,
        code: "ENOSPC",
        path,
      });
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("removeTemporaryFiles() removes only the selected leftovers of interrupted writers", () =>
  inFolder(async (folder) => {
    const temporary = (name: string) => `${name}.${crypto.randomUUID()}.tmp`;
    const kept = temporary("other");
    for (const name of [temporary("file"), temporary("file"), kept, "file", "file.tmp", "file.1-2.tmp"]) {
      await Deno.writeTextFile(join(folder, name), "x");
    }
    await removeTemporaryFiles(folder, ({ name }) => name === "file");
    assert.deepEqual(namesIn(folder), ["file", "file.1-2.tmp", "file.tmp", kept].sort());
  }));

Deno.test("makeFolder() makes all parents and accepts an existing folder", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a", "b", "c");
    await makeFolder(path);
    await makeFolder(path);
    assert.ok((await Deno.stat(path)).isDirectory);
    await Deno.writeTextFile(join(folder, "file"), "x");
    await assert.rejects(makeFolder(join(folder, "file", "x")), Deno.errors.NotADirectory);
  }));
