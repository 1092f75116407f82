import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { reads, updates, writes } from "../../../runtime/kernels/kernel.ts";
import { apply, defineOp } from "../../../runtime/graph/op.ts";
import { matmul } from "../../../runtime/ops/matmul.ts";
import { pack } from "../../../runtime/ops/pack.ts";
import { add, copy, exp, greater, mul, relu, square, stopGradient, sub } from "../../../runtime/ops/pointwise.ts";
import { dropout } from "../../../runtime/ops/random.ts";
import { mean, sum } from "../../../runtime/ops/reduce.ts";
import { reshape } from "../../../runtime/ops/view.ts";
import * as adam from "../../../runtime/optimizers/adam.ts";
import { createSlab, createState, slabLayout } from "../../../runtime/graph/state.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";

Deno.test("a program replays with new inputs and keeps one metrics entry a run", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [3] });
    const total = sum(mul(x, input("factor", { shape: [] })));
    return { outputs: { doubled: add(x, x) }, metrics: { total } };
  });
  program.run({ x: Float32Array.of(1, 2, 3), factor: 1 });
  program.run({ x: Float32Array.of(4, 5, 6), factor: 10 });
  assert.deepEqual((await program.read("doubled")).map((data) => [...data]), [[8, 10, 12]]);
  assert.deepEqual(await program.readMetrics(), [{ step: 0, values: { total: 6 } }, {
    step: 1,
    values: { total: 150 },
  }]);
  assert.deepEqual(await program.readMetrics(), []);
});

Deno.test("chains of pointwise ops become one dispatch", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [4, 4] });
    const bias = input("bias", { shape: [4] });
    return { outputs: { y: relu(add(mul(x, 2), bias)) } };
  });
  assert.equal(program.dispatchCount, 1);
});

Deno.test("common subexpressions are computed once and dead ones not at all", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [64] });
    const a = sum(exp(x));
    const b = sum(exp(x));
    sum(square(x)); // dead
    return { outputs: { c: add(a, b) } };
  });
  assert.equal(program.dispatchCount, 2); // one reduction with exp fused in, one addition
  program.run({ x: new Float32Array(64) });
  assert.deepEqual([...(await program.read("c"))[0]!], [128]);
});

Deno.test("a chain that only one other chain uses is merged into it", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [64] });
    const y = input("y", { shape: [64] });
    // Both factors begin chains of their own; the product joins one and the other must follow.
    return { outputs: { z: mul(exp(y), greater(x, 0)) } };
  });
  assert.equal(program.dispatchCount, 1);
  program.run({ x: new Float32Array(64).fill(1), y: new Float32Array(64) });
  assert.ok((await program.read("z"))[0]!.every((value) => value === 1));
});

Deno.test("an item does not join a chain that its other input depends on", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [4] });
    const y = mul(x, 3);
    // y -> sum -> sub: fusing `sub` with `y` would need the sum before y is stored.
    return { outputs: { centred: sub(y, mean(y)) } };
  });
  program.run({ x: Float32Array.of(1, 2, 3, 6) });
  assert.deepEqual([...(await program.read("centred"))[0]!], [-6, -3, 0, 9]);
});

Deno.test("gradients() sums over all uses of a shared node and goes through views", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [2, 2] });
    const y = square(x); // used twice
    const loss = add(sum(y), sum(mul(reshape(y, [4]), tensor([1, 2, 3, 4]))));
    const [gx] = gradients(loss, [x]);
    return { outputs: { gx: gx! } };
  });
  program.run({ x: Float32Array.of(1, 1, 2, -1) });
  assert.deepEqual([...(await program.read("gx"))[0]!], [4, 6, 16, -10]);
});

Deno.test("gradients() stops at stopGradient() and gives zero or an error for an unused parameter", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [2] });
    const unused = input("unused", { shape: [3] });
    const [gx, gu] = gradients(sum(mul(x, stopGradient(x))), [x, unused]);
    assert.throws(() => gradients(sum(x), [unused], { unused: "error" }), /does not depend on parameter 0/);
    assert.throws(() => gradients(x, [x]), /scalar loss/);
    return { outputs: { gx: gx!, gu: gu! } };
  });
  program.run({ x: Float32Array.of(3, 4) });
  assert.deepEqual((await program.read("gx", "gu")).map((g) => [...g]), [[3, 4], [0, 0, 0]]);
});

Deno.test("a graph of many paths is differentiated in linear time", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    let x: Tensor = input("x", { shape: [1] });
    const start = x;
    for (let i = 0; i < 60; i++) x = add(mul(x, 0.5), mul(x, 0.5)); // 2^60 paths
    const [g] = gradients(sum(square(x)), [start]);
    return { outputs: { g: g! } };
  });
  program.run({ x: Float32Array.of(1) });
  assert.deepEqual([...(await program.read("g"))[0]!], [2]);
});

