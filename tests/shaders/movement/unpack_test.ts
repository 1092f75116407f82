/**
 * Bytes to floats, from any first byte on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { lowerUnpack } from "../../../runtime/kernels/movement/unpack.ts";
import { runLowering } from "../run_lowering.ts";

Deno.test("unpack turns every byte into its 255th part, from any first byte", async () => {
  using device = await Device.open();
  const bytes = Uint8Array.from({ length: 1024 }, (_, i) => (i * 37 + (i >> 8)) & 255);
  const words = new Uint32Array(bytes.buffer);
  const cases = [[0, 1024], [0, 1], [4, 256], [512, 512], [1, 4], [3, 9], [2, 1022], [1023, 1], [8, 7]] as const;
  for (const [first, count] of cases) {
    const { outputs } = await runLowering(device, lowerUnpack({ first, count }), { inputs: [words], outputs: [count] });
    const want = bytes.subarray(first, first + count);
    assert.equal(outputs[0]!.length, want.length);
    outputs[0]!.forEach((value, i) => {
      assert.ok(Math.abs(value - want[i]! / 255) <= 2 ** -24, `byte ${first + i}: ${value} for ${want[i]! / 255}`);
    });
  }
});

Deno.test("unpack maps 0 to 0 and 255 to 1 exactly", async () => {
  using device = await Device.open();
  for (const count of [4, 3]) {
    const { outputs } = await runLowering(device, lowerUnpack({ first: 0, count }), {
      inputs: [Uint32Array.of(0xff00ff00)],
      outputs: [count],
    });
    assert.deepEqual([...outputs[0]!], [0, 1, 0, 1].slice(0, count));
  }
});

Deno.test("unpack folds a grid of more than 65,535 workgroups", async () => {
  using device = await Device.open();
  const count = 65_536 * 64 + 1;
  const bytes = new Uint8Array(Math.ceil(count / 4) * 4).fill(51);
  bytes[count - 1] = 102;
  const { outputs } = await runLowering(device, lowerUnpack({ first: 0, count }), {
    inputs: [new Uint32Array(bytes.buffer)],
    outputs: [count],
  });
  const got = outputs[0]!;
  assert.ok(Math.abs(got[count - 1]! - 0.4) < 1e-7);
  assert.ok(got.subarray(0, count - 1).every((value) => Math.abs(value - 0.2) < 1e-7));
});
