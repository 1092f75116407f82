import assert from "node:assert/strict";
import { Device } from "../../runtime/device.ts";
import { fitTexels, TEXEL_BYTES, TEXEL_ROW, texelPlaces, texelRows } from "../../runtime/texels.ts";
import { compile, input, matmul } from "../../runtime/mod.ts";

Deno.test("texelPlaces() begins each binding at a row of its own", () => {
  const row = TEXEL_ROW * 4;
  assert.deepEqual(texelPlaces([4, row, row + 4, 8]), [0, 1, 2, 4].map((rows) => rows * TEXEL_ROW));
  assert.equal(texelRows(row), 1);
  assert.equal(texelRows(row + 4), 2);
});

Deno.test("fitTexels() counts whole rows, and takes vectors of four only", () => {
  assert.ok(fitTexels([4, 4], 2 * TEXEL_ROW));
  assert.ok(!fitTexels([4, 4], 2 * TEXEL_ROW - 1));
  assert.ok(!fitTexels([6], 2 * TEXEL_ROW));
  assert.ok(!fitTexels([4]));
});

Deno.test("a program counts the texture of its texels to its memory, and frees it", async () => {
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
