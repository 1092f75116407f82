import assert from "node:assert/strict";
import { verifyOps } from "../../eval/verify/verify_ops.ts";
import { Device } from "../../runtime/device/device.ts";

Deno.test("every op and its gradients match ops.safetensors within the tolerances of FORMAT.md", async () => {
  using device = await Device.open();
  const rows = await verifyOps(device, { directory: "tests/golden" });
  assert.ok(rows.length > 100, `only ${rows.length} quantities`);
  assert.deepEqual(rows.filter(({ pass }) => !pass), []);
});
