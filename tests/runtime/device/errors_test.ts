import assert from "node:assert/strict";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { DeviceLostError, OutOfMemoryError, ValidationError } from "../../../runtime/device/errors.ts";
import { type Dispatch, reads, writes } from "../../../runtime/kernels/kernel.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import { apply, defineOp } from "../../../runtime/graph/op.ts";
import { exp, mul } from "../../../runtime/ops/pointwise.ts";
import { createState } from "../../../runtime/graph/state.ts";

const CODE = `fn kernel(group: u32, lane: u32) {
  y_put(group, x_at(group));
}`;

/** Compiles two ops, the second of which runs a modified dispatch of CODE. */
function compileWith(device: Device, change: Partial<Dispatch>) {
  const odd = defineOp<Record<string, never>>({
    name: "odd",
    infer: ([x]) => [x!],
    lower: () => ({
      dispatches: [{
        kernel: "odd_kernel/x1",
        code: CODE,
        lanes: 1,
        operands: { x: reads({ input: 0 }, "f32"), y: writes({ output: 0 }, "f32") },
        grid: [6, 1, 1],
        ...change,
      }],
    }),
  });
  return compile(device, () => ({ outputs: { y: apply(odd, [exp(input("x", { shape: [2, 3] }))], {})[0]! } }), {
    name: "p",
  });
}

/** The rejection, which names kernel, op, shapes and program, and says what matches. */
function rejection(message: RegExp) {
  return (error: Error) => {
    assert.ok(error instanceof ValidationError, String(error));
    assert.equal(error.kernel, "odd_kernel/x1");
    assert.equal(error.op, "odd");
    assert.equal(error.shapes, "[2, 3] -> [2, 3]");
    assert.match(error.message, message);
    assert.match(error.message, /, in odd \[2, 3\] -> \[2, 3\] of program p$/);
    return true;
  };
}

Deno.test("a kernel that WebGPU rejects is named with its op, its shapes and the program", async () => {
  using device = await Device.open();
  const before = device.allocatedBytes;
  await assert.rejects(
    compileWith(device, { code: CODE.replace("x_at(group)", "missing") }),
    rejection(/^kernel odd_kernel\/x1 does not compile, line 2, column \d+: .*missing/s),
  );
  await assert.rejects(
    compileWith(device, { code: CODE.replace("fn kernel", "fn other") }),
    rejection(/^kernel odd_kernel\/x1 does not compile, .*kernel/s),
  );
  await assert.rejects(
    compileWith(device, { lanes: 2048 }),
    rejection(/^kernel odd_kernel\/x1 was rejected: /),
  );
  assert.equal(device.allocatedBytes, before);
  using fine = await compileWith(device, {});
  fine.run({ x: new Float32Array(6) });
  assert.deepEqual([...(await fine.read("y"))[0]!], [1, 1, 1, 1, 1, 1]);
});

Deno.test("a dispatch that WebGPU rejects fails compilation by name", async () => {
  using device = await Device.open();
  const most = device.gpu.limits.maxComputeWorkgroupsPerDimension;
  await assert.rejects(
    compileWith(device, { grid: [most + 1, 1, 1] }),
    rejection(/^a dispatch of kernel odd_kernel\/x1 was rejected: .*[dD]ispatch/s),
  );
  await assert.rejects(
    compileWith(device, {
      operands: { x: reads({ input: 0, first: 1, count: 2 }, "f32"), y: writes({ output: 0 }, "f32") },
    }),
    rejection(/^a dispatch of kernel odd_kernel\/x1 was rejected: .*align/s),
  );
});

Deno.test("a program whose state has been disposed of names the state and the op that needs it", async () => {
  using device = await Device.open();
  const weight = createState(device, { name: "weight", shape: [3] });
  using program = await compile(device, () => ({ outputs: { y: mul(weight.tensor, 2) } }), { name: "p" });
  program.run();
  weight[Symbol.dispose]();
  assert.throws(() => program.run(), {
    name: "ValidationError",
    op: "mul",
    shapes: "[3] -> [3]",
    message: /program p needs state weight \[3\] of pointwise\/mul, in mul \[3\] -> \[3\], but it has been disposed of/,
  });
  await assert.rejects(weight.read(), { name: "ValidationError", message: /a readback of 12 bytes/ });
});

