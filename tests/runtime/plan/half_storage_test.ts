import assert from "node:assert/strict";
import {
  add,
  batchNorm2d,
  compile,
  concat,
  conv2d,
  convTranspose2d,
  createState,
  Device,
  dropout2d,
  gradients,
  input,
  mean,
  mul,
  pack,
  permute,
  type ProgramResults,
  relu,
  sigmoid,
  square,
  sub,
  sum,
  type Tensor,
  UnsupportedError,
} from "../../../runtime/mod.ts";
import { requireHalf } from "../../../runtime/program/compile.ts";
import type { Profile } from "../../../runtime/kernels/kernel.ts";
import { traced } from "../../../runtime/graph/op.ts";
import { planProgram } from "../../../runtime/plan/program_plan.ts";
import { normalData, relativeError } from "../../reference/compare.ts";

/** Unit roundoff of float16 (relative). */
const ROUNDOFF = 2 ** -11;
const SHAPE = [4, 16, 16, 8] as const;
const SIZE = 4 * 16 * 16 * 8;
const PROFILES: readonly Profile[] = ["software", "gpu"];

/** The large values of a plan of precision f16, by whether they are float16. */
function planned(device: Device, build: () => ProgramResults, options: { checkNumerics?: boolean } = {}) {
  const { result, trace } = traced(build);
  const plan = planProgram({
    outputs: new Map(Object.entries(result.outputs ?? {})),
    metrics: new Map(Object.entries(result.metrics ?? {})),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 4,
  }, { target: device.target, maxBufferBytes: 2 ** 28, precision: "f16", ...options });
  const slots = new Set(
    plan.commands.flatMap(({ command }) => [...command.operands, ...(command.texels ?? [])].map(({ slot }) => slot)),
  );
  const labels = (half: boolean) =>
    [...slots].filter((slot) => !slot.leaf && (slot.half ?? false) === half && slot.bytes >= 4096).map(({ label }) =>
      label
    ).sort();
  return { plan, half: labels(true), full: labels(false) };
}

/** An encoder and a decoder without kinks, and the gradients of their weights. */
function smoothStep(device: Device, scale?: Tensor) {
  const state = (name: string, shape: readonly number[], seed: number) =>
    createState(device, {
      name,
      shape,
      data: normalData(shape.reduce((a, b) => a * b), { seed, deviation: 0.2 }),
    });
  const weights = [state("down", [4, 4, 8, 16], 1), state("up", [4, 4, 16, 8], 2), state("out", [3, 3, 8, 8], 3)];
  const build = () => {
    const x = input("x", { shape: SHAPE });
    const [down, up, out] = weights.map(({ tensor }) => tensor);
    const walk = { stride: 2, padding: 1 };
    const inner = sigmoid(conv2d(conv2d(x, out!, { padding: 1 }), down!, walk));
    const y = conv2d(convTranspose2d(inner, up!, walk), out!, { padding: 1 });
    const loss = mean(square(sub(y, x)));
    const gradient = gradients(loss, weights.map(({ tensor }) => tensor), scale ? { scale } : {});
    return { outputs: { loss, ...Object.fromEntries(gradient.map((g, i) => [`g${i}`, g])) } };
  };
  return { build, [Symbol.dispose]: () => weights.forEach((each) => each[Symbol.dispose]()) };
}

for (const profile of PROFILES) {
  Deno.test(`feature maps as float16, ${profile}: loss and gradients differ from float32's by no more than all roundings`, async () => {
    using device = await Device.open({ profile });
    using step = smoothStep(device);
    const { half, full } = planned(device, step.build);
    assert.ok(half.length >= 6, `${half}`);
    assert.ok(full.every((label) => /^scratch|weight_gradient|swap_last_axes|^pack/.test(label)), `${full}`);
    const x = normalData(SIZE, { seed: 4 });
    const names = ["loss", "g0", "g1", "g2"];
    const results: Float32Array[][] = [];
    const arenas: number[] = [];
    for (const precision of ["f32", "f16"] as const) {
      using program = await compile(device, step.build, { precision });
      program.run({ x });
      results.push(await program.read(...names));
      arenas.push(program.memory.arena);
    }
    assert.ok(arenas[1]! < arenas[0]!);
    // To first order, if the rounding error of each stored value propagates undiminished.
    const tolerance = half.length * ROUNDOFF;
    names.forEach((name, i) => {
      const error = relativeError(results[1]![i]!, Float64Array.from(results[0]![i]!));
      assert.ok(error <= tolerance, `${name}: ${error}, more than ${tolerance}`);
      assert.ok(error > 0, `${name} was not rounded at all`);
    });
  });
}

