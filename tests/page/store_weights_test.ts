import assert from "node:assert/strict";
import fc from "fast-check";
import type { HostTensor } from "../../models/mod.ts";
import { storeWeights } from "../../page/export/store_weights.ts";
import { readWeights } from "../../page/stored/stored_weights.ts";

const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const tensor = shape.chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: size, maxLength: size })
    .map((data): HostTensor => ({ shape, data: Float32Array.from(data) }));
});

/** Stores a tensor beside another one, and reads it again. */
function restored(
  given: HostTensor,
  { storage, transposed = false }: { storage: "f32" | "f16" | "i8"; transposed?: boolean },
): HostTensor {
  const { tensors, bytes } = storeWeights(
    new Map([["w", given], ["b", { shape: [1], data: Float32Array.of(0.1) }]]),
    { storage, isTransposed: () => transposed },
  );
  const read = readWeights(tensors, bytes);
  assert.deepEqual(read.get("b")!.data, Float32Array.of(0.1), "a bias is kept in float32");
  assert.deepEqual(read.get("w")!.shape, given.shape);
  return read.get("w")!;
}

Deno.test("weights stored as float32 are read unchanged", () => {
  fc.assert(fc.property(tensor, (given) => assert.deepEqual(restored(given, { storage: "f32" }).data, given.data)));
});

Deno.test("weights stored as float16 differ by a rounding each, and an output channel's errors sum to one", () => {
  fc.assert(fc.property(tensor, (given) => {
    const { data } = restored(given, { storage: "f16" });
    if (given.shape.length === 1) return assert.deepEqual(data, given.data);
    const largest = given.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    // Half a unit in the last place of 11 bits, twice: its own rounding and what was carried over.
    const rounding = largest * 2 ** -11 + 2 ** -24;
    const inner = data.length / given.shape[0]!;
    let sum = 0;
    for (let i = 0; i < data.length; i++) {
      const error = data[i]! - given.data[i]!;
      assert.ok(Math.abs(error) <= 2.01 * rounding, `${given.data[i]} became ${data[i]}`);
      sum = i % inner === 0 ? error : sum + error;
      assert.ok(Math.abs(sum) <= 1.01 * rounding);
    }
  }));
});

Deno.test("by default weights of encoders are read unchanged, and others as float16", () => {
  const data = Float32Array.of(0.1, 1 / 3, 1e-7, 3);
  const names = ["encoders.0.fc.weight", "decoders.0.fc.weight"];
  const { tensors, bytes } = storeWeights(new Map(names.map((name) => [name, { shape: [2, 2], data }])), {
    storage: "mixed",
    isTransposed: () => false,
  });
  assert.deepEqual(tensors.map(({ type }) => type), ["f32", "f16"]);
  const read = readWeights(tensors, bytes);
  assert.deepEqual(read.get(names[0]!)!.data, data);
  assert.notDeepEqual(read.get(names[1]!)!.data, data);
  read.get(names[1]!)!.data.forEach((value, i) => assert.ok(Math.abs(value - data[i]!) <= 3 * 2 ** -10));
});

Deno.test("8-bit weights lose at most half a level of their channel, or are clipped by 30 %", () => {
  fc.assert(fc.property(tensor, (given) => {
    const { data } = restored(given, { storage: "i8" });
    if (given.shape.length === 1) return assert.deepEqual(data, given.data);
    const largest = given.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    data.forEach((value, i) => {
      const error = Math.abs(value - given.data[i]!);
      const isClipped = Math.abs(value) < Math.abs(given.data[i]!);
      // The last term is where a level underflows.
      assert.ok(error <= (isClipped ? 0.31 : 1 / 253) * largest + 1e-40, `${given.data[i]} became ${value}`);
    });
  }));
});

Deno.test("8-bit weights have a scale for each channel, so that small channels keep their precision", () => {
  const data = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i) * (i < 100 ? 1000 : 0.001));
  const { data: read } = restored({ shape: [2, 100], data }, { storage: "i8" });
  const errors = (from: Float32Array, to: Float32Array, of: (i: number) => boolean) =>
    Math.hypot(...from.map((value, i) => of(i) ? value - to[i]! : 0)) / 10;
  assert.ok(errors(data, read, (i) => i >= 100) <= 0.001 / 200);
  const transposed = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i) * (i % 2 ? 1000 : 0.001));
  const { data: second } = restored({ shape: [100, 2], data: transposed }, { storage: "i8", transposed: true });
  assert.ok(errors(transposed, second, (i) => i % 2 === 0) <= 0.001 / 200);
});

Deno.test("a tensor that float16 cannot hold stays in float32", () => {
  const data = Float32Array.of(1e6, 1, NaN, 0.1);
  assert.deepEqual(restored({ shape: [2, 2], data }, { storage: "f16" }).data, data);
  assert.deepEqual(restored({ shape: [2, 2], data }, { storage: "i8" }).data, data);
});

Deno.test("readWeights() refuses bytes of another length than its tensors have", () => {
  const { tensors, bytes } = storeWeights(new Map([["w", { shape: [2, 2], data: new Float32Array(4) }]]), {
    storage: "f16",
    isTransposed: () => false,
  });
  assert.throws(() => readWeights(tensors, bytes.subarray(0, 7)), {
    name: "RangeError",
    message: "the weights are cut off: export the model again",
  });
  assert.throws(() => readWeights(tensors, new Uint8Array(9)), /longer than their tensors/);
});
