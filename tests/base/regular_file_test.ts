import assert from "node:assert/strict";
import { join } from "node:path";
import { makePipe } from "../process.ts";
import {
  openForUpdateSync,
  openRegular,
  readRegular,
  readRegularSync,
  readRegularText,
} from "../../base/regular_file.ts";

const KIND = { maxBytes: 100, kind: "a test file" };

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readRegular() reads a file up to its kind's size, also through a link", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "x".repeat(100));
    await Deno.symlink(path, join(folder, "link"));
    assert.equal(await readRegularText(path, KIND), "x".repeat(100));
    assert.equal((await readRegular(join(folder, "link"), KIND)).length, 100);
    assert.equal(readRegularSync(path, KIND).length, 100);
    await Deno.writeTextFile(path, "");
    assert.equal(await readRegularText(path, KIND), "");
  }));

Deno.test("readRegular() rejects pipes, devices, folders and large sparse files without reading them", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await makePipe(at("pipe"));
    await Deno.symlink("/dev/zero", at("endless"));
    await Deno.mkdir(at("folder"));
    {
      using file = await Deno.open(at("sparse"), { write: true, createNew: true });
      await file.truncate(2 ** 40);
    }
    const cases: [string, RegExp][] = [
      ["pipe", /pipe: this is a named pipe, not a regular file; remove it$/],
      ["endless", /endless: this is a device, not a regular file; remove it$/],
      ["folder", /folder: this is a folder, not a test file$/],
      ["sparse", /sparse: the file has 1099511627776 bytes, but a test file has at most 100$/],
    ];
    for (const [name, message] of cases) {
      await assert.rejects(readRegular(at(name), KIND), { name: "DataError", message });
      await assert.rejects(openRegular(at(name), KIND), { name: "DataError", message });
      assert.throws(() => readRegularSync(at(name), KIND), { name: "DataError", message });
    }
    await assert.rejects(readRegular(at("none"), KIND), Deno.errors.NotFound);
  }));

Deno.test("openForUpdateSync() creates, updates and appends", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    for (const [text, options] of [["abc", {}], ["X", {}], ["d", { append: true }]] as const) {
      using file = openForUpdateSync(path, options);
      file.writeSync(new TextEncoder().encode(text));
    }
    assert.equal(await Deno.readTextFile(path), "Xbcd");
  }));

Deno.test("openForUpdateSync() neither follows nor completes a link, and does not wait for a pipe", () =>
  inFolder(async (folder) => {
    const precious = join(folder, "precious");
    await Deno.writeTextFile(precious, "precious");
    const links = [["to-file", precious], ["to-nothing", join(folder, "new")], ["to-device", "/dev/null"]] as const;
    for (const [name, target] of links) await Deno.symlink(target, join(folder, name));
    await makePipe(join(folder, "pipe"));
    for (const name of [...links.map(([name]) => name), "pipe"]) {
      for (const append of [false, true]) {
        assert.throws(() => openForUpdateSync(join(folder, name), { append }), {
          name: "DataError",
          message: name === "pipe" ? /a named pipe, not a regular file/ : /a link, not a regular file/,
        });
      }
    }
    assert.equal(await Deno.readTextFile(precious), "precious");
    await assert.rejects(Deno.lstat(join(folder, "new")), Deno.errors.NotFound);
  }));

Deno.test("openForUpdateSync() detects a link that replaces the file between its two checks", () =>
  inFolder(async (folder) => {
    const [path, precious] = [join(folder, "file"), join(folder, "precious")];
    await Deno.writeTextFile(path, "file");
    await Deno.writeTextFile(precious, "precious");
    const { lstatSync } = Deno;
    let swapped = false;
    try {
      Deno.lstatSync = (name) => {
        const found = lstatSync(name);
        if (!swapped) {
          swapped = true;
          Deno.removeSync(path);
          Deno.symlinkSync(precious, path);
        }
        return found;
      };
      assert.throws(() => openForUpdateSync(path), /a link, not a regular file/);
    } finally {
      Deno.lstatSync = lstatSync;
    }
    assert.equal(await Deno.readTextFile(precious), "precious");
  }));
