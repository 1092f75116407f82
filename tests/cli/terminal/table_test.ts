import assert from "node:assert/strict";
import { formatTable } from "../../../cli/terminal/table.ts";

Deno.test("formatTable() sets texts to the left and numbers to the right", () => {
  assert.equal(
    formatTable(["label", "n"], [["Edema", 1234], ["No Finding", 5]]),
    "label           n\nEdema       1,234\nNo Finding      5\n",
  );
});

Deno.test("formatTable() lets no cell write to the terminal or break its line", () => {
  const table = formatTable(["label"], [["\x1b[2J\x9b31m"], ["a \r\n b"]]);
  assert.equal(table, "label\n\\x1b[2J\\x9b31m\na b\n");
});
