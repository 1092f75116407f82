/**
 * Adam, SGD and the gradient norm against float64 oracles, in one piece and in several.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import {
  lowerAdam,
  lowerGradientNorm,
  lowerSgd,
  normChunks,
  type Stretch,
} from "../../../runtime/kernels/optimizer/optimizer.ts";
import { hyperparameters as adamHyperparameters } from "../../../runtime/optimizers/adam.ts";
import { hyperparameters as sgdHyperparameters } from "../../../runtime/optimizers/sgd.ts";
import { decodeSafetensors, toFloat32 } from "../../../runtime/files/safetensors.ts";
import { slabLayout } from "../../../runtime/graph/state.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { type AdamStep, adamStep, type SgdStep, sgdStep } from "../../reference/optimizer.ts";
import { runLowering } from "../run_lowering.ts";

const PROFILES = ["software", "gpu"] as const;
const KEEP_ALL = Float32Array.of(1, 0);
/** More than 65,535 workgroups of 64 invocations with 4 elements each. */
const FOLDED = 4 * 64 * 65_536 + 64;

function targetOf(device: Device, profile: Profile): Target {
  return { ...device.target, profile };
}

const ADAM: AdamStep = {
  learningRate: 0.05,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  decoupled: true,
  step: 1,
};

for (const decoupled of [true, false]) {
  Deno.test(`adam: steps with ${decoupled ? "decoupled" : "L2"} weight decay equal the float64 oracle`, async () => {
    using device = await Device.open();
    for (const length of [64, 4160]) {
      for (const profile of PROFILES) {
        const start = normalData(length, { seed: 1 });
        let [parameters, m, v]: Float32Array[] = [start, new Float32Array(length), new Float32Array(length)];
        const want = {
          parameters: Float64Array.from(start),
          m: new Float64Array(length),
          v: new Float64Array(length),
        };
        for (let step = 1; step <= 10; step++) {
          const gradient = normalData(length, { seed: step + 1 });
          const settings = { ...ADAM, decoupled, step };
          const hyper = adamHyperparameters(settings)["adam.hyper"]!;
          const { inputs } = await runLowering(device, lowerAdam({ length, target: targetOf(device, profile) }), {
            inputs: [parameters!, m!, v!, gradient, hyper, KEEP_ALL],
            outputs: [],
          });
          [parameters, m, v] = inputs;
          adamStep(want, gradient, settings);
        }
        for (const [name, got] of Object.entries({ parameters, m, v })) {
          const label = `${name}, ${length} elements, ${profile}`;
          assertClose(got!, want[name as keyof typeof want], { label, tolerance: 1e-5 });
        }
      }
    }
  });
}

Deno.test("adam: bias correction is accurate where 1 - beta2^t is small", async () => {
  using device = await Device.open();
  const length = 64;
  const settings: AdamStep = { ...ADAM, beta2: 0.999999, weightDecay: 1e-6, learningRate: 1e-3 };
  const start = new Float32Array(length);
  const gradient = normalData(length, { seed: 3 });
  const want = { parameters: new Float64Array(length), m: new Float64Array(length), v: new Float64Array(length) };
  adamStep(want, gradient, settings);
  const hyper = adamHyperparameters(settings)["adam.hyper"]!;
  const { inputs } = await runLowering(device, lowerAdam({ length, target: device.target }), {
    inputs: [start, start, start, gradient, hyper, KEEP_ALL],
    outputs: [],
  });
  assertClose(inputs[0]!, want.parameters, { label: "parameters", tolerance: 1e-6 });
});

Deno.test("adam: the golden trajectories", async () => {
  using device = await Device.open();
  const { tensors, metadata } = decodeSafetensors(
    await Deno.readFile(new URL("../../golden/ops.safetensors", import.meta.url)),
  );
  const read = (name: string) => toFloat32(tensors.get(name)!);
  const cases = (JSON.parse(metadata.get("cases")!) as {
    op: string;
    id: string;
    attrs: { lr: number; betas: [number, number]; eps: number; weight_decay: number; decoupled: boolean };
    inputs: { param: string; grads: string };
    outputs: [string];
  }[]).filter(({ op }) => op === "adam");
  assert.equal(cases.length, 2);
  for (const { id, attrs, inputs: names, outputs } of cases) {
    const [start, grads, want] = [read(names.param), read(names.grads), read(outputs[0])];
    const size = start.length;
    const { length } = slabLayout([[size]]);
    let slabs = [start, start.slice().fill(0), start.slice().fill(0)].map((data) => inSlab(data, { length, fill: 0 }));
    const trajectory: number[] = [];
    for (let step = 1; step <= grads.length / size; step++) {
      const gradient = inSlab(grads.subarray((step - 1) * size, step * size), { length, fill: NaN });
      const hyper = adamHyperparameters({
        learningRate: attrs.lr,
        beta1: attrs.betas[0],
        beta2: attrs.betas[1],
        epsilon: attrs.eps,
        weightDecay: attrs.weight_decay,
        decoupled: attrs.decoupled,
        step,
      })["adam.hyper"]!;
      const { inputs } = await runLowering(device, lowerAdam({ length, target: device.target }), {
        inputs: [...slabs, gradient, hyper, KEEP_ALL],
        outputs: [],
      });
      slabs = inputs.slice(0, 3);
      trajectory.push(...slabs[0]!.subarray(0, size));
    }
    assertClose(trajectory, want, { label: id, tolerance: 1e-5 });
  }
});