const addInPlace = defineOp<Record<string, never>>({
  name: "add_in_place",
  infer: () => [],
  mutates: [0],
  lower: ({ inputs: [state] }) => ({
    dispatches: [{
      kernel: "add_in_place",
      code: `fn kernel(group: u32, lane: u32) {
        let i = group * LANES + lane;
        if (i < p.count) { state_put(i, state_at(i) + x_at(i)); }
      }`,
      uniforms: { count: state!.shape[0]! },
      operands: { state: updates({ input: 0 }, "f32"), x: reads({ input: 1 }, "f32") },
      grid: [Math.ceil(state!.shape[0]! / 64), 1, 1],
    }],
  }),
});

Deno.test("states change in place after everything that reads their old value", async () => {
  using device = await Device.open();
  using state = createState(device, { name: "count", shape: [2], data: Float32Array.of(1, 2) });
  using program = await compile(device, () => {
    apply(addInPlace, [state.tensor, tensor([10, 20])], {});
    return { outputs: { before: mul(state.tensor, 1) } };
  });
  program.run();
  program.run();
  assert.deepEqual([...await state.read()], [21, 42]);
  assert.deepEqual([...(await program.read("before"))[0]!], [11, 22]);
});

Deno.test("an op that mutates a state is rejected outside of compile() and for tensors that are not states", () => {
  assert.throws(() => apply(addInPlace, [tensor([1]), tensor([1])], {}), /only inside a function given to compile/);
});

Deno.test("pack() lays tensors out as a slab of states does, and computes them in place", async () => {
  using device = await Device.open();
  const shapes = [[3], [70], [2, 2]];
  const { offsets, length } = slabLayout(shapes);
  using slab = createSlab(device, { name: "s", entries: shapes.map((shape, i) => ({ name: `p${i}`, shape })) });
  slab.states.forEach((state, i) => state.write(new Float32Array(state.size).fill(i + 1)));
  using program = await compile(device, () => {
    const doubled = slab.states.map((state) => mul(state.tensor, 2));
    // The first one is packed twice and must be copied for its second place.
    return { outputs: { slab: pack([...doubled, doubled[0]!, slab.states[1]!.tensor]) } };
  });
  assert.equal(program.dispatchCount, 5); // three products and two copies
  program.run();
  const [packed] = await program.read("slab");
  assert.deepEqual([...packed!.slice(0, 3)], [2, 2, 2]);
  assert.deepEqual([...packed!.slice(offsets[1], offsets[1]! + 70)], new Array(70).fill(4));
  assert.deepEqual([...packed!.slice(offsets[2], offsets[2]! + 4)], [6, 6, 6, 6]);
  assert.deepEqual([...packed!.slice(length, length + 3)], [2, 2, 2]);
  assert.deepEqual([...packed!.slice(length + 64, length + 134)], new Array(70).fill(2));
});

Deno.test("a kernel that binds one tensor twice gets a copy for the second place", async () => {
  using device = await Device.open();
  const product = defineOp<Record<string, never>>({
    name: "product",
    infer: ([a]) => [a!],
    lower: () => ({
      dispatches: [{
        kernel: "product",
        code: "fn kernel(group: u32, lane: u32) { y_put(group, a_at(group) * b_at(group)); }",
        lanes: 1,
        operands: {
          a: reads({ input: 0 }, "f32"),
          b: reads({ input: 1 }, "f32"),
          y: writes({ output: 0 }, "f32"),
        },
        grid: [3, 1, 1],
      }],
    }),
  });
  using program = await compile(device, () => {
    const x = copy(input("x", { shape: [3] }));
    return { outputs: { y: apply(product, [x, x], {})[0]! } };
  });
  program.run({ x: Float32Array.of(1, 2, 3) });
  assert.deepEqual([...(await program.read("y"))[0]!], [1, 4, 9]);
});

/** WebGPU objects that belong to a program; command encoders and passes belong to one run. */
const MADE = [
  "createBindGroup",
  "createBuffer",
  "createComputePipeline",
  "createComputePipelineAsync",
  "createQuerySet",
  "createShaderModule",
  "createTexture",
] as const;

