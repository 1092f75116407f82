/**
 * Rules for the WGSL files themselves.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { Device } from "../../runtime/device/device.ts";

const FOLDER = new URL("../../shaders/", import.meta.url);
const FILES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".wgsl"));

Deno.test("WGSL files are valid syntax as they stand, so that editors can read them", async () => {
  using device = await Device.open();
  assert.ok(FILES.length > 40);
  for (const file of FILES) {
    const code = readFileSync(new URL(file, FOLDER), "utf8");
    device.gpu.pushErrorScope("validation");
    const info = await device.gpu.createShaderModule({ code }).getCompilationInfo();
    await device.gpu.popErrorScope();
    // Names that are generated are missing, and both parts of a condition may define one.
    const faults = info.messages.filter(({ message }) => !/no definition in scope|redefinition of/.test(message));
    assert.deepEqual(faults.map(({ message }) => message), [], file);
  }
});

Deno.test("every family of kernels has a naive version that documents it", () => {
  const families = new Set(FILES.map((file) => file.split("/")[0]!));
  families.delete("shared");
  const missing = [...families].filter((family) => !FILES.includes(`${family}/naive.wgsl`));
  assert.deepEqual(missing, []);
});