function inSlab(data: Float32Array, options: { length: number; fill: number }): Float32Array {
  const slab = new Float32Array(options.length).fill(options.fill);
  slab.set(data);
  return slab;
}

for (const nesterov of [false, true]) {
  for (const decoupled of [false, true]) {
    const name = `${nesterov ? "Nesterov" : "plain"} momentum, ${decoupled ? "decoupled" : "L2"} weight decay`;
    Deno.test(`sgd: ten steps with ${name} equal the float64 oracle`, async () => {
      using device = await Device.open();
      const length = 192;
      const settings: SgdStep = { learningRate: 0.05, momentum: 0.9, weightDecay: 0.1, decoupled, nesterov };
      const hyper = sgdHyperparameters(settings)["sgd.hyper"]!;
      for (const profile of PROFILES) {
        const start = normalData(length, { seed: 1 });
        let [parameters, velocity]: Float32Array[] = [start, new Float32Array(length)];
        const want = { parameters: Float64Array.from(start), velocity: new Float64Array(length) };
        for (let step = 1; step <= 10; step++) {
          const gradient = normalData(length, { seed: step + 1 });
          const lowering = lowerSgd({ length, nesterov, target: targetOf(device, profile) });
          const { inputs } = await runLowering(device, lowering, {
            inputs: [parameters!, velocity!, gradient, hyper, KEEP_ALL],
            outputs: [],
          });
          [parameters, velocity] = inputs;
          sgdStep(want, gradient, settings);
        }
        assertClose(parameters!, want.parameters, { label: `parameters, ${profile}`, tolerance: 1e-5 });
        assertClose(velocity!, want.velocity, { label: `velocity, ${profile}`, tolerance: 1e-5 });
      }
    });
  }
}

Deno.test("sgd: a slab of more than 65,535 workgroups is updated to its end", async () => {
  using device = await Device.open();
  const gradient = Float32Array.from({ length: FOLDED }, (_, i) => i % 251);
  const zeros = new Float32Array(FOLDED);
  const hyper = sgdHyperparameters({ learningRate: 1 })["sgd.hyper"]!;
  const lowering = lowerSgd({ length: FOLDED, nesterov: false, target: targetOf(device, "software") });
  assert.ok(lowering.dispatches[0]!.grid[1] > 1, "the grid is folded");
  const { inputs } = await runLowering(device, lowering, {
    inputs: [zeros, zeros, gradient, hyper, KEEP_ALL],
    outputs: [],
  });
  for (let i = 0; i < FOLDED; i++) if (inputs[0]![i] !== -(i % 251)) assert.fail(`element ${i}: ${inputs[0]![i]}`);
});

Deno.test("adam and sgd: the gradient is scaled, and a step to be left out changes nothing", async () => {
  using device = await Device.open();
  const length = 64;
  const [parameters, other] = [normalData(length, { seed: 1 }), normalData(length, { seed: 2 }).map(Math.abs)];
  const gradient = normalData(length, { seed: 3 });
  const adam = adamHyperparameters({ ...ADAM, step: 2 })["adam.hyper"]!;
  const sgd = sgdHyperparameters({ learningRate: 1, momentum: 0.5 })["sgd.hyper"]!;
  const half = gradient.map((g) => g / 2);
  const broken = gradient.map(() => NaN);
  const runs = [
    { lowering: lowerAdam({ length, target: device.target }), slabs: [parameters, other, other], hyper: adam },
    { lowering: lowerSgd({ length, nesterov: false, target: device.target }), slabs: [parameters, other], hyper: sgd },
  ];
  for (const { lowering, slabs, hyper } of runs) {
    const run = async (gradient: Float32Array, control: Float32Array) => {
      const { inputs } = await runLowering(device, lowering, {
        inputs: [...slabs, gradient, hyper, control],
        outputs: [],
      });
      return inputs.slice(0, slabs.length);
    };
    assert.deepEqual(await run(gradient, Float32Array.of(0.5, 0)), await run(half, KEEP_ALL));
    assert.deepEqual(await run(broken, Float32Array.of(NaN, 1)), slabs);
    const [spoilt] = await run(broken, Float32Array.of(1, 0));
    assert.ok(spoilt!.every(Number.isNaN), "without leaving out, NaN goes through");
  }
});

interface NormCase {
  readonly shapes: readonly (readonly number[])[];
  readonly maxNorm: number;
  readonly skip: boolean;
  /** Changes the gradients before they are used. */
  readonly change?: (gradients: Float32Array) => void;
}

