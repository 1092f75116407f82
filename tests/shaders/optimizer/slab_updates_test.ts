/**
 * Weight decay with exemptions, accumulation of gradients and moving averages against float64 oracles.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import {
  decayBits,
  lowerAccumulate,
  lowerAdam,
  lowerMovingAverage,
  lowerSgd,
} from "../../../runtime/kernels/optimizer/optimizer.ts";
import { accumulateInput } from "../../../runtime/optimizers/accumulate.ts";
import { hyperparameters as adamHyperparameters } from "../../../runtime/optimizers/adam.ts";
import { averageRate } from "../../../runtime/optimizers/moving_average.ts";
import { hyperparameters as sgdHyperparameters } from "../../../runtime/optimizers/sgd.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { adamStep, sgdStep } from "../../reference/optimizer.ts";
import { runLowering } from "../run_lowering.ts";

const PROFILES = ["software", "gpu"] as const;
const KEEP_ALL = Float32Array.of(1, 0);
/** Odd numbers of vectors, one vector, and more than 65,535 workgroups of 64 invocations with 4 elements each. */
const LENGTHS = [4, 68, 4 * 64 * 65_536 + 64];

function targetsOf(device: Device, maxBindingBytes = device.target.maxBindingBytes): Target[] {
  return PROFILES.map((profile: Profile) => ({ ...device.target, profile, maxBindingBytes }));
}

/** The profile whose workgroups are small, so that a large slab needs a folded grid. */
function softwareOf(device: Device): Target {
  return { ...device.target, profile: "software" };
}

Deno.test("accumulate: micro-batches add up to their mean, whatever the total held before", async () => {
  using device = await Device.open();
  for (const length of LENGTHS) {
    for (const target of length > 1e6 ? [softwareOf(device)] : targetsOf(device)) {
      let total: Float32Array = new Float32Array(length).fill(NaN);
      const want = new Float64Array(length);
      for (let micro = 0; micro < (length > 1e6 ? 1 : 3); micro++) {
        const values = Float32Array.from({ length }, (_, i) => Math.fround((i % 251) / (micro + 1) - 40));
        const hyper = accumulateInput(micro, { of: 3 })["accumulate.hyper"]!;
        const { inputs } = await runLowering(device, lowerAccumulate({ length, target }), {
          inputs: [total, values, hyper],
          outputs: [],
        });
        total = inputs[0]!;
        values.forEach((value, i) => want[i]! += value / 3);
      }
      assertClose(total, want, { label: `${length} elements, ${target.profile}`, tolerance: 1e-6 });
    }
  }
});

Deno.test("moving_average: the first step copies, later ones move by 1 - decay", async () => {
  using device = await Device.open();
  for (const length of LENGTHS) {
    for (const target of length > 1e6 ? [softwareOf(device)] : targetsOf(device)) {
      let average: Float32Array = Float32Array.from({ length }, (_, i) => 1e7 + i % 97);
      const want = new Float64Array(length);
      for (let step = 0; step < (length > 1e6 ? 1 : 3); step++) {
        const values = Float32Array.from({ length }, (_, i) => Math.fround((i % 251) / (step + 1) - 40));
        const hyper = averageRate({ decay: 0.75, warmup: false, step })["average.hyper"]!;
        const { inputs } = await runLowering(device, lowerMovingAverage({ length, target }), {
          inputs: [average, values, hyper],
          outputs: [],
        });
        average = inputs[0]!;
        if (step === 0) assert.ok(average.every((value, i) => value === values[i]), "the first step copies exactly");
        values.forEach((value, i) => want[i] = step === 0 ? value : 0.75 * want[i]! + 0.25 * value);
      }
      assertClose(average, want, { label: `${length} elements, ${target.profile}`, tolerance: 1e-6 });
    }
  }
});

Deno.test("moving_average: a constant is its own average, in float32 too", async () => {
  using device = await Device.open();
  const values = normalData(64, { seed: 1 });
  const hyper = averageRate({ decay: 0.999, step: 100 })["average.hyper"]!;
  const { inputs } = await runLowering(device, lowerMovingAverage({ length: 64, target: device.target }), {
    inputs: [values, values, hyper],
    outputs: [],
  });
  assert.deepEqual(inputs[0], values);
});

/** Four parameters, of 3, 64, 130 and 4,000 elements; the first and the third do not decay. */
const PARAMETERS = [[0, 3], [64, 64], [128, 130], [320, 4000]] as const;
const LENGTH = 4352;
const isDecayed = (i: number) => (i >= 64 && i < 128) || i >= 320;

for (const decoupled of [true, false]) {
  const kind = decoupled ? "decoupled" : "L2";
  Deno.test(`adam and sgd: ${kind} weight decay spares exempt parameters, in one piece and in several`, async () => {
    using device = await Device.open();
    const bits = decayBits(LENGTH, PARAMETERS.filter(([start]) => isDecayed(start)));
    const start = normalData(LENGTH, { seed: 1 });
    const gradient = normalData(LENGTH, { seed: 2 });
    const zeros = new Float32Array(LENGTH);
    const settings = { learningRate: 0.05, weightDecay: 0.5, decoupled };
    const hyperOf = { adam: adamHyperparameters({ ...settings, step: 1 }), sgd: sgdHyperparameters(settings) };
    for (const target of [...targetsOf(device), ...targetsOf(device, 4096)]) {
      const adam = await runLowering(device, lowerAdam({ length: LENGTH, target, exempt: true }), {
        inputs: [start, zeros, zeros, gradient, hyperOf.adam["adam.hyper"]!, KEEP_ALL, bits],
        outputs: [],
      });
      const sgd = await runLowering(device, lowerSgd({ length: LENGTH, nesterov: false, target, exempt: true }), {
        inputs: [start, zeros, gradient, hyperOf.sgd["sgd.hyper"]!, KEEP_ALL, bits],
        outputs: [],
      });
      const wanted = [0, 0.5].map((weightDecay) => {
        const fresh = () => ({ parameters: Float64Array.from(start), m: new Float64Array(LENGTH) });
        const [a, s] = [{ ...fresh(), v: new Float64Array(LENGTH) }, fresh()];
        const how = { ...settings, weightDecay };
        adamStep(a, gradient, { ...how, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 });
        const velocity = { parameters: s.parameters, velocity: s.m };
        sgdStep(velocity, gradient, { ...how, momentum: 0, nesterov: false });
        return { adam: a.parameters, sgd: s.parameters };
      });
      for (const [name, got] of [["adam", adam.inputs[0]!], ["sgd", sgd.inputs[0]!]] as const) {
        const want = Float64Array.from(start, (_, i) => wanted[isDecayed(i) ? 1 : 0]![name][i]!);
        assertClose(got, want, { label: `${name}, ${target.profile}, ${target.maxBindingBytes}`, tolerance: 1e-6 });
      }
    }
  });
}
