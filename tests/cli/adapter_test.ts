import assert from "node:assert/strict";
import { runTask } from "../process.ts";

Deno.test("deno task adapter prints adapter, profile, features and limits, without driver messages", async () => {
  const { code, stdout, stderr } = await runTask(["adapter"], { env: { XDG_RUNTIME_DIR: null } });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  assert.match(stdout, /^adapter {3}\S.*\nprofile {3}(software|gpu)\ndeno {6}\S+ on .*\nfeatures {2}\S.*\nlimits\n/);
  assert.match(stdout, /\n {2}maxStorageBufferBindingSize +[\d,]+\n/);
});

Deno.test("deno task adapter --json prints JSON", async () => {
  const { code, stdout } = await runTask(["adapter", "--json"]);
  assert.equal(code, 0);
  const adapter = JSON.parse(stdout);
  assert.equal(adapter.deno, Deno.version.deno);
  assert.ok(adapter.limits.maxComputeWorkgroupsPerDimension >= 65_535);
  assert.ok(Array.isArray(adapter.features));
});

Deno.test("wrong usage prints a one-line error with exit code 2", async () => {
  const unknown = await runTask(["adapter", "--jsno"]);
  assert.equal(unknown.code, 2);
  assert.equal(unknown.stdout, "");
  assert.equal(
    unknown.stderr,
    "error: unknown option '--jsno' (Did you mean --json?); `deno task adapter --help` lists the options\n",
  );
  const operand = await runTask(["adapter", "x"]);
  assert.equal(operand.code, 2);
  assert.match(operand.stderr, /^error: deno task adapter takes no operand[^\n]*\n$/);
});

Deno.test("--help prints the help on standard output with exit code 0", async () => {
  const { code, stdout, stderr } = await runTask(["adapter", "--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Usage: deno task adapter \[options\]\n/);
});

Deno.test({
  name: "without an adapter, a command prints a one-line error with exit code 1",
  // Elsewhere WebGPU does not run on Vulkan.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const hidden = "/nowhere/driver.json";
    const { code, stderr } = await runTask(["adapter"], { env: { VK_DRIVER_FILES: hidden, VK_ICD_FILENAMES: hidden } });
    assert.equal(code, 1);
    assert.match(stderr, /^error: no WebGPU adapter: [^\n]*deno task setup[^\n]*\n$/);
  },
});
