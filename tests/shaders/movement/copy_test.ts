/**
 * Copies of words, in part and in folded grids.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { lowerCopy } from "../../../runtime/kernels/movement/copy.ts";
import { runLowering } from "../run_lowering.ts";

/** Words of every kind: NaNs with payloads, denormal numbers, both zeros. */
function words(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ (i % 3 ? 0 : 0x7fc0_0001));
}

Deno.test("copy copies every word bit for bit, and none after the last", async () => {
  using device = await Device.open();
  for (const count of [1, 2, 63, 64, 65, 1000, 65_536]) {
    const given = words(count + 3);
    const { outputs } = await runLowering(device, { dispatches: [lowerCopy(count)] }, {
      inputs: [given],
      outputs: [count + 3],
    });
    const got = new Uint32Array(outputs[0]!.buffer);
    assert.deepEqual(got.subarray(0, count), given.subarray(0, count), `${count} words`);
    // What was there before was NaN.
    assert.ok(outputs[0]!.subarray(count).every(Number.isNaN), `beyond ${count} words`);
  }
});

Deno.test("copy works in folded grids", async () => {
  using device = await Device.open();
  const count = 64 * 7 - 5;
  const { outputs } = await runLowering(device, { dispatches: [{ ...lowerCopy(count), grid: [3, 3, 1] }] }, {
    inputs: [words(count)],
    outputs: [count],
  });
  assert.deepEqual(new Uint32Array(outputs[0]!.buffer), words(count));
});
