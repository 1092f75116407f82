import assert from "node:assert/strict";
import { formatTable } from "../../../cli/terminal/table.ts";

Deno.test("formatTable() aligns text left and numbers right", () => {
  assert.equal(
    formatTable(["label", "n"], [["Edema", 1234], ["No Finding", 5]]),
    "label           n\nEdema       1,234\nNo Finding      5\n",
  );
});

Deno.test("formatTable() escapes control characters and line breaks in cells", () => {
  const table = formatTable(["label"], [["\x1b[2J\x9b31m"], ["a \r\n b"]]);
  assert.equal(table, "label\n\\x1b[2J\\x9b31m\na b\n");
});
