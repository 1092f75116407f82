/**
 * Twins: work of two views in lockstep, and small dispatches of theirs as one, against each on its own.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Dispatch, Lowering, Target } from "../../../runtime/kernels/kernel.ts";
import { rebound } from "../../../runtime/kernels/operands.ts";
import { lowerBatchNormGradient, lowerBatchNormStatistics } from "../../../runtime/kernels/norm/norm.ts";
import { lowerPointwise } from "../../../runtime/kernels/pointwise/pointwise.ts";
import { lowerReduce } from "../../../runtime/kernels/reduce/reduce.ts";
import type { Expression } from "../../../runtime/kernels/pointwise/expression.ts";
import {
  add,
  batchNorm2d,
  compile,
  conv2d,
  createState,
  Device,
  gradients,
  input,
  mean,
  mul,
  type ProgramResults,
  square,
  type Tensor,
} from "../../../runtime/mod.ts";
import { twinDispatch } from "../../../runtime/plan/twin_commands.ts";
import { traced } from "../../../runtime/graph/op.ts";
import { planProgram } from "../../../runtime/plan/program_plan.ts";
import { normalData } from "../../reference/compare.ts";
import { runLowering } from "../../shaders/run_lowering.ts";

/** A lowering beside the same over other buffers, dispatch by dispatch as one. */
function twice(lowering: Lowering, sizes: { inputs: number; outputs: number }): Lowering {
  const { scratch = [], dispatches } = lowering;
  const second = (dispatch: Dispatch) =>
    rebound(dispatch, (buffer) => {
      if ("input" in buffer) return { ...buffer, input: buffer.input + sizes.inputs };
      if ("output" in buffer) return { ...buffer, output: buffer.output + sizes.outputs };
      return { ...buffer, scratch: buffer.scratch + scratch.length };
    });
  return {
    scratch: [...scratch, ...scratch],
    dispatches: dispatches.map((dispatch) => twinDispatch(dispatch, second(dispatch))),
  };
}

const CHAIN: Expression = {
  shape: [37, 12],
  inputs: [[37, 12], [12]],
  steps: [{ args: [{ input: 0 }, { input: 1 }], expression: ([a, b], constant) => `((${a} - ${b}) * ${constant(2)})` }],
};

function lowerings(target: Target): { lowering: Lowering; inputs: number[]; outputs: number[] }[] {
  return [[131, 12], [40, 7]].flatMap(([rows, channels]) => {
    const shape = { rows: rows!, channels: channels! };
    const [x, c] = [rows! * channels!, channels!];
    return [
      {
        lowering: lowerBatchNormStatistics(shape, { momentum: 0.1, epsilon: 1e-5, target }),
        inputs: [x, c, c, c, c],
        outputs: [c, c, 2 * c],
      },
      {
        lowering: lowerBatchNormGradient(shape, { relu: true, training: true, target }),
        inputs: [x, x, 2 * c, c, c],
        outputs: [c, c, c, c, c, c],
      },
    ];
  }).concat([
    {
      lowering: lowerPointwise(CHAIN, { outputs: [0], target, label: "chain" }),
      inputs: [37 * 12, 12],
      outputs: [37 * 12],
    },
    {
      lowering: lowerReduce(CHAIN, { axes: [0], kind: "sum", scale: 1, target, label: "chain" }),
      inputs: [37 * 12, 12],
      outputs: [12],
    },
  ]);
}

Deno.test("twins compute what each dispatch computes alone, bit for bit, in float32 and from float16", async () => {
  using device = await Device.open();
  for (const { lowering, inputs: sizes, outputs } of lowerings({ ...device.target, profile: "gpu" })) {
    const data = [0, 1].map((view) =>
      sizes.map((size, i) => normalData(size, { seed: 10 * view + i + 1, mean: 0.5, deviation: 0.2 }))
    );
    const both = twice(lowering, { inputs: sizes.length, outputs: outputs.length });
    for (const half of [[], [0]]) {
      const alone = [];
      for (const inputs of data) {
        alone.push(await runLowering(device, lowering, { inputs, outputs, halves: { inputs: half } }));
      }
      const together = await runLowering(device, both, {
        inputs: data.flat(),
        outputs: [...outputs, ...outputs],
        halves: { inputs: [...half, ...half.map((at) => at + sizes.length)] },
      });
      const label = lowering.dispatches.map(({ kernel }) => kernel).join(", ");
      assert.deepEqual(together.outputs, alone.flatMap((each) => each.outputs), label);
      assert.deepEqual(together.inputs, alone.flatMap((each) => each.inputs), label);
    }
  }
});

