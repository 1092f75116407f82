/**
 * The search for values that are not finite, and the record of the first.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { type Dispatch, rebound } from "../../../runtime/kernels/kernel.ts";
import { lowerFiniteCheck, lowerFiniteRecord, RECORD_WORDS } from "../../../runtime/kernels/numerics/finite.ts";
import { runLowering } from "../run_lowering.ts";

/** The dispatch with its output as a second input: outputs are poisoned, and these words start at zero. */
function onInputs(dispatch: Dispatch): Dispatch {
  return rebound(dispatch, (buffer) => "output" in buffer ? { input: 1 } : buffer);
}

/** Runs one check on its own words and returns the two that it found, as unsigned integers. */
async function check(
  device: Device,
  values: Float32Array | Uint32Array,
  options: { nanOnly?: boolean } = {},
): Promise<Uint32Array> {
  const dispatch = lowerFiniteCheck({ count: values.length, check: 1, ...options });
  const { inputs } = await runLowering(device, {
    dispatches: [onInputs(dispatch)],
  }, { inputs: [values, new Uint32Array(6)], outputs: [] });
  const words = new Uint32Array(inputs[1]!.buffer);
  assert.deepEqual([words[0], words[1], words[4], words[5]], [0, 0, 0, 0]);
  return words.slice(2, 4);
}

const LARGEST = 3.4028234663852886e38;

Deno.test("finite_check finds nothing among finite values, subnormal and extreme ones included", async () => {
  using device = await Device.open();
  for (const values of [[0], [-0, 1, -1], [LARGEST, -LARGEST, 1e-45, -1e-45, 2 ** -126]]) {
    assert.deepEqual([...await check(device, Float32Array.from(values))], [0, 0]);
  }
});

Deno.test("finite_check gives the first NaN and the first infinity, of every sign and payload", async () => {
  using device = await Device.open();
  assert.deepEqual([...await check(device, Float32Array.of(NaN))], [~0 >>> 0, 0]);
  assert.deepEqual([...await check(device, Float32Array.of(1, Infinity, NaN, NaN))], [~2 >>> 0, ~1 >>> 0]);
  assert.deepEqual([...await check(device, Float32Array.of(0, 0, -Infinity))], [0, ~2 >>> 0]);
  assert.deepEqual([...await check(device, Float32Array.of(Infinity, 0), { nanOnly: true })], [0, 0]);
  assert.deepEqual([...await check(device, Float32Array.of(-Infinity, NaN), { nanOnly: true })], [~1 >>> 0, 0]);
  for (const bits of [0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x7fc00000]) {
    assert.deepEqual([...await check(device, Uint32Array.of(0, bits))], [~1 >>> 0, 0], bits.toString(16));
  }
});

Deno.test("finite_check looks at every value of odd sizes and in folded grids", async () => {
  using device = await Device.open();
  for (const count of [63, 65, 4095, 4096, 4097, 100_003]) {
    for (const at of [0, Math.floor(count / 2), count - 1]) {
      const values = new Float32Array(count);
      values[at] = NaN;
      assert.deepEqual([...await check(device, values)], [~at >>> 0, 0], `${at} of ${count}`);
    }
  }
  // The grid is folded by hand: 65,536 workgroups of 4,096 values would be a gibibyte.
  const count = 4096 * 6;
  const values = new Float32Array(count);
  values[count - 1] = Infinity;
  const dispatch = lowerFiniteCheck({ count, check: 0 });
  const { inputs } = await runLowering(device, {
    dispatches: [{ ...onInputs(dispatch), grid: [2, 4, 1] }],
  }, { inputs: [values, new Uint32Array(2)], outputs: [] });
  assert.deepEqual([...new Uint32Array(inputs[1]!.buffer)], [0, ~(count - 1) >>> 0]);
});

/** Runs the record's kernel. */
async function record(device: Device, found: readonly number[], before: readonly number[]): Promise<number[]> {
  const dispatch = lowerFiniteRecord({ checks: found.length / 2 });
  const { inputs } = await runLowering(device, {
    dispatches: [onInputs(dispatch)],
  }, { inputs: [Uint32Array.from(found), Uint32Array.from(before)], outputs: [] });
  return [...new Uint32Array(inputs[1]!.buffer)];
}

Deno.test("finite_record keeps the first check that failed, and the first run's", async () => {
  using device = await Device.open();
  const clean = [7, 1, 0, 0, 0, 0, 0];
  assert.equal(clean.length, RECORD_WORDS);
  assert.deepEqual(await record(device, [0, 0, 0, 0], clean), clean);
  // The third value of check 1 is infinite, the fifth NaN; check 2 failed too.
  const failed = await record(device, [0, 0, ~4 >>> 0, ~2 >>> 0, ~0 >>> 0, 0], clean);
  assert.deepEqual(failed, [7, 1, 7, 1, 2, 2, 0]);
  assert.deepEqual(await record(device, [~5 >>> 0, 0], clean), [7, 1, 7, 1, 1, 5, 1]);
  const later = [9, 0, ...failed.slice(2)];
  assert.deepEqual(await record(device, [~0 >>> 0, 0, 0, 0], later), later);
});

Deno.test("finite_record rejects more checks than its loop supports", () => {
  assert.throws(() => lowerFiniteRecord({ checks: 60_001 }), /at most 60000 values/);
});