Deno.test("errors that no call awaits are thrown by the next check", async () => {
  using device = await Device.open();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.allocate(4, { label: "short", usage });
  device.gpu.queue.writeBuffer(buffer, 0, new Uint32Array(2)); // too long
  const told = async () => {
    // Browsers report errors with a delay.
    for (let i = 0; i < 100; i++) {
      await device.finish();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await assert.rejects(told(), { name: "ValidationError", message: /WebGPU rejected a WebGPU call: / });
  await device.finish(); // reported once
});

Deno.test("a buffer over the adapter's limit is rejected with both sizes", async () => {
  using device = await Device.open();
  const limit = device.gpu.limits.maxBufferSize;
  assert.throws(
    () => createState(device, { name: "huge", shape: [limit] }),
    (error) => error instanceof OutOfMemoryError && error.wanted === 4 * limit && error.available === limit,
  );
});

Deno.test("a program that exceeds the device's budget is rejected before anything is allocated", async () => {
  using device = await Device.open({ memoryLimit: 10_000 });
  using state = createState(device, { name: "s", shape: [500] });
  const build = () => ({ outputs: { y: mul(exp(input("x", { shape: [4, 500] })), state.tensor) } });
  await assert.rejects(compile(device, build, { name: "large" }), (error) => {
    assert.ok(error instanceof OutOfMemoryError);
    assert.equal(error.available, 8000);
    assert.ok(error.wanted >= 16_000);
    assert.match(error.message, /program large wants \d+ bytes, and about 8000 are available/);
    return true;
  });
  assert.equal(device.allocatedBytes, 2000);
  assert.throws(() => createState(device, { name: "t", shape: [2001] }), {
    name: "OutOfMemoryError",
    wanted: 8004,
    available: 8000,
  });
});

Deno.test("running out of memory in the driver throws an error with the bytes wanted and available", async () => {
  using device = await Device.open();
  // Simulates a driver with 1,000 bytes, rather than filling this machine's memory.
  const { gpu } = device;
  let latest = 0;
  const createBuffer = gpu.createBuffer.bind(gpu);
  const popErrorScope = gpu.popErrorScope.bind(gpu);
  gpu.createBuffer = (descriptor) => {
    latest = descriptor.size;
    return createBuffer({ ...descriptor, size: Math.min(descriptor.size, 1000) });
  };
  gpu.popErrorScope = async () => {
    const full = latest > 1000;
    latest = 0;
    const error = await popErrorScope();
    return full ? new GPUOutOfMemoryError("no memory") : error;
  };
  const state = createState(device, { name: "s", shape: [16_384] });
  await assert.rejects(device.settle(), (error) => {
    assert.ok(error instanceof OutOfMemoryError);
    assert.equal(error.wanted, 65_536);
    assert.ok(error.available > 0 && error.available <= 1000, String(error.available));
    assert.match(error.message, /out of GPU memory: state s wants 65536 bytes, and about \d+ are available/);
    return true;
  });
  state[Symbol.dispose]();
  await assert.rejects(
    compile(device, () => ({ outputs: { y: exp(input("x", { shape: [4096] })) } }), { name: "p" }),
    (error) => error instanceof OutOfMemoryError && error.wanted === 16_384 && /p arena 0/.test(error.message),
  );
});

Deno.test("the loss of a device rejects pending and later calls", async () => {
  using device = await Device.open();
  using program = await compile(device, () => ({ outputs: { y: exp(input("x", { shape: [4] })) } }));
  program.run({ x: new Float32Array(4) });
  device.gpu.destroy();
  await assert.rejects(program.read("y"), DeviceLostError);
  assert.throws(() => program.run({ x: new Float32Array(4) }), {
    name: "DeviceLostError",
    message: /the GPU device was lost .*open a new Device and restore the last checkpoint/,
  });
  await assert.rejects(device.finish(), DeviceLostError);
  await assert.rejects(compile(device, () => ({ outputs: { y: exp(input("x", { shape: [4] })) } })), DeviceLostError);
  assert.throws(() => device.allocate(4, { label: "b", usage: GPUBufferUsage.STORAGE }), DeviceLostError);
});

Deno.test("a compilation that fails because the device is lost is not blamed on the kernel", async () => {
  using device = await Device.open();
  device.gpu.destroy();
  const source = { kernel: "odd_kernel/x1", code: "@compute @workgroup_size(1) fn main() {}", bindings: [] };
  await assert.rejects(device.pipeline(source), DeviceLostError);
});