Deno.test("one of two twins may be stored as float16", async () => {
  using device = await Device.open();
  const target: Target = { ...device.target, profile: "gpu" };
  const lowering = lowerPointwise(CHAIN, { outputs: [0], target, label: "chain" });
  const inputs = [1, 2].flatMap((seed) => [normalData(37 * 12, { seed }), normalData(12, { seed: seed + 5 })]);
  const run = async (of: Lowering, given: Float32Array[], halves: number[]) =>
    (await runLowering(device, of, {
      inputs: given,
      outputs: given.length === 4 ? [444, 444] : [444],
      halves: { inputs: halves },
    }))
      .outputs;
  const together = await run(twice(lowering, { inputs: 2, outputs: 1 }), inputs, [2]);
  assert.deepEqual(together[0], (await run(lowering, inputs.slice(0, 2), []))[0]);
  assert.deepEqual(together[1], (await run(lowering, inputs.slice(2), [0]))[0]);
});

/** Two towers of convolutions and batch norms, with parameters of their own or shared ones, and their gradients. */
function towers(device: Device, options: { shared: boolean }) {
  using made = new DisposableStack();
  const state = (name: string, shape: readonly number[], seed: number) =>
    made.use(createState(device, { name, shape, data: normalData(shape.reduce((a, b) => a * b), { seed, mean: 0.3 }) }))
      .tensor;
  const parametersOf = (view: number) =>
    [0, 1].map((layer) => ({
      w: state(`w ${view} ${layer}`, [3, 3, 4, 4], 10 * view + layer),
      gamma: state(`gamma ${view} ${layer}`, [4], 10 * view + layer + 2),
      beta: state(`beta ${view} ${layer}`, [4], 10 * view + layer + 4),
      runningMean: state(`mean ${view} ${layer}`, [4], 10 * view + layer + 6),
      runningVariance: state(`variance ${view} ${layer}`, [4], 10 * view + layer + 8),
    }));
  const parameters = options.shared ? [parametersOf(0)] : [parametersOf(0), parametersOf(1)];
  const build = (): ProgramResults => {
    const tower = (view: number) => {
      let x = input(`x${view}`, { shape: [3, 9, 9, 4] });
      for (const { w, ...norm } of parameters[view % parameters.length]!) {
        x = batchNorm2d(conv2d(x, w, { padding: 1 }), { ...norm, training: true, relu: true });
      }
      return mean(square(x));
    };
    const loss = add(tower(0), mul(tower(1), 2));
    const trained = parameters.flat().flatMap(({ w, gamma, beta }) => [w, gamma, beta]);
    const grads = gradients(loss, trained);
    return { outputs: { loss, ...Object.fromEntries(grads.map((g: Tensor, i: number) => [`g${i}`, g])) } };
  };
  const owned = made.move();
  return { build, [Symbol.dispose]: () => owned.dispose() };
}

function planned(device: Device, build: () => ProgramResults, maxStorageBuffers = 64) {
  const { result, trace } = traced(build);
  return planProgram({
    outputs: new Map(Object.entries(result.outputs ?? {})),
    metrics: new Map(),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 4,
  }, { target: { ...device.target, profile: "gpu", maxStorageBuffers }, maxBufferBytes: 2 ** 28 })
    .commands.map(({ command }) => command.dispatch);
}

Deno.test("batch norms of two towers run as twins, but not where the towers share their parameters", async () => {
  using device = await Device.open({ profile: "gpu" });
  const statistics = (dispatches: readonly Dispatch[]) =>
    dispatches.filter(({ kernel }) => kernel.startsWith("norm_statistics/")).map(({ twins = false }) => twins);
  using own = towers(device, { shared: false });
  using shared = towers(device, { shared: true });
  assert.deepEqual(statistics(planned(device, own.build)), [true, true]);
  assert.deepEqual(statistics(planned(device, shared.build)), [false, false, false, false]);
  // Eight buffers each.
  assert.deepEqual(statistics(planned(device, own.build, 16)), [false, false, false, false]);
});

Deno.test("programs with twins compute what they compute without", async () => {
  using device = await Device.open({ profile: "gpu" });
  const data = { x0: normalData(972, { seed: 1 }), x1: normalData(972, { seed: 2 }) };
  const results = [];
  for (const maxStorageBuffers of [64, 16]) {
    using model = towers(device, { shared: false });
    // An adapter with fewer buffers has no room for twins.
    Object.assign(device.target, { maxStorageBuffers });
    using program = await compile(device, model.build);
    const names = ["loss", ...Array.from({ length: 12 }, (_, i) => `g${i}`)];
    program.run(data);
    results.push({ count: program.dispatchCount, values: await program.read(...names) });
  }
  assert.ok(results[0]!.count < results[1]!.count, `${results[0]!.count} and ${results[1]!.count} dispatches`);
  assert.deepEqual(results[0]!.values, results[1]!.values);
});
