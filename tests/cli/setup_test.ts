import assert from "node:assert/strict";
import { runTask } from "../process.ts";

Deno.test("deno task setup prints one line if nothing is missing, and runs no installer", async () => {
  const { code, stdout, stderr } = await runTask(["setup"], { env: { XDG_RUNTIME_DIR: null } });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^Ready: WebGPU adapter [^\n]+\.\n$/);
});

Deno.test("deno task setup works from a subfolder", async () => {
  const { code, stderr } = await runTask(["setup"], { cwd: import.meta.dirname! });
  assert.equal(code, 0, stderr);
});

Deno.test("deno task setup rejects an unknown flag with exit code 2", async () => {
  const { code, stderr } = await runTask(["setup", "--test"]);
  assert.equal(code, 2);
  assert.equal(stderr, 'error: unknown argument "--test"; `deno task setup --help` lists the options\n');
});

Deno.test("deno task setup --help prints the help and does nothing", async () => {
  const { code, stdout, stderr } = await runTask(["setup", "--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Usage: deno task setup \[--tests\]\n/);
});

Deno.test({
  name:
    "deno task setup stops with exit code 1 and the cause where Vulkan's drivers are hidden, although OpenGL is there",
  // Elsewhere WebGPU does not run on Vulkan.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const hidden = "/nowhere/driver.json";
    const { code, stderr } = await runTask(["setup"], { env: { VK_DRIVER_FILES: hidden, VK_ICD_FILENAMES: hidden } });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: there is no WebGPU adapter, and VK_DRIVER_FILES=\/nowhere\/driver\.json .*: unset it, [^\n]*\n$/,
    );
  },
});
