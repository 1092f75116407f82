import assert from "node:assert/strict";
import fc from "fast-check";
import { Device } from "../../../runtime/device/device.ts";
import { writes } from "../../../runtime/kernels/operands.ts";
import {
  f32,
  i32,
  type TypedUniform,
  uniformBytes,
  uniformStruct,
  vec4fs,
  vec4i,
  vec4us,
} from "../../../runtime/kernels/uniforms.ts";
import { runLowering } from "../../shaders/run_lowering.ts";

Deno.test("uniformStruct() and uniformBytes() follow WGSL's layout: vectors begin at multiples of 16 bytes", () => {
  const uniforms = { count: 7, scale: f32(0.5), start: vec4i([-1, 2]), step: i32(-3), table: vec4us([1, 2, 3, 4, 5]) };
  assert.equal(
    uniformStruct("Params", uniforms),
    "struct Params {\n  count: u32,\n  scale: f32,\n  start: vec4i,\n  step: i32,\n  table: array<vec4u, 2>,\n}",
  );
  const bytes = uniformBytes(uniforms);
  const words = new Int32Array(bytes.buffer);
  assert.deepEqual([...words.subarray(0, 1), ...words.subarray(4, 9)], [7, -1, 2, 0, 0, -3]);
  assert.equal(new Float32Array(bytes.buffer)[1], 0.5);
  assert.deepEqual([...words.subarray(12)], [1, 2, 3, 4, 5, 0, 0, 0]);
});

Deno.test("uniformBytes() keeps -0, infinity and NaN, and names a number that its type cannot hold", () => {
  const floats = new Float32Array(uniformBytes({ a: f32(-0), b: f32(-Infinity), c: f32(NaN) }).buffer);
  assert.ok(Object.is(floats[0], -0) && floats[1] === -Infinity && Number.isNaN(floats[2]));
  for (const value of [-1, 0.5, 2 ** 32, NaN]) {
    assert.throws(() => uniformBytes({ rows: value }), {
      name: "RangeError",
      message: /^uniform rows must be a whole/,
    });
  }
  assert.throws(() => uniformBytes({ step: i32(2 ** 31) }), /uniform step must be a whole number from -2147483648/);
});

/** Any uniform, with the WGSL that turns each of its numbers into one word. */
const anyUniform: fc.Arbitrary<TypedUniform | number> = fc.oneof(
  fc.nat(),
  fc.integer().map(i32),
  fc.float({ noNaN: true }).map(f32),
  fc.array(fc.integer(), { minLength: 4, maxLength: 4 }).map(vec4i),
  fc.array(fc.nat(), { minLength: 1, maxLength: 9 }).map(vec4us),
  fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 9 }).map(vec4fs),
);

function wordsOf(name: string, uniform: TypedUniform | number): string[] {
  if (typeof uniform === "number") return [`p.${name}`];
  const { type, values } = uniform;
  return values.map((_, i) => {
    const component = type.startsWith("array") ? `[${i >> 2}][${i % 4}]` : type === "vec4i" ? `[${i}]` : "";
    return `bitcast<u32>(p.${name}${component})`;
  });
}

function bitsOf(uniform: TypedUniform | number): number[] {
  if (typeof uniform === "number") return [uniform];
  const { type, values } = uniform;
  const isFloat = type === "f32" || type === "array<vec4f>";
  return [
    ...isFloat ? new Uint32Array(Float32Array.from(values).buffer) : Uint32Array.from(values, (value) => value >>> 0),
  ];
}

Deno.test("kernels read every uniform of any struct unchanged", async () => {
  using device = await Device.open();
  const structs = fc.sample(fc.array(anyUniform, { minLength: 1, maxLength: 12 }), { numRuns: 12, seed: 3 });
  for (const list of structs) {
    const uniforms = Object.fromEntries(list.map((uniform, i) => [`u${i}`, uniform]));
    const read = Object.entries(uniforms).flatMap(([name, uniform]) => wordsOf(name, uniform));
    const { outputs } = await runLowering(device, {
      dispatches: [{
        kernel: "uniforms",
        code: `fn kernel(group: u32, lane: u32) {\n${read.map((word, i) => `y_put(${i}, ${word});`).join("\n")}\n}`,
        lanes: 1,
        uniforms,
        operands: { y: writes({ output: 0 }, "u32") },
        grid: [1, 1, 1],
      }],
    }, { inputs: [], outputs: [read.length] });
    assert.deepEqual([...new Uint32Array(outputs[0]!.buffer)], list.flatMap(bitsOf), JSON.stringify(list));
  }
});
