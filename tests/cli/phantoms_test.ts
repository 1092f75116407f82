import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runTask } from "../process.ts";

Deno.test("deno task phantoms writes to the user's working directory, once", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const args = ["--config", join(ROOT, "deno.json"), "phantoms", "--out", "drawn", "--studies", "3", "--scale", "0.02"];
  const first = await runTask(args, { cwd: folder });
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, `${join(folder, "drawn")}\n`);
  assert.match(first.stderr, /\n\d+ patients, 3 studies, \d+ images, [\d.]+ MiB\n$/);
  assert.ok(existsSync(join(folder, "drawn", "mimic-cxr-2.0.0-metadata.csv.gz")));
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["drawn"]);
  const again = await runTask(args, { cwd: folder });
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /, there already\n$/);
  const other = await runTask([...args, "--seed", "2"], { cwd: folder });
  assert.equal(other.code, 1);
  assert.match(other.stderr, /^error: .*drawn: the folder holds other phantoms [^\n]*\n$/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("deno task phantoms rejects values, naming the flag and the range", async () => {
  const missing = await runTask(["phantoms"]);
  assert.deepEqual([missing.code, missing.stderr], [
    2,
    "error: --out DIR is required: the folder for the phantoms\n",
  ]);
  const none = await runTask(["phantoms", "--out", "x", "--studies", "0"]);
  assert.equal(none.code, 2);
  assert.equal(none.stderr, 'error: --studies must be a whole number from 1 to 1000000, not "0"\n');
});

Deno.test("deno task phantoms --faint-findings draws other images, the same tables, and records it", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const drawn = async (out: string, flags: readonly string[]) => {
    const args = ["phantoms", "--out", out, "--studies", "3", "--scale", "0.02", ...flags];
    const { code, stderr } = await runTask(["--config", join(ROOT, "deno.json"), ...args], { cwd: folder });
    assert.equal(code, 0, stderr);
    return await Deno.readTextFile(join(folder, out, "SHA256SUMS.txt"));
  };
  const [plain, none, faint] = [
    await drawn("plain", []),
    await drawn("none", ["--faint-findings", "0"]),
    await drawn("faint", ["--faint-findings", "1"]),
  ];
  assert.equal(none, plain);
  const tables = (sums: string) => sums.split("\n").filter((line) => !line.endsWith(".jpg"));
  assert.notEqual(faint, plain);
  assert.deepEqual(tables(faint), tables(plain));
  assert.match(await Deno.readTextFile(join(folder, "faint", "phantoms.json")), /"faintFindings": 1/);
  await Deno.remove(folder, { recursive: true });
});