Deno.test("inputs, states and what they alone determine, outputs, slabs and small values stay float32", async () => {
  using device = await Device.open();
  using weights = createState(device, { name: "w", shape: [4, 4, 64, 64] });
  const { half, full } = planned(device, () => {
    const x = input("x", { shape: [4, 16, 16, 64] });
    const fixed = mul(weights.tensor, weights.tensor);
    const y = conv2d(x, fixed, { stride: 2, padding: 1 });
    const kept = relu(y);
    const [g] = gradients(mean(square(kept)), [weights.tensor]);
    const small = mean(kept, { axes: [1, 2], keepdims: true });
    return { outputs: { kept, small, slab: pack([g!]) }, metrics: { total: sum(kept) } };
  });
  assert.ok(half.length > 0 && half.every((label) => /^(?!relu).* \[4, 8, 8, 64\]$/.test(label)), `${half}`);
  assert.ok(full.some((label) => label.startsWith("mul() [4, 4, 64, 64]")), `${full}`);
  assert.ok(full.some((label) => label.startsWith("relu() [4, 8, 8, 64]")), `${full}`);
  assert.ok(full.some((label) => label.startsWith("add() [4, 4, 64, 64]")), `${full}`);
});

Deno.test("movements, dropout and batch norm over float16 equal float32's up to rounding", async () => {
  using device = await Device.open();
  const vector = (name: string, value: number) =>
    createState(device, { name, shape: [8], data: new Float32Array(8).fill(value) });
  const states = [vector("gamma", 1.5), vector("beta", 0.25), vector("mean", 0), vector("variance", 1)];
  const [gamma, beta, runningMean, runningVariance] = states.map(({ tensor }) => tensor);
  const build = () => {
    const x = add(input("x", { shape: SHAPE }), 1);
    const turned = permute(permute(mul(x, x), [0, 3, 1, 2]), [0, 2, 3, 1]);
    const dropped = dropout2d(concat([turned, x], 1), { rate: 0.5, stream: 5 });
    const normal = batchNorm2d(dropped, {
      gamma: gamma!,
      beta: beta!,
      runningMean: runningMean!,
      runningVariance: runningVariance!,
      training: true,
      relu: true,
    });
    const loss = sum(square(normal), { axes: [1, 2] });
    const [g] = gradients(sum(mul(loss, input("weights", { shape: loss.shape }))), [gamma!]);
    return { outputs: { loss, g: g! } };
  };
  assert.ok(planned(device, build).half.length >= 4);
  const results: Float32Array[][] = [];
  const inputs = { x: normalData(SIZE, { seed: 1 }), weights: normalData(32, { seed: 2 }) };
  for (const precision of ["f32", "f16"] as const) {
    using program = await compile(device, build, { precision });
    program.run(inputs, { seed: 3, step: 7 });
    results.push(await program.read("loss", "g"));
  }
  results[0]!.forEach((want, i) => {
    const error = relativeError(results[1]![i]!, Float64Array.from(want));
    assert.ok(error > 0 && error <= 8 * ROUNDOFF, `output ${i}: ${error}`);
  });
  for (const state of states) state[Symbol.dispose]();
});

Deno.test("equal float16 runs give equal bits", async () => {
  using device = await Device.open();
  using step = smoothStep(device);
  const x = normalData(SIZE, { seed: 4 });
  const run = async () => {
    using program = await compile(device, step.build, { precision: "f16" });
    program.run({ x });
    return await program.read("loss", "g0", "g1", "g2");
  };
  assert.deepEqual(await run(), await run());
});

Deno.test("loss scaling recovers gradients that underflow in float16; gradients() returns them scaled", async () => {
  using device = await Device.open();
  const [tiny, x] = [2 ** -30, normalData(SIZE, { seed: 1, mean: 1 })];
  using weights = createState(device, { name: "w", shape: [1, 1, 8, 8], data: normalData(64, { seed: 2 }) });
  const gradientOf = async (precision: "f32" | "f16", scale: number) => {
    using program = await compile(device, () => {
      const y = conv2d(sigmoid(conv2d(input("x", { shape: SHAPE }), weights.tensor)), weights.tensor);
      const loss = mul(sum(square(y)), tiny);
      return { outputs: { g: gradients(loss, [weights.tensor], { scale: input("scale", { shape: [] }) })[0]! } };
    }, { precision });
    program.run({ x, scale });
    const [g] = await program.read("g");
    return g!.map((value) => value / scale);
  };
  const want = Float64Array.from(await gradientOf("f32", 1));
  assert.ok(relativeError(await gradientOf("f32", 2 ** 20), want) < 1e-6);
  assert.ok(relativeError(await gradientOf("f16", 1), want) > 0.1, "underflows");
  assert.ok(relativeError(await gradientOf("f16", 2 ** 20), want) < 8 * ROUNDOFF);
});

Deno.test("a program over float16 that checks numbers names the op that exceeds float16", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const y = mul(input("x", { shape: SHAPE }), 3e4);
    return { outputs: { total: sum(square(sigmoid(y))) } };
  }, { precision: "f16", checkNumerics: true });
  program.run({ x: new Float32Array(SIZE).fill(1) });
  assert.ok((await program.read("total"))[0]![0]! > 0);
  program.run({ x: new Float32Array(SIZE).fill(3) });
  await assert.rejects(program.read("total"), /mul\(\).* gave infinite at \[0, 0, 0, 0\] of \[4, 16, 16, 8\]/);
});

Deno.test("precision f16 on an adapter without float16 is rejected with an alternative", () => {
  const device = { hasHalf: false, description: "Old GPU" } as Device;
  assert.throws(() => requireHalf(device), (error: Error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(
      error.message,
      /^precision f16 needs .*shader-f16, which the adapter Old GPU lacks: use precision f32/,
    );
    return true;
  });
});
