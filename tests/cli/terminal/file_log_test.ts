import assert from "node:assert/strict";
import { join } from "node:path";
import { openFileLog } from "../../../cli/terminal/file_log.ts";

Deno.test("a file log appends one stamped line a message, and keeps what was there", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "a", "skipped.log");
  const now = () => new Date(Date.UTC(2024, 0, 2, 3, 4, 5));
  {
    using log = openFileLog(path, { now });
    log.write("first");
    log.write("name with\na line end and \x1b[31mcolour");
    assert.equal(log.lines, 2);
    // It is there while the log is still open.
    assert.match(await Deno.readTextFile(path), /first/);
  }
  using again = openFileLog(path, { now });
  again.write("after");
  const stamp = "2024-01-02T03:04:05.000Z";
  assert.equal(
    await Deno.readTextFile(path),
    `${stamp} first\n${stamp} name with\\na line end and \\x1b[31mcolour\n${stamp} after\n`,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file log with nothing to say leaves no file", async () => {
  const folder = await Deno.makeTempDir();
  openFileLog(join(folder, "a", "skipped.log"))[Symbol.dispose]();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});
