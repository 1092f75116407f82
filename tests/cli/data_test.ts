import assert from "node:assert/strict";
import { join } from "node:path";
import { writePhantoms } from "../../phantoms/mod.ts";
import { runTask } from "../process.ts";

Deno.test("deno task data counts the studies of each group, and the labels of a second set", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm_data_task_" });
  try {
    const root = join(folder, "phantoms");
    await writePhantoms(root, { studies: 12, seed: 4, scale: 0.02, workers: 1 });
    const printed = await runTask(["data", root]);
    assert.equal(printed.code, 0, printed.stderr);
    const json = JSON.parse((await runTask(["data", root, "--json"])).stdout);
    const { demographics, testLabels, studies } = json;
    for (const [attribute, groups] of Object.entries<Record<string, number>>(demographics.groups)) {
      assert.equal(Object.values(groups).reduce((a, b) => a + b), studies, attribute);
      for (const [group, count] of Object.entries(groups).filter(([, count]) => count > 0)) {
        assert.match(printed.stdout, new RegExp(`^${attribute} +${group} +${count}$`, "m"));
      }
    }
    assert.match(printed.stdout, /^groups: patients\.csv/m);
    assert.match(printed.stdout, new RegExp(`^second labels: radiologists, of ${testLabels.studies} test stud`, "m"));
    assert.match(printed.stdout, /^label \(by test study\) +positive +negative/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
