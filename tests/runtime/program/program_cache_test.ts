import assert from "node:assert/strict";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import { exp, mul } from "../../../runtime/ops/pointwise.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { ProgramCache, programVariants } from "../../../runtime/program/program_cache.ts";
import { createState } from "../../../runtime/graph/state.ts";

Deno.test("a batch of another size compiles once more, not every time", async () => {
  using device = await Device.open();
  using weight = createState(device, { name: "weight", shape: [4], data: Float32Array.of(1, 2, 3, 4) });
  const built: number[] = [];
  using programs = programVariants(device, ({ batch }: { batch: number }) => {
    built.push(batch);
    const x = input("x", { shape: [batch, 4] });
    return { outputs: { y: mul(sum(x, { axes: 0 }), weight.tensor) } };
  });
  for (const batch of [32, 32, 7, 32, 7, 7]) {
    const program = await programs.get({ batch });
    const x = Float32Array.from({ length: batch * 4 }, (_, i) => Math.floor(i / 4));
    program.run({ x });
    assert.deepEqual([...(await program.read("y"))[0]!], [1, 2, 3, 4].map((w) => w * batch * (batch - 1) / 2));
  }
  assert.deepEqual(built, [32, 7]);
  assert.equal(programs.size, 2);
  const { allocatedBuffers, pipelineCount } = device;
  for (let i = 0; i < 100; i++) assert.ok(await programs.get({ batch: i % 2 ? 7 : 32 }));
  assert.deepEqual([device.allocatedBuffers, device.pipelineCount], [allocatedBuffers, pipelineCount]);
});

Deno.test("variants are distinguished by their contents, not by the order of their keys", async () => {
  using device = await Device.open();
  let built = 0;
  using programs = programVariants(device, ({ shape, double }: { shape: readonly number[]; double: boolean }) => {
    built++;
    const x = input("x", { shape });
    return { outputs: { y: double ? mul(x, 2) : exp(x) } };
  }, { name: "p" });
  const first = await programs.get({ shape: [2, 3], double: true });
  assert.equal(await programs.get({ double: true, shape: [2, 3] }), first);
  assert.equal(first.name, 'p {"double":true,"shape":[2,3]}');
  for (
    const variant of [{ shape: [2, 3], double: false }, { shape: [23], double: true }, { shape: [], double: true }]
  ) {
    assert.notEqual(await programs.get(variant), first);
  }
  assert.equal(built, 4);
  assert.throws(() => programs.get({ shape: [NaN], double: true }), /made of finite numbers, got NaN/);
});

Deno.test("concurrent requests for a variant compile it once, and failures are not cached", async () => {
  using device = await Device.open();
  let built = 0;
  using programs = programVariants(device, (size: number) => {
    built++;
    if (built === 1) throw new RangeError("not yet");
    return { outputs: { y: exp(input("x", { shape: [size] })) } };
  });
  await assert.rejects(programs.get(3), /not yet/);
  const [a, b] = await Promise.all([programs.get(3), programs.get(3)]);
  assert.equal(a, b);
  assert.equal(built, 2);
});

Deno.test("beyond its capacity a cache disposes of the program that was not used for longest", async () => {
  using device = await Device.open();
  const before = device.allocatedBytes;
  const cache = new ProgramCache(2);
  const get = (size: number) =>
    cache.get(`${size}`, () => compile(device, () => ({ outputs: { y: exp(input("x", { shape: [size] })) } })));
  const [one, two] = [await get(1), await get(2)];
  await get(1);
  await get(3);
  assert.equal(cache.size, 2);
  one.run({ x: 1 });
  assert.throws(() => two.run({ x: new Float32Array(2) }), /disposed/);
  cache[Symbol.dispose]();
  await device.settle();
  assert.equal(device.allocatedBytes, before);
  assert.throws(() => new ProgramCache(0), RangeError);
});
