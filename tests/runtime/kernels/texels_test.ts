import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { fitTexels, TEXEL_BYTES, TEXEL_ROW, texelRows } from "../../../runtime/kernels/texels.ts";
import { compile, gradients, input, matmul, square, sum } from "../../../runtime/mod.ts";
import { traced } from "../../../runtime/graph/op.ts";
import { planProgram } from "../../../runtime/plan/program_plan.ts";

Deno.test("texelRows() rounds up to whole rows", () => {
  const row = TEXEL_ROW * 4;
  assert.deepEqual([4, row, row + 4].map(texelRows), [1, 1, 2]);
});

Deno.test("fitTexels() counts whole rows, and takes vectors of four only", () => {
  assert.ok(fitTexels([4, 4], 2 * TEXEL_ROW));
  assert.ok(!fitTexels([4, 4], 2 * TEXEL_ROW - 1));
  assert.ok(!fitTexels([6], 2 * TEXEL_ROW));
  assert.ok(!fitTexels([4]));
});

Deno.test("a program's memory includes its texel texture, which is freed with it", async () => {
  using device = await Device.open({ profile: "software" });
  const before = device.allocatedBytes;
  {
    using program = await compile(device, () => {
      const [a, b] = [input("a", { shape: [64, 128] }), input("b", { shape: [128, 64] })];
      return { outputs: { y: matmul(a, b) } };
    });
    const texels = 4 * TEXEL_ROW * TEXEL_BYTES;
    assert.ok(program.memory.fixed >= texels);
    assert.ok(device.allocatedBytes - before >= program.memory.arena + texels);
    program.run({ a: new Float32Array(64 * 128).fill(1), b: new Float32Array(128 * 64).fill(2) });
    const [y] = await program.read("y");
    assert.ok(y!.every((value) => value === 256));
  }
  assert.equal(device.allocatedBytes, before);
});

/** sum((x w)^2) for x [64, 256] and w [256, 128], and its gradients, both of which read the product's gradient. */
function product() {
  const [x, w] = [input("x", { shape: [64, 256] }), input("w", { shape: [256, 128] })];
  const y = matmul(x, w);
  const [dx, dw] = gradients(sum(square(y)), [x, w]);
  return { y, dx: dx!, dw: dw! };
}

Deno.test("a plan copies an operand of two dispatches into the texture once, at the row in their uniforms", () => {
  const target = {
    profile: "software",
    maxBindingBytes: 2 ** 27,
    maxStorageBuffers: 8,
    maxTexels: 64 * TEXEL_ROW,
  } as const;
  const { result, trace } = traced(product);
  const plan = planProgram({
    outputs: new Map(Object.entries(result)),
    metrics: new Map(),
    effects: trace.effects,
    ringCapacity: 1,
    declared: trace.inputs,
  }, { target, maxBufferBytes: 2 ** 27 });
  const reads = plan.commands.flatMap(({ texels = [] }) => texels);
  assert.equal(reads.length, 6);
  // w is in the texture since the first product, and the gradient of y since the previous one; x, which has 4 rows, was
  // evicted for that gradient.
  assert.equal(plan.texelRows, 12);
  assert.deepEqual(reads.map(({ copied }) => copied), [true, true, true, false, true, false]);
  const uniforms = new DataView(plan.requests.find(({ role }) => role === "uniforms")!.data!.slice().buffer);
  for (const { command, texels = [], uniforms: at } of plan.commands) {
    // The generated uniforms, a first texel for each such operand, come last.
    const own = Object.keys(command.dispatch.uniforms ?? {}).length;
    const first = texels.map((_, i) => uniforms.getUint32(at!.offset + 4 * (own + i), true));
    assert.deepEqual(first, texels.map(({ row }) => row * TEXEL_ROW));
  }
});

Deno.test("programs that reuse operands in the texture equal those that copy every one, at every run", async () => {
  using device = await Device.open({ profile: "software" });
  const data = (seed: number) => ({
    x: Float32Array.from({ length: 64 * 256 }, (_, i) => Math.sin(i * seed)),
    w: Float32Array.from({ length: 256 * 128 }, (_, i) => Math.cos(i + seed)),
  });
  using reusing = await compile(device, () => ({ outputs: product() }));
  for (const seed of [1, 2]) {
    reusing.run(data(seed));
    const got = await reusing.read("y", "dx", "dw");
    for (const [i, name] of (["y", "dx", "dw"] as const).entries()) {
      using alone = await compile(device, () => ({ outputs: { [name]: product()[name] } }), { checkNumerics: true });
      alone.run(data(seed));
      assert.deepEqual(got[i], (await alone.read(name))[0]);
    }
  }
});
