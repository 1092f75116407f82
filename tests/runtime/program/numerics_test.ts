import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { NonFiniteError } from "../../../runtime/device/errors.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { pack } from "../../../runtime/ops/pack.ts";
import { add, div, minimum, mul, relu, sqrt } from "../../../runtime/ops/pointwise.ts";
import { mean, sum } from "../../../runtime/ops/reduce.ts";
import * as sgd from "../../../runtime/optimizers/sgd.ts";
import { createSlab, createState } from "../../../runtime/graph/state.ts";

/** The rejection, with the fields and the message given. */
async function nonFinite(
  promise: Promise<unknown>,
  want: { op: string; step: number; shape: readonly number[]; message: RegExp },
): Promise<NonFiniteError> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof NonFiniteError, String(error));
  assert.equal(error.op, want.op);
  assert.equal(error.step, want.step);
  assert.deepEqual(error.details.shape, want.shape);
  assert.match(error.message, want.message);
  return error;
}

const chain = () => {
  const x = input("x", { shape: [2, 3] });
  // Fused, these would be one kernel, and only its last result could be looked at.
  const y = sqrt(add(div(input("over", { shape: [] }), mul(x, 2)), 10));
  return { outputs: { y }, metrics: { mean: mean(y) } };
};

Deno.test("checkNumerics names the first op with a result that is not finite, where, and the step", async () => {
  using device = await Device.open();
  using program = await compile(device, chain, { name: "p", checkNumerics: true });
  program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6), over: 1 }, { step: 40 });
  assert.equal((await program.readMetrics()).length, 1);
  await program.checkNumerics();
  program.run({ x: Float32Array.of(1, 2, 3, 4, 0, 6), over: 1 }, { step: 41 });
  // The failure is still reported after later runs.
  program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6), over: 1 }, { step: 42 });
  const want = {
    op: "div",
    step: 41,
    shape: [2, 3],
    message:
      /^step 41 of program p: div\(\), applied at .*numerics_test\.[jt]s:[\d:]+, gave infinite at \[1, 1\] of \[2, 3\]/,
  };
  const first = await nonFinite(program.readMetrics(), want);
  assert.match(first.details.site ?? "", /numerics_test\.[jt]s:\d+:\d+$/);
  await nonFinite(program.read("y"), want);
  assert.throws(() => program.run({ x: new Float32Array(6), over: 1 }), NonFiniteError);
});

Deno.test("checkNumerics distinguishes NaN from infinity and finds the first element", async () => {
  using device = await Device.open();
  using program = await compile(device, chain, { checkNumerics: true });
  program.run({ x: Float32Array.of(1, 2, 3, 4, 0, 0), over: 0 });
  await nonFinite(program.checkNumerics(), {
    op: "div",
    step: 0,
    shape: [2, 3],
    message: /gave NaN at \[1, 1\] of \[2, 3\]; all that was computed before it is finite/,
  });
});

Deno.test("checkNumerics blames an input or a state that was not finite to begin with", async () => {
  using device = await Device.open();
  using weight = createState(device, { name: "weight", shape: [3], data: Float32Array.of(1, 2, 3) });
  const build = () => ({ outputs: { y: relu(mul(input("x", { shape: [3] }), weight.tensor)) } });
  {
    using program = await compile(device, build, { checkNumerics: true });
    program.run({ x: Float32Array.of(0, 0, NaN) });
    const message = /input x is NaN at \[2\] of \[3\]/;
    await nonFinite(program.checkNumerics(), { op: "input", step: 0, shape: [3], message });
  }
  weight.write(Float32Array.of(-Infinity, 2, 3));
  using program = await compile(device, build, { checkNumerics: true });
  program.run({ x: Float32Array.of(0, 0, 1) });
  const message = /state weight is infinite at \[0\] of \[3\] before anything is computed/;
  await nonFinite(program.checkNumerics(), { op: "state", step: 0, shape: [3], message });
});

Deno.test("checkNumerics finds a non-finite gradient and names the forward op", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [2] });
    const [g] = gradients(sum(sqrt(x)), [x]);
    return { outputs: { g: g! } };
  }, { checkNumerics: true });
  program.run({ x: Float32Array.of(1, 0) }); // sqrt(0) is finite, its derivative is not
  const message =
    /div\(\), applied at the gradient of sqrt\(\) at .*numerics_test\.[jt]s:\d+:\d+, gave infinite at \[1\]/;
  await nonFinite(program.checkNumerics(), { op: "div", step: 0, shape: [2], message });
});

Deno.test("checkNumerics looks into slabs tensor by tensor, not at what lies between them", async () => {
  using device = await Device.open();
  const entries = [{ name: "a", shape: [3] }, { name: "b", shape: [2] }];
  using parameters = createSlab(device, { name: "parameters", entries });
  using velocity = createSlab(device, { name: "velocity", entries });
  const padding = new Float32Array(parameters.whole.size).fill(NaN);
  padding.set([1, 1, 1]);
  padding.set([1, 1], parameters.states[1]!.offset);
  parameters.whole.write(padding);
  using program = await compile(device, () => {
    const factor = input("factor", { shape: [] });
    const gradient = pack(parameters.states.map((state) => mul(state.tensor, factor)));
    const norm = sgd.update({ parameters, velocity, gradient });
    return { metrics: { norm } };
  }, { name: "p", checkNumerics: true });
  program.run({ factor: 1, ...sgd.hyperparameters({ learningRate: 0.1 }) });
  await program.checkNumerics();
  // The gradient is finite, the step with it is not.
  program.run({ factor: 1e5, ...sgd.hyperparameters({ learningRate: 3e38 }) });
  const message = /^step 1 of program p: sgd\(\), applied at .*numerics_test.* made state a infinite at \[0\] of \[3\]/;
  await nonFinite(program.checkNumerics(), { op: "sgd", step: 1, shape: [3], message });
});

Deno.test("without checkNumerics nothing is added to a program", async () => {
  using device = await Device.open();
  using program = await compile(device, chain);
  assert.equal(program.dispatchCount, 2); // the chain, and the mean
  program.run({ x: new Float32Array(6), over: 0 });
  await program.checkNumerics();
  assert.ok(Number.isNaN((await program.read("y"))[0]![0]));
  using checked = await compile(device, chain, { checkNumerics: true });
  // Each of four pointwise ops and the mean, two inputs before and every result after, and the record.
  assert.equal(checked.dispatchCount, 5 + 7 + 1);
  assert.ok(program.memory.arena < checked.memory.arena);
});

Deno.test("constants and inputs may be infinite where that is meant", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [2] });
    return { outputs: { y: div(x, tensor([Infinity, 1])), z: minimum(x, input("limit", { shape: [] })) } };
  }, { checkNumerics: true });
  program.run({ x: Float32Array.of(1, 2), limit: Infinity });
  assert.deepEqual((await program.read("y", "z")).map((data) => [...data]), [[0, 2], [1, 2]]);
});
