/**
 * Every example runs, and prints what it claims.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT, runDeno } from "../process.ts";

/** What each example's output must match. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  "bootstrap_auroc.ts": /^sharp: AUROC 0\.8\d\d, .*\nblurred: AUROC 0\.[5-7]\d\d, .*\npaired bootstrap: p = 0\.00/,
  "custom_method.ts":
    /^step 0: reconstruction \d+, divergence \d+\.\d\nstep 59: reconstruction \d+, divergence \d+\.\d\n/,
  "custom_op.ts": /gradient 0\.0625, difference 0\.062\d\n.*gradient 0\.4444, difference 0\.444\d\n/,
  "digits.ts": /steps; (8[5-9]|9\d)\.\d % of/,
  "encode_folder.ts": /\d+ pairs, 4 latent dimensions\nnearest to pair 0 is pair \d+, at a distance of \d/,
  "line.ts": /at x = 10 the line is at (28\.9\d|29\.0\d)/,
  "read_mimic.ts": /\d+ studies of \d+ patients\n[^]*a batch of 8 pairs, frontal and lateral: mean gray value 1\d\d/,
  "vae.ts": /reconstruction -?\d+\.\d\d, KL \d\.\d\d\na sample:( -?[01]\.\d\d){8}\n/,
};

const FLAGS = ["--quiet", "--no-check", "--no-prompt", "--cached-only", "--allow-env", "--allow-read"];

Deno.test("every example is tried, is under 60 lines and opens with what it shows", async () => {
  const files = [...Deno.readDirSync(join(ROOT, "examples"))].map(({ name }) => name).filter((name) =>
    name.endsWith(".ts")
  );
  assert.deepEqual(files.sort(), Object.keys(EXPECTED).sort());
  for (const file of files) {
    const text = await Deno.readTextFile(join(ROOT, "examples", file));
    assert.ok(text.split("\n").length - 1 < 60, `${file} has ${text.split("\n").length - 1} lines`);
    assert.match(text, /^\/\*\*\n \* [A-Z]/, file);
  }
});

for (const [file, expected] of Object.entries(EXPECTED)) {
  Deno.test(`examples/${file} runs`, async () => {
    const directory = await Deno.makeTempDir({ prefix: "mmvm_example_" });
    try {
      const flags = [...FLAGS, `--allow-write=${directory}`, "--allow-sys=systemMemoryInfo,statfs"];
      const config = ["--config", join(ROOT, "deno.json")];
      const { code, stdout, stderr } = await runDeno(["run", ...flags, ...config, join(ROOT, "examples", file)], {
        cwd: directory,
        env: { NO_COLOR: "1" },
      });
      assert.equal(code, 0, stderr);
      assert.match(stdout, expected);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
