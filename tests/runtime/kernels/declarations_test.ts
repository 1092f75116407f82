import assert from "node:assert/strict";
import { kernelText, uniformsOf } from "../../../runtime/kernels/declarations.ts";
import { type Dispatch, f32, raw, reads, updates, writes } from "../../../runtime/kernels/kernel.ts";

const DISPATCH: Dispatch = {
  kernel: "k",
  code: "fn kernel(group: u32, lane: u32) {\n  y_put(lane, T(x_at(lane)) * p.scale);\n}",
  values: { T: "vec4f", ROWS: 4, FLAG: true },
  uniforms: { count: 3, scale: f32(2) },
  operands: {
    x: reads({ input: 0 }, "vec4f"),
    y: writes({ output: 0 }, "vec4f"),
    bits: updates({ input: 1 }, "u32"),
  },
  grid: [1, 1, 1],
};

const ACCESS = ["read", "read_write", "read_write"] as const;
const FULL = { storage: [false, false, false], texels: [] };

Deno.test("kernelText() starts with the body, so that line numbers in errors are its own", () => {
  assert.ok(kernelText(DISPATCH, { access: ACCESS, halves: FULL }).startsWith(`${DISPATCH.code}\n`));
  const halves = { ...FULL, storage: [true, false, false] };
  assert.ok(kernelText(DISPATCH, { access: ACCESS, halves }).startsWith(`enable f16; ${DISPATCH.code}\n`));
});

Deno.test("kernelText() declares constants, types, uniforms and buffers in order, and only accessors in use", () => {
  const text = kernelText(DISPATCH, { access: ACCESS, halves: FULL });
  for (
    const part of [
      "const LANES = 64u;",
      "alias T = vec4f;",
      "const ROWS = 4u;",
      "@group(0) @binding(0) var<storage, read> x_buffer: array<vec4f>;",
      "@group(0) @binding(1) var<storage, read_write> y_buffer: array<vec4f>;",
      "@group(0) @binding(2) var<storage, read_write> bits_buffer: array<u32>;",
      "@group(0) @binding(3) var<uniform> p: Params;",
      "fn x_at(i: u32) -> vec4f { return x_buffer[i]; }",
      "fn y_put(i: u32, value: vec4f) { y_buffer[i] = value; }",
      "fn bits_at(i: u32) -> u32 { return bits_buffer[i]; }",
      "fn bits_put(i: u32, value: u32) { bits_buffer[i] = value; }",
    ]
  ) assert.ok(text.includes(part), part);
  for (const part of ["x_put", "y_at", "FLAG"]) assert.ok(!text.includes(part), part);
});

Deno.test("float16 accessors widen on reading and round on writing; words have the bits of float32", () => {
  const text = kernelText(DISPATCH, { access: ACCESS, halves: { storage: [true, true, true], texels: [] } });
  for (
    const part of [
      "x_buffer: array<vec4h>;",
      "bits_buffer: array<f16>;",
      "fn x_at(i: u32) -> vec4f { return vec4f(x_buffer[i]); }",
      "fn y_put(i: u32, value: vec4f) { y_buffer[i] = vec4h(value); }",
      "fn bits_at(i: u32) -> u32 { return bitcast<u32>(f32(bits_buffer[i])); }",
      "fn bits_put(i: u32, value: u32) { bits_buffer[i] = f16(bitcast<f32>(value)); }",
    ]
  ) assert.ok(text.includes(part), part);
});

Deno.test("operands read as texels come from a texture of their format, starting at their row", () => {
  const dispatch: Dispatch = {
    ...DISPATCH,
    operands: {
      a: reads({ input: 0 }, "vec4f", { texels: true }),
      b: reads({ input: 1 }, "vec4f", { texels: true }),
      y: writes({ output: 0 }, "vec4f"),
    },
  };
  const bound = { access: ["read_write"], halves: { storage: [false], texels: [false, true] } } as const;
  const text = kernelText(dispatch, bound);
  assert.match(text, /@binding\(2\) var texels: texture_storage_2d<rgba32float, read>;/);
  assert.match(text, /@binding\(3\) var half_texels: texture_storage_2d<rgba16float, read>;/);
  assert.match(text, /fn a_at\(i: u32\) -> vec4f \{ let t = p.a_first \+ i; return textureLoad\(texels, /);
  assert.match(text, /fn b_at\(i: u32\) -> vec4f \{ let t = p.b_first \+ i; return textureLoad\(half_texels, /);
  const words = new Uint32Array(uniformsOf(dispatch, [2, 5])!.buffer);
  assert.deepEqual([words[0], words[2], words[3]], [3, 2 * 1024, 5 * 1024]);
});

Deno.test("a body that passes vectors on reads them as they are stored", () => {
  const code = `fn kernel(group: u32, lane: u32) { let v = x_stored4(); y_put(lane, vec4f(x_stored_at(lane))); }`;
  const textOf = (half: boolean) =>
    kernelText({ ...DISPATCH, code }, { access: ACCESS, halves: { storage: [half, false, false], texels: [] } });
  const [full, half] = [textOf(false), textOf(true)];
  assert.ok(full.includes("alias x_stored = vec4f;") && full.includes("alias x_stored4 = mat4x4f;"));
  assert.ok(half.includes("alias x_stored = vec4h;") && half.includes("alias x_stored4 = mat4x4h;"));
  for (const text of [full, half]) {
    assert.ok(text.includes("fn x_stored_at(i: u32) -> x_stored { return x_buffer[i]; }"));
    assert.ok(!text.includes("y_stored"));
  }
});

Deno.test("a body that computes in float16 has it enabled, whatever its operands hold", () => {
  const text = kernelText({ ...DISPATCH, half: true }, { access: ACCESS, halves: FULL });
  assert.ok(text.startsWith(`enable f16; ${DISPATCH.code}\n`));
});

Deno.test("raw operands are bound under their own name and have no accessors", () => {
  const dispatch: Dispatch = { ...DISPATCH, operands: { found: raw({ output: 0 }, "atomic<u32>", "read_write") } };
  const text = kernelText(dispatch, { access: ["read_write"], halves: { storage: [false], texels: [] } });
  assert.ok(text.includes("@group(0) @binding(0) var<storage, read_write> found: array<atomic<u32>>;"));
  assert.ok(!text.includes("found_at") && !text.includes("found_put"));
});

Deno.test("a kernel without uniforms has none bound", () => {
  const { uniforms: _, ...dispatch } = DISPATCH;
  assert.equal(uniformsOf(dispatch, []), undefined);
  assert.ok(!kernelText(dispatch, { access: ACCESS, halves: FULL }).includes("var<uniform>"));
});
