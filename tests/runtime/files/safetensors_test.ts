import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeSafetensors,
  type Dtype,
  encodeParts,
  encodeSafetensors,
  SafetensorsError,
  type SafetensorsFile,
  type TensorData,
  toFloat32,
  toIntegers,
} from "../../../runtime/files/safetensors.ts";
import { headerEnd, parseHeader } from "../../../runtime/files/safetensors_header.ts";

/** A file with the given header text and number of data bytes. */
function fileOf(json: string, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const tensorArbitrary: fc.Arbitrary<TensorData> = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  const size = { minLength: length, maxLength: length };
  return fc.oneof(
    fc.float32Array(size),
    fc.int32Array(size),
    fc.uint32Array(size),
    fc.uint8Array(size),
    fc.bigInt64Array(size),
  ).map((data) => ({ shape, data: data as TensorData["data"] }));
});

const name = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) =>
  text !== "__metadata__" && text.isWellFormed()
);
const tensorsArbitrary = fc.uniqueArray(fc.tuple(name, tensorArbitrary), { selector: ([key]) => key, maxLength: 6 })
  .map((entries) => new Map(entries));
const metadataArbitrary = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), {
  maxKeys: 4,
  noNullPrototype: true,
});

Deno.test("safetensors: tensors round-trip bit for bit", () => {
  fc.assert(fc.property(tensorsArbitrary, metadataArbitrary, (tensors, metadata) => {
    const file = encodeSafetensors(tensors, metadata);
    const { tensors: read, metadata: readMetadata } = decodeSafetensors(file);
    assert.deepEqual(Object.fromEntries(readMetadata), metadata);
    assert.deepEqual([...read.keys()].sort(), [...tensors.keys()].sort());
    for (const [key, { shape, data }] of tensors) {
      const raw = read.get(key)!;
      assert.deepEqual(raw.shape, shape);
      assert.deepEqual(raw.bytes, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      assert.equal((raw.bytes.byteOffset - file.byteOffset) % data.BYTES_PER_ELEMENT, 0, "data are aligned");
    }
  }));
});

Deno.test("safetensors: files have the bytes that the format specifies", () => {
  const file = encodeSafetensors(new Map([["a", { shape: [2, 1], data: Float32Array.of(1, -2) }]]), { who: "me" });
  const json = '{"__metadata__":{"who":"me"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
  assert.equal(new TextDecoder().decode(file.subarray(8, 8 + padded.length)), padded);
  assert.deepEqual([...file.subarray(0, 8)], [padded.length, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...file.subarray(8 + padded.length)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
});

Deno.test("safetensors: toFloat32() reads F32, F64, F16 and BF16", () => {
  const f16 = Uint16Array.from({ length: 65536 }, (_, half) => half);
  const want = new Float32Array(new Float16Array(f16.buffer.slice(0)));
  const raw = (dtype: "F16" | "BF16" | "F64", data: Uint16Array | Float64Array) => ({
    dtype,
    shape: [data.length],
    bytes: new Uint8Array(data.buffer),
  });
  const got = toFloat32(raw("F16", f16));
  // One by one, as all NaNs are equal to Object.is() but not to deepEqual().
  for (let half = 0; half < 65536; half++) assert.ok(Object.is(got[half], want[half]), `${half}: ${got[half]}`);
  const bf16 = Uint16Array.of(0x3f80, 0xc049, 0x7f80, 0x0001);
  assert.deepEqual([...toFloat32(raw("BF16", bf16))], [1, -3.140625, Infinity, 2 ** -133]);
  assert.deepEqual([...toFloat32(raw("F64", Float64Array.of(0.1)))], [Math.fround(0.1)]);
  const i32 = decodeSafetensors(encodeSafetensors(new Map([["n", { shape: [1], data: Int32Array.of(7) }]])));
  assert.deepEqual([...toFloat32(i32.tensors.get("n")!)], toIntegers(i32.tensors.get("n")!));
});

Deno.test("safetensors: toFloat32() rounds integers, as in a PyTorch state_dict, and rejects float8", () => {
  const read = (
    dtype: Dtype,
    data: BigInt64Array | BigUint64Array | Int16Array | Uint8Array,
  ) => [...toFloat32({ dtype, shape: [data.length], bytes: new Uint8Array(data.buffer) })];
  assert.deepEqual(read("I64", BigInt64Array.of(-5n, 2n ** 24n + 1n, 2n ** 62n)), [-5, 2 ** 24, 2 ** 62]);
  assert.deepEqual(read("U64", BigUint64Array.of(2n ** 63n)), [2 ** 63]);
  assert.deepEqual(read("I16", Int16Array.of(-300)), [-300]);
  assert.deepEqual(read("BOOL", Uint8Array.of(0, 1)), [0, 1]);
  assert.throws(() => read("F8_E4M3", Uint8Array.of(1)), /cannot read F8_E4M3 tensors: convert/);
});

Deno.test("safetensors: toIntegers() reads every integer type and rejects unsafe integers", () => {
  const read = (data: TensorData["data"]) =>
    toIntegers(
      decodeSafetensors(encodeSafetensors(new Map([["n", { shape: [data.length], data }]]))).tensors.get("n")!,
    );
  assert.deepEqual(read(BigInt64Array.of(-5n, 2n ** 53n - 1n)), [-5, 2 ** 53 - 1]);
  assert.deepEqual(read(Int32Array.of(-1)), [-1]);
  assert.deepEqual(read(Uint32Array.of(4294967295)), [4294967295]);
  assert.deepEqual(read(Uint8Array.of(255)), [255]);
  assert.throws(() => read(BigInt64Array.of(2n ** 53n)), /beyond 2\^53/);
  assert.throws(() => read(Float32Array.of(1)), /not F32/);
  const bytes = Uint8Array.of(255, 255);
  assert.deepEqual(toIntegers({ dtype: "I16", shape: [1], bytes }), [-1]);
  assert.deepEqual(toIntegers({ dtype: "U16", shape: [1], bytes }), [65535]);
  assert.deepEqual(toIntegers({ dtype: "I8", shape: [2], bytes }), [-1, -1]);
  assert.deepEqual(toIntegers({ dtype: "BOOL", shape: [2], bytes: Uint8Array.of(0, 1) }), [0, 1]);
});

const INFO = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';
const BAD: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["nothing", new Uint8Array(0), /8 bytes of header length, but there are only 0/],
  ["seven bytes", new Uint8Array(7), /only 7/],
  ["a header longer than the file", fileOf("{}").fill(9, 0, 1), /claims 9 bytes, but the file has only 10/],
  [
    "a header of 2^64 - 1 bytes",
    fileOf("{}").fill(255, 0, 8),
    /claims 18446744073709551615 bytes, but at most 100000000/,
  ],
  ["bytes that are no UTF-8", fileOf("{}").fill(0xff, 9, 10), /UTF-8/],
  ["an empty header", fileOf(""), /must start with \{/],
  ["a byte order mark", fileOf("\ufeff{}"), /must start with \{/],
  ["text after the header", fileOf("{}x"), /goes on/],
  ["an open object", fileOf('{"a":'), /expected \{/],
  ["an open string", fileOf('{"a'), /expected "/],
  ["a string with a bad escape", fileOf('{"\\x":1}'), /not valid JSON/],
  ["a tensor twice", fileOf(`{"a":${INFO},"a":${INFO}}`, 8), /"a" is there twice/],
  ["a tensor twice, once escaped", fileOf(`{"a":${INFO},"\\u0061":${INFO}}`, 8), /"a" is there twice/],
  ["metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), /__metadata__ is there twice/],
  ["a metadata key twice", fileOf('{"__metadata__":{"k":"1","k":"2"}}'), /"k" twice/],
  ["metadata that are no strings", fileOf('{"__metadata__":{"k":1}}'), /expected "/],
  ["an unknown field", fileOf('{"a":{"dtype":"F32","strides":[1]}}'), /"strides" is unknown/],
  ["a field twice", fileOf('{"a":{"dtype":"F32","dtype":"F32"}}'), /"dtype" is unknown or there twice/],
  ["a missing field", fileOf('{"a":{"dtype":"F32","shape":[2]}}', 8), /needs dtype, shape and data_offsets/],
  ["an unknown dtype", fileOf(`{"a":${INFO.replace("F32", "F33")}}`, 8), /"F33" is not one of/],
  [
    "a dtype from Object's prototype",
    fileOf(`{"a":${INFO.replace("F32", "toString")}}`, 8),
    /"toString" is not one of/,
  ],
  ["a negative size", fileOf(`{"a":${INFO.replace("[2]", "[-2]")}}`, 8), /expected an integer/],
  ["a fractional size", fileOf(`{"a":${INFO.replace("[2]", "[2.0]")}}`, 8), /expected an integer/],
  ["an exponent", fileOf(`{"a":${INFO.replace("[2]", "[2e0]")}}`, 8), /expected an integer/],
  ["a leading zero", fileOf(`{"a":${INFO.replace("[2]", "[02]")}}`, 8), /expected an integer/],
  ["a size of 2^53", fileOf(`{"a":${INFO.replace("[2]", "[9007199254740992]")}}`, 8), /expected an integer/],
  ["a nested shape", fileOf(`{"a":${INFO.replace("[2]", "[[2]]")}}`, 8), /expected an integer/],
  ["a shape whose product overflows", fileOf(`{"a":${INFO.replace("[2]", "[4294967296,4294967296]")}}`, 8), /too many/],
  [
    "a shape that needs other bytes",
    fileOf(`{"a":${INFO.replace("[2]", "[3]")}}`, 8),
    /need 12 bytes, but data_offsets give 8/,
  ],
  ["offsets in disorder", fileOf(`{"a":${INFO.replace("[0,8]", "[8,0]")}}`, 8), /begin <= end/],
  ["three offsets", fileOf(`{"a":${INFO.replace("[0,8]", "[0,8,8]")}}`, 8), /begin <= end/],
  ["a hole", fileOf(`{"a":${INFO.replace("[0,8]", "[4,12]")}}`, 12), /start at 4, but must start .* at 0/],
  [
    "an overlap",
    fileOf(`{"a":${INFO},"b":${INFO.replace("[0,8]", "[4,12]")}}`, 12),
    /start at 4, but must start .* at 8/,
  ],
  ["offsets beyond the file", fileOf(`{"a":${INFO}}`, 4), /cover 8 bytes, but the file holds 4/],
  ["data that no tensor has", fileOf(`{"a":${INFO}}`, 12), /cover 8 bytes, but the file holds 12/],
];

for (const [what, file, message] of BAD) {
  Deno.test(`safetensors: a file with ${what} is rejected by name`, () => {
    assert.throws(() => decodeSafetensors(file), (error) => {
      assert.ok(error instanceof SafetensorsError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("safetensors: empty files, scalars, empty tensors and whitespace between tokens are valid", () => {
  assert.equal(decodeSafetensors(fileOf("{}   ")).tensors.size, 0);
  const spaced =
    ' { "s" :\t{ "shape":[ ],"data_offsets" : [0, 4],\n"dtype":"F32"} , "e":{"dtype":"I64","shape":[0,3],' +
    '"data_offsets":[4,4]}}';
  const { tensors } = decodeSafetensors(fileOf(spaced.trimStart(), 4));
  assert.deepEqual(tensors.get("s")!.shape, []);
  assert.equal(tensors.get("e")!.bytes.length, 0);
});

Deno.test("safetensors: deep nesting and long strings neither overflow the stack nor take long", () => {
  const deep = "[".repeat(1_000_000);
  for (
    const json of [
      `{"a":${deep}`,
      `{"a":{"shape":${deep}`,
      `{"${"\\".repeat(1_000_000)}`,
      `{"a":${"{".repeat(1_000_000)}`,
    ]
  ) {
    assert.throws(() => decodeSafetensors(fileOf(json)), SafetensorsError);
  }
  const long = "n".repeat(1_000_000);
  assert.throws(() => decodeSafetensors(fileOf(`{"${long}":{}}`)), (error: Error) => error.message.length < 300);
});

/** Decodes a damaged file, which must be rejected, or read without exceeding its size. */
function readDamaged(file: Uint8Array): void {
  let read: SafetensorsFile;
  try {
    read = decodeSafetensors(file);
  } catch (error) {
    if (error instanceof SafetensorsError) return;
    throw error;
  }
  let bytes = 0;
  for (const raw of read.tensors.values()) {
    assert.equal(raw.bytes.buffer, file.buffer, "a view, not a copy");
    bytes += raw.bytes.length;
  }
  assert.ok(bytes <= file.length);
}

const sample = encodeSafetensors(
  new Map<string, TensorData>([
    ["encoder.conv.weight", { shape: [2, 3], data: new Float32Array(6) }],
    ["num_batches_tracked", { shape: [], data: BigInt64Array.of(5n) }],
    ["empty", { shape: [0, 7], data: new Uint8Array(0) }],
  ]),
  { format: "pt", note: 'quotes " and \\ and é' },
);

Deno.test("safetensors: every truncation is rejected", () => {
  for (let length = 0; length < sample.length; length++) {
    assert.throws(() => decodeSafetensors(sample.subarray(0, length)), SafetensorsError, `cut at ${length}`);
  }
});

Deno.test("safetensors: every single bit flip is rejected or harmless", () => {
  for (let bit = 0; bit < sample.length * 8; bit++) {
    const damaged = sample.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    readDamaged(damaged);
  }
});

Deno.test("safetensors: forged lengths and cut, doubled or overwritten parts are rejected or harmless", () => {
  const at = fc.nat(sample.length - 1);
  const edit = fc.oneof(
    fc.record({ kind: fc.constant("length"), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
    fc.record({ kind: fc.constant("cut"), from: at, to: at }),
    fc.record({ kind: fc.constant("double"), from: at, to: at }),
    fc.record({ kind: fc.constant("write"), from: at, bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
    fc.record({
      kind: fc.constant("insert"),
      from: at,
      text: fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "0",
        "9999999999999999",
        "-1",
        "1e9",
        "null",
        '"__proto__":{}',
      ),
    }),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let file = [...sample];
      for (const change of edits) {
        if ("value" in change) {
          const length = new DataView(new ArrayBuffer(8));
          length.setBigUint64(0, change.value, true);
          file.splice(0, 8, ...new Uint8Array(length.buffer));
        } else if ("bytes" in change) file.splice(change.from, change.bytes.length, ...change.bytes);
        else if ("text" in change) file.splice(change.from, 0, ...new TextEncoder().encode(change.text));
        else if (change.kind === "cut") {
          file.splice(Math.min(change.from, change.to), Math.abs(change.to - change.from));
        } else {file = [
            ...file.slice(0, Math.max(change.from, change.to)),
            ...file.slice(Math.min(change.from, change.to)),
          ];}
      }
      readDamaged(Uint8Array.from(file));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("safetensors: the header can be read without the data", () => {
  const end = headerEnd(sample.subarray(0, 8), { fileBytes: sample.length });
  const header = parseHeader(sample.subarray(0, end), { fileBytes: sample.length });
  assert.equal(header.dataStart, end);
  assert.deepEqual([...header.tensors.keys()], ["num_batches_tracked", "encoder.conv.weight", "empty"]);
  assert.throws(() => parseHeader(sample.subarray(0, end - 1), { fileBytes: sample.length }), /needs the first/);
});

Deno.test("safetensors: the writer rejects invalid tensors", () => {
  const data = Float32Array.of(1, 2);
  assert.throws(() => encodeParts(new Map([["w", { shape: [3], data }]])), /shape \[3\] cannot hold 2 values/);
  assert.throws(() => encodeParts(new Map([["w", { shape: [-1, -2], data }]])), RangeError);
  assert.throws(() => encodeParts(new Map([["__metadata__", { shape: [2], data }]])), /cannot be a tensor's name/);
  assert.throws(() => encodeParts(new Map([["\ud800", { shape: [2], data }]])), /cannot be a tensor's name/);
});

Deno.test("safetensors: the golden files, written by Python, can be read", async () => {
  const file = await Deno.readFile(new URL("../../golden/ops.safetensors", import.meta.url));
  const { tensors, metadata } = decodeSafetensors(file);
  const cases = JSON.parse(metadata.get("cases")!) as { inputs: Record<string, string> }[];
  assert.equal(cases.length, 71);
  for (const { inputs } of cases) {
    for (const input of Object.values(inputs)) {
      const tensor = tensors.get(input)!;
      assert.equal(toFloat32(tensor).length, tensor.shape.reduce((product, size) => product * size, 1));
    }
  }
});
