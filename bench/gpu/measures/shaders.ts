/**
 * The tests of all kernels on this adapter, apart from those of kernels for software adapters.
 *
 * @module
 */
import type { Measure } from "../measurement.ts";

/** Families besides the convolutions and products, which have a part of their own, first. */
const FOLDERS = [
  "tests/shaders/norm",
  "tests/shaders/reduce",
  "tests/shaders/optimizer",
  "tests/shaders/pointwise",
  "tests/shaders/random",
  "tests/shaders/movement",
  "tests/shaders/latent",
  "tests/shaders/numerics",
  "tests/shaders/half_test.ts",
  "tests/shaders/conv",
  "tests/shaders/matmul",
];
const FLAGS = ["--quiet", "--no-prompt", "--no-check", "--cached-only", "--reporter=tap"];
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run"];

export const measure: Measure = async ({ dryRun }, report) => {
  let failed = 0;
  const folders = dryRun ? ["tests/shaders/numerics"] : FOLDERS;
  for (const folder of folders) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", ...FLAGS, ...PERMISSIONS, "--filter", "/^(?!.*, software)/", folder],
      stdin: "null",
      stderr: "null",
      env: { NO_COLOR: "1" },
    });
    const { code, stdout } = await child.output();
    const lines = new TextDecoder().decode(stdout).split("\n");
    const of = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
    const broken = of(/^not ok /);
    failed += broken.length;
    report({ folder, passed: of(/^ok (?!.*# SKIP)/i).length, failed: broken, code });
  }
  report({ failed });
};
