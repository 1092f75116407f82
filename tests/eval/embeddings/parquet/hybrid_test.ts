import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHybrid } from "../../../../eval/embeddings/parquet/hybrid.ts";
import { varint } from "./craft_parquet.ts";

/** Packs numbers of `width` bits, the number of them a multiple of eight. */
function pack(numbers: readonly number[], width: number): number[] {
  const bits = numbers.reduce((sum, number, i) => sum | BigInt(number) << BigInt(i * width), 0n);
  return Array.from({ length: numbers.length * width / 8 }, (_, i) => Number(bits >> BigInt(8 * i) & 255n));
}

const runs = fc.nat(32).chain((width) => {
  const number = fc.nat(2 ** width - 1);
  const repeated = fc.tuple(number, fc.integer({ min: 1, max: 300 })).map(([value, count]) => {
    const bytes = Array.from({ length: Math.ceil(width / 8) }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
    return { numbers: new Array<number>(count).fill(value), bytes: [...varint(2 * count), ...bytes] };
  });
  const packed = fc.array(number, { minLength: 1, maxLength: 40 }).map((some) => {
    const numbers = [...some, ...new Array<number>((8 - some.length % 8) % 8).fill(0)];
    return { numbers, bytes: [...varint(numbers.length / 8 * 2 + 1), ...pack(numbers, width)] };
  });
  return fc.record({ width: fc.constant(width), parts: fc.array(fc.oneof(repeated, packed), { maxLength: 5 }) });
});

Deno.test("decodeHybrid() decodes runs and packed numbers of any width, and refuses bytes that are cut off", () => {
  fc.assert(fc.property(runs, ({ width, parts }) => {
    const numbers = parts.flatMap((part) => part.numbers);
    const bytes = Uint8Array.from(parts.flatMap((part) => part.bytes));
    const into = new Uint32Array(numbers.length);
    decodeHybrid(bytes, width, into);
    assert.deepEqual([...into], numbers);
    const more = new Uint32Array(numbers.length + 1);
    assert.throws(() => decodeHybrid(bytes, width, more), /cut off/);
  }));
});
