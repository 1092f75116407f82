import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes } from "../../../base/bytes.ts";
import { crc32c, decodeRecords, encodeRecord } from "../../../training/loggers/tensorboard/records.ts";

Deno.test("crc32c() gives the values of RFC 3720 and of the check string", () => {
  const bytes = (at: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => at(i));
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(bytes(() => 0)), 0x8a9136aa);
  assert.equal(crc32c(bytes(() => 0xff)), 0x62a8ab43);
  assert.equal(crc32c(bytes((i) => i)), 0x46dd794e);
  assert.equal(crc32c(bytes((i) => 31 - i)), 0x113fdb5c);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

Deno.test("a record of 24 bytes begins like every event file of TensorFlow", () => {
  const head = encodeRecord(new Uint8Array(24)).subarray(0, 12);
  assert.deepEqual([...head], [0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
});

Deno.test("decodeRecords() gives back what was encoded, and stops at a record that is cut off", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
  fc.assert(fc.property(parts, fc.nat(30), (data, cut) => {
    const records = data.map(encodeRecord);
    const file = concatBytes(records);
    assert.deepEqual([...decodeRecords(file)].map((each) => [...each]), data.map((each) => [...each]));
    const length = Math.max(0, file.length - cut);
    let [whole, end] = [0, 0];
    for (const record of records) if ((end += record.length) <= length) whole++;
    assert.equal([...decodeRecords(file.subarray(0, length))].length, whole);
  }));
});

Deno.test("decodeRecords() finds every flipped bit of a record", () => {
  const file = encodeRecord(Uint8Array.of(1, 2, 3));
  for (let bit = 0; bit < 8 * file.length; bit++) {
    const changed = file.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => [...decodeRecords(changed)], RangeError, `bit ${bit}`);
  }
});