async function norm(device: Device, profile: Profile, { shapes, maxNorm, skip, change }: NormCase) {
  const { offsets, length } = slabLayout(shapes);
  const slab = new Float32Array(length).fill(NaN);
  const parameters = shapes.map((shape, i): Stretch => [offsets[i]!, shape.reduce((a, b) => a * b, 1)]);
  let squares = 0;
  for (const [start, count] of parameters) slab.set(normalData(count, { seed: start + 1 }), start);
  change?.(slab);
  for (const [start, count] of parameters) for (let i = start; i < start + count; i++) squares += slab[i]! ** 2;
  const lowering = lowerGradientNorm({ length, parameters, target: targetOf(device, profile) });
  const { outputs } = await runLowering(device, lowering, {
    inputs: [slab, Uint32Array.from(normChunks(parameters).flat()), Float32Array.of(maxNorm, skip ? 1 : 0)],
    outputs: [1, 2],
  });
  return { norm: outputs[0]![0]!, scale: outputs[1]![0]!, left: outputs[1]![1]!, want: Math.sqrt(squares) };
}

const SHAPES = [[1], [3, 3, 1, 16], [16], [17], [4, 4, 32, 64], [65]];

Deno.test("gradient_norm: equals the float64 norm, whatever lies in the padding", async () => {
  using device = await Device.open();
  for (const shapes of [[[1]], [[64]], [[5], [1], [130]], SHAPES]) {
    for (const profile of PROFILES) {
      const got = await norm(device, profile, { shapes, maxNorm: Infinity, skip: true });
      assertClose([got.norm], [got.want], { label: `norm of ${JSON.stringify(shapes)}, ${profile}`, tolerance: 2e-6 });
      assert.deepEqual([got.scale, got.left], [1, 0]);
    }
  }
});

Deno.test("gradient_norm: more than 65,535 chunks", async () => {
  using device = await Device.open();
  const shapes = Array.from({ length: 70_000 }, () => [2]);
  for (const profile of PROFILES) {
    const got = await norm(device, profile, { shapes, maxNorm: Infinity, skip: true });
    assertClose([got.norm], [got.want], { label: profile, tolerance: 2e-6 });
  }
});

Deno.test("gradient_norm: clips to the largest norm allowed, and only then", async () => {
  using device = await Device.open();
  for (const profile of PROFILES) {
    const free = await norm(device, profile, { shapes: SHAPES, maxNorm: 1e4, skip: true });
    assert.equal(free.scale, 1);
    const clipped = await norm(device, profile, { shapes: SHAPES, maxNorm: 0.5, skip: true });
    assertClose([clipped.scale], [0.5 / clipped.want], { label: "scale" });
    const zero = await norm(device, profile, { shapes: [[3]], maxNorm: 1, skip: true, change: (g) => g.fill(0, 0, 3) });
    assert.deepEqual([zero.norm, zero.scale, zero.left], [0, 1, 0]);
  }
});

Deno.test("gradient_norm: Inf and NaN propagate to the norm, and the step is skipped on request", async () => {
  using device = await Device.open();
  for (const bad of [NaN, Infinity, -Infinity, 1e30]) {
    for (const profile of PROFILES) {
      for (const skip of [true, false]) {
        const change = (gradients: Float32Array) => gradients.fill(bad, 0, 1);
        const got = await norm(device, profile, { shapes: SHAPES, maxNorm: 1, skip, change });
        assert.ok(!Number.isFinite(got.norm), `${bad}: ${got.norm}`);
        assert.equal(got.left, skip ? 1 : 0);
      }
    }
  }
});

Deno.test("gradient_norm: equal gradients give bit-equal norms", async () => {
  using device = await Device.open();
  for (const profile of PROFILES) {
    const once = await norm(device, profile, { shapes: SHAPES, maxNorm: 1, skip: true });
    assert.deepEqual(await norm(device, profile, { shapes: SHAPES, maxNorm: 1, skip: true }), once);
  }
});

Deno.test("normChunks() covers every parameter once and no padding, and rejects invalid slabs", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 8 }), (sizes) => {
    const { offsets } = slabLayout(sizes.map((size) => [size]));
    const chunks = normChunks(sizes.map((size, i): Stretch => [offsets[i]!, size]));
    const joined: [number, number][] = [];
    for (const [start, count] of chunks) {
      assert.ok(start % 64 === 0 && count > 0);
      const last = joined.at(-1);
      if (last && last[0] + last[1] === start && !offsets.includes(start)) last[1] += count;
      else joined.push([start, count]);
    }
    assert.deepEqual(joined, sizes.map((size, i) => [offsets[i], size]));
  }));
  assert.throws(() => normChunks([[3, 1]]), /multiples of 64, in order and apart; got 3 after 0/);
  assert.throws(() => normChunks([[0, 65], [64, 1]]), /got 64 after 65/);
  const slab = { length: 6, target: {} as Target };
  assert.throws(() => lowerAdam(slab), /adam: a slab's length must be a positive multiple of 4, got 6/);
});
