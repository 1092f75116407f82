import assert from "node:assert/strict";
import { join } from "node:path";
import { verifyMetrics } from "../../../eval/verify/verify_metrics.ts";

const GOLDEN = join(import.meta.dirname!, "../..", "golden");

/** Runs `use` with a temporary directory that contains a metrics.json. */
async function withMetrics(content: string, use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(directory, "metrics.json"), content);
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("verifyMetrics() accepts every golden quantity", async () => {
  const rows = await verifyMetrics(GOLDEN);
  assert.deepEqual(rows.filter((row) => !row.pass), []);
  const golden = JSON.parse(await Deno.readTextFile(join(GOLDEN, "metrics.json"))) as unknown[];
  assert.equal(new Set(rows.map((row) => row.case)).size, golden.length);
  for (const quantity of ["auroc", "average_precision", "brier", "auroc_delong_variance", "roc_points", "coef"]) {
    assert.ok(rows.some((row) => row.quantity === quantity), `${quantity} was not checked`);
  }
});

Deno.test("verifyMetrics() detects every modified quantity", async () => {
  const golden = JSON.parse(await Deno.readTextFile(join(GOLDEN, "metrics.json"))) as Record<string, unknown>[];
  for (const quantity of ["auroc", "average_precision", "f1_at_0.5", "brier", "auroc_delong_variance", "intercept"]) {
    const index = golden.findIndex((entry) => quantity in entry);
    const mutated = golden.map((entry, i) =>
      i === index ? { ...entry, [quantity]: entry[quantity] as number * 1.001 } : entry
    );
    await withMetrics(JSON.stringify(mutated), async (directory) => {
      const failed = (await verifyMetrics(directory)).filter((row) => !row.pass);
      assert.deepEqual(failed.map((row) => row.quantity), [quantity]);
    });
  }
});

Deno.test("verifyMetrics() detects an AUROC that should be undefined", async () => {
  await withMetrics(JSON.stringify([{ kind: "binary", y: [0, 1], score: [1, 2], auroc: null }]), async (directory) => {
    const [row] = await verifyMetrics(directory);
    assert.deepEqual([row!.pass, row!.relativeError], [false, Infinity]);
  });
});

Deno.test("verifyMetrics() rejects a missing, malformed or unknown file by name", async () => {
  await assert.rejects(verifyMetrics("/nowhere"), /\/nowhere\/metrics\.json cannot be read/);
  await withMetrics("{", (directory) => assert.rejects(verifyMetrics(directory), /cannot be read/));
  await withMetrics("[]", (directory) => assert.rejects(verifyMetrics(directory), /not in the expected format/));
  await withMetrics('[{"kind":"other"}]', (directory) => assert.rejects(verifyMetrics(directory), /at 0\.kind/));
  const short = JSON.stringify([{ kind: "binary", y: [0, 1], score: [1], auroc: 1 }]);
  await withMetrics(
    short,
    (directory) => assert.rejects(verifyMetrics(directory), /case 0 binary: .*2 labels but 1 scores/),
  );
});