Deno.test("1,000 replays of a training step make nothing on the GPU and leave its memory where it was", async () => {
  using device = await Device.open();
  const entries = [{ name: "w", shape: [8, 4] }, { name: "b", shape: [4] }];
  using parameters = createSlab(device, { name: "parameters", entries });
  using m = createSlab(device, { name: "m", entries });
  using v = createSlab(device, { name: "v", entries });
  using program = await compile(device, () => {
    const tensors = parameters.states.map((state) => state.tensor);
    const y = dropout(relu(add(matmul(input("x", { shape: [16, 8] }), tensors[0]!), tensors[1]!)), {
      rate: 0.5,
      stream: 1,
    });
    const loss = mean(square(sub(y, 1)));
    const norm = adam.update({ parameters, m, v, gradient: pack(gradients(loss, tensors)) });
    return { metrics: { loss, norm } };
  });
  const x = new Float32Array(128).fill(0.5);
  const run = (step: number) => program.run({ x, ...adam.hyperparameters({ learningRate: 1e-3, step: step + 1 }) });
  run(0);
  await program.readMetrics();
  const made = new Map<string, number>();
  for (const name of MADE) {
    const method = device.gpu[name] as (...args: unknown[]) => unknown;
    const counted = (...args: unknown[]) => {
      made.set(name, (made.get(name) ?? 0) + 1);
      return method.apply(device.gpu, args);
    };
    Object.defineProperty(device.gpu, name, { value: counted });
  }
  const { allocatedBytes, allocatedBuffers, pipelineCount } = device;
  for (let step = 1; step <= 1000; step++) run(step);
  assert.deepEqual([...made], []);
  assert.equal((await program.readMetrics()).length, 1000);
  assert.deepEqual([...made], [["createBuffer", 1]], "the readback alone takes a buffer");
  assert.deepEqual(
    [device.allocatedBytes, device.allocatedBuffers, device.pipelineCount],
    [allocatedBytes, allocatedBuffers, pipelineCount],
  );
});

Deno.test("disposing of a program frees all of its memory, and the plan is known before any is allocated", async () => {
  using device = await Device.open();
  let planned = -1;
  const before = device.allocatedBytes;
  const program = await compile(device, () => ({ outputs: { y: exp(input("x", { shape: [1000] })) } }), {
    onPlan: (memory) => {
      planned = memory.arena;
      assert.equal(device.allocatedBytes, before);
    },
  });
  assert.equal(planned, 4096);
  assert.ok(device.allocatedBytes > before);
  program[Symbol.dispose]();
  assert.equal(device.allocatedBytes, before);
  assert.throws(() => program.run({ x: new Float32Array(1000) }), /disposed/);
});

Deno.test("run() names inputs that are missing, unknown or of the wrong size", async () => {
  using device = await Device.open();
  using program = await compile(device, () => ({ outputs: { y: exp(input("x", { shape: [2] })) } }), { name: "p" });
  assert.throws(() => program.run({}), /program p needs input x, f32 \[2\]/);
  assert.throws(
    () => program.run({ x: new Float32Array(3) }),
    /input x of program p is f32 \[2\], 8 bytes, but 12 bytes/,
  );
  assert.throws(() => program.run({ x: new Float32Array(2), z: 1 }), /has no input z; it has x/);
  await assert.rejects(program.read("q"), /has no output q; it has y/);
});

Deno.test("a kernel that does not compile is an exception that names it, with line and column", async () => {
  using device = await Device.open();
  const broken = defineOp<Record<string, never>>({
    name: "broken",
    infer: ([a]) => [a!],
    pointwise: ([x]) => `${x} + nonsense`,
  });
  await assert.rejects(
    compile(device, () => ({ outputs: { y: apply(broken, [input("x", { shape: [2] })], {})[0]! } })),
    { name: "ValidationError", message: /kernel pointwise\/broken does not compile, line \d+, column \d+:/ },
  );
});

Deno.test("a tensor larger than the binding limit is rejected with both sizes, before any allocation", async () => {
  using device = await Device.open();
  const before = device.allocatedBytes;
  const elements = device.target.maxBindingBytes / 4 + 4;
  await assert.rejects(compile(device, () => ({ outputs: { y: exp(input("x", { shape: [elements] })) } })), {
    name: "OutOfMemoryError",
    // Where a buffer can be no larger than a binding, that is what it says.
    message: new RegExp(
      `takes ${elements * 4} bytes, but (this adapter binds|a buffer of this adapter has) at most \\d+`,
    ),
  });
  assert.equal(device.allocatedBytes, before);
});

Deno.test("profile() times every dispatch on the GPU", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [1000] });
    return { outputs: { y: sum(greater(x, 0)), z: exp(x) } };
  });
  const entries = await program.profile({ x: new Float32Array(1000).fill(1) });
  assert.equal(entries.length, program.dispatchCount);
  assert.ok(entries.every((entry) => entry.nanoseconds > 0));
  assert.equal((await program.read("y"))[0]![0], 1000);
});

Deno.test("a disposed device throws an error that says so", async () => {
  const device = await Device.open();
  const program = await compile(device, () => ({ outputs: { y: exp(input("x", { shape: [1] })) } }));
  device[Symbol.dispose]();
  assert.throws(() => program.run({ x: 1 }), { name: "DeviceLostError" });
});
