import assert from "node:assert/strict";
import fc from "fast-check";
import { decompressSnappy } from "../../../../eval/embeddings/parquet/snappy.ts";
import { ParquetError } from "../../../../eval/embeddings/parquet/parquet_error.ts";
import { varint } from "./craft_parquet.ts";

/** An element of a block: its bytes, given what comes before, and what it stands for. */
type Element = (before: readonly number[]) => { bytes: number[]; output: number[] };

const words = (value: number, count: number) => Array.from({ length: count }, (_, i) => value >>> (8 * i) & 255);

const literal = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean()).map(
  ([data, long]): Element => () => {
    const length = data.length - 1;
    const head = length < 60 && !long ? [length << 2] : [61 << 2, ...words(length, 2)];
    return { bytes: [...head, ...data], output: [...data] };
  },
);

const copy = fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(1, 2, 3)).map(([far, long, kind]): Element => (before) => {
  const most = Math.min(before.length, kind === 1 ? 2047 : 65535);
  if (most === 0) return { bytes: [], output: [] };
  const offset = 1 + far % most;
  const length = kind === 1 ? 4 + long % 8 : 1 + long % 64;
  const all = [...before];
  for (let i = 0; i < length; i++) all.push(all[all.length - offset]!);
  const bytes = kind === 1
    ? [1 | (length - 4) << 2 | offset >> 8 << 5, offset & 255]
    : [kind | (length - 1) << 2, ...words(offset, kind === 2 ? 2 : 4)];
  return { bytes, output: all.slice(before.length) };
});

const block = fc.array(fc.oneof(literal, copy), { maxLength: 20 }).map((elements) => {
  const [bytes, output]: [number[], number[]] = [[], []];
  for (const element of elements) {
    const part = element(output);
    bytes.push(...part.bytes);
    output.push(...part.output);
  }
  return { output, bytes: Uint8Array.from([...varint(output.length), ...bytes]) };
});

Deno.test("decompressSnappy() follows literals and copies of every kind", () => {
  fc.assert(fc.property(block, ({ output, bytes }) => {
    assert.deepEqual([...decompressSnappy(bytes, output.length)], output);
  }));
});

Deno.test("decompressSnappy() gives the stated number of bytes for a damaged block, or refuses it", () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  fc.assert(fc.property(block, fc.array(change, { minLength: 1, maxLength: 3 }), ({ output, bytes }, changes) => {
    for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
    try {
      assert.equal(decompressSnappy(bytes, output.length).length, output.length);
    } catch (error) {
      assert.ok(error instanceof ParquetError, String(error));
    }
  }));
  assert.throws(
    () => decompressSnappy(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 8),
    /is compressed from 4294967295/,
  );
});
