import assert from "node:assert/strict";
import { formatTasks, TASK_DESCRIPTIONS, TASK_GROUPS } from "../../../cli/commands/task_groups.ts";
import { runTask } from "../../process.ts";

Deno.test("the groups contain every task of deno.json once, in the order of deno.json", () => {
  // `deno task` prints the order of deno.json.
  assert.deepEqual(TASK_GROUPS.flatMap(({ names }) => names), [...TASK_DESCRIPTIONS.keys()]);
});

Deno.test("deno task help prints all tasks on one screen of 100 columns", async () => {
  const { code, stdout, stderr } = await runTask(["help"]);
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.ok(lines.length <= 50, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= 100, line);
  for (const { heading } of TASK_GROUPS) assert.ok(lines.includes(heading), heading);
  for (const [name, description] of TASK_DESCRIPTIONS) {
    const shown = lines.filter((line) => line.startsWith(`  ${name} `));
    assert.deepEqual(shown.map((line) => line.endsWith(`  ${description}`)), [true], name);
  }
});

Deno.test("formatTasks() lists tasks of no group last, and leaves out headings without tasks", () => {
  assert.equal(
    formatTasks(new Map([["mine", "Do mine"], ["data", "Describe"]])),
    "Data and experiments\n  data  Describe\n\nOther\n  mine  Do mine",
  );
});
