import assert from "node:assert/strict";
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import fc from "fast-check";
import { concatBytes } from "../../../../base/bytes.ts";
import { inflate, inflateTo } from "../../../../data/image/codecs/inflate.ts";
import { crc32 } from "../../../../data/image/png/crc32.ts";

const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Bytes that deflate to literals, matches and stored blocks alike. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 20_000 }))
    .map(([bytes, times]) =>
      Uint8Array.from({ length: bytes.length * times % 300_000 }, (_, i) => bytes[i % bytes.length]!)
    ),
);

Deno.test("inflate() restores what zlib deflated, by every level and strategy", () => {
  fc.assert(
    fc.property(
      content,
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE),
      (bytes, level, strategy) => {
        const pieces: Uint8Array[] = [];
        const end = inflate(deflateSync(bytes, { level, strategy }), {
          sink: (piece) => pieces.push(piece.slice()) > 0,
        });
        assert.equal(end, "complete");
        assert.deepEqual(concatBytes(pieces), bytes);
        assert.deepEqual(
          inflateTo(deflateRawSync(bytes, { level, strategy }), { size: bytes.length, raw: true }),
          bytes,
        );
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("inflate() of data that are cut off hands over a part of the content and says so", () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) >> 5);
  const deflated = deflateSync(bytes);
  for (let length = 0; length < deflated.length; length += 7) {
    const pieces: Uint8Array[] = [];
    const end = inflate(deflated.subarray(0, length), { sink: (piece) => pieces.push(piece.slice()) > 0 });
    assert.equal(end, "cut off", `of ${length} bytes`);
    const got = concatBytes(pieces);
    assert.deepEqual(got, bytes.subarray(0, got.length));
  }
});

Deno.test("inflate() ends on any bytes, with output in proportion to them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, raw) => {
      let total = 0;
      inflate(bytes, { raw, sink: (piece) => (total += piece.length) >= 0 });
      assert.ok(total <= bytes.length * 1032 + 258);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("inflate() finds a wrong checksum and a wrong header", () => {
  const deflated = deflateSync(new Uint8Array(100));
  const wrong = deflated.slice();
  wrong[wrong.length - 1]! ^= 1;
  assert.equal(inflate(wrong, { sink: () => true }), "damaged");
  const header = deflated.slice();
  header[0]! ^= 4;
  assert.equal(inflate(header, { sink: () => true }), "damaged");
});

Deno.test("inflate() stops as soon as its consumer wants no more", () => {
  const bomb = deflateSync(new Uint8Array(2 ** 26));
  let total = 0;
  const end = inflate(bomb, { sink: (piece) => (total += piece.length) < 2 ** 18 });
  assert.equal(end, "stopped");
  assert.ok(total <= 2 ** 18 + 2 ** 17);
  assert.equal(inflateTo(bomb, { size: 1000 }), "too long");
  assert.equal(inflateTo(deflateSync(new Uint8Array(10)), { size: 20 }), "too short");
  assert.deepEqual(inflateTo(deflateSync(new Uint8Array(10)), { size: 20, least: 5 }), new Uint8Array(10));
});

Deno.test("crc32() gives the check value of the standard", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});
