/**
 * Generated reductions over every set of axes against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Target } from "../../../runtime/kernels/kernel.ts";
import { lowerReduce } from "../../../runtime/kernels/reduce/reduce.ts";
import { sizeOf } from "../../../runtime/graph/shape.ts";
import { broadcastReference } from "../../reference/broadcast.ts";
import { axisSubsets, reduceReference } from "../../reference/reduce.ts";
import { relativeError } from "../../reference/compare.ts";
import { numbers } from "../../runtime/gradient_check.ts";
import { runLowering } from "../run_lowering.ts";
import { subgroupSizes } from "../subgroup_sizes.ts";

const KINDS = {
  sum: { combine: (a: number, b: number) => a + b, start: 0 },
  max: { combine: Math.max, start: -Infinity },
  min: { combine: Math.min, start: Infinity },
} as const;

// One element, odd, vectors, one pass, several passes, more outputs than one dimension of the grid, and numbers of
// outputs that do not fill a workgroup that combines several.
const SHAPES = [
  [1],
  [3],
  [4],
  [5, 6],
  [7, 8],
  [2, 3, 4],
  [3, 1, 5, 2],
  [2, 9000],
  [9000, 2],
  [40, 30, 20],
  [3001, 3],
  [700, 132],
];

Deno.test("reductions match float64 over every set of axes, for both profiles and every kind", async () => {
  for (const profile of ["software", "gpu"] as const) {
    using device = await Device.open({ profile });
    for (const shape of SHAPES) {
      const data = numbers(sizeOf(shape), { seed: 5 });
      for (const axes of axisSubsets(shape.length)) {
        for (const [kind, { combine, start }] of Object.entries(KINDS)) {
          const want = reduceReference(data, { shape, axes, combine, start });
          const lowering = lowerReduce({ shape, inputs: [shape], steps: [] }, {
            axes,
            kind: kind as keyof typeof KINDS,
            target: device.target,
            label: "test",
          });
          const { outputs } = await runLowering(device, lowering, { inputs: [data], outputs: [want.length] });
          const error = relativeError(outputs[0]!, want);
          assert.ok(error <= 2e-5, `${profile} ${kind} [${shape}] over [${axes}]: ${error}`);
        }
      }
    }
  }
});

Deno.test("a reduction takes the chain that feeds it, with broadcasts, and scales its result", async () => {
  for (const profile of ["software", "gpu"] as const) {
    using device = await Device.open({ profile });
    for (
      const [a, b, axes] of [[[6, 8], [8], [0]], [[6, 8], [6, 1], [1]], [[5, 1, 7], [3, 1], [0, 2]], [[4000, 8], [8], [
        0,
        1,
      ]]]
    ) {
      const inputs = [a!, b!].map((shape, i) => ({ shape, data: numbers(sizeOf(shape), { seed: i + 3 }) }));
      const rank = a!.length;
      const shape = a!.map((size, axis) => Math.max(size, b![axis - rank + b!.length] ?? 1));
      const values = broadcastReference((x, y) => (x - y) ** 2, inputs);
      const want = reduceReference(values, { shape, axes: axes!, combine: (x, y) => x + y, start: 0 }).map((x) =>
        x * 0.25
      );
      const lowering = lowerReduce({
        shape,
        inputs: [a!, b!],
        steps: [
          { args: [{ input: 0 }, { input: 1 }], expression: ([x, y]) => `(${x} - ${y})` },
          { args: [{ step: 0 }], expression: ([x]) => `(${x} * ${x})` },
        ],
      }, { axes: axes!, kind: "sum", scale: 0.25, target: device.target, label: "test" });
      const { outputs } = await runLowering(device, lowering, {
        inputs: inputs.map(({ data }) => data),
        outputs: [want.length],
      });
      const error = relativeError(outputs[0]!, want);
      assert.ok(error <= 2e-5, `${profile} [${a}] [${b}] over [${axes}]: ${error}`);
    }
  }
});

Deno.test("reductions of equal data are bit-equal from run to run", async () => {
  using device = await Device.open();
  const data = numbers(100_000, { seed: 9 });
  const lowering = lowerReduce({ shape: [100_000], inputs: [[100_000]], steps: [] }, {
    axes: [0],
    kind: "sum",
    target: device.target,
    label: "test",
  });
  const once = async () => (await runLowering(device, lowering, { inputs: [data], outputs: [1] })).outputs[0]![0];
  assert.equal(await once(), await once());
});

Deno.test("reductions have the same bits with subgroups of any size as without", async () => {
  using device = await Device.open();
  const target: Target = { ...device.target, profile: "gpu" };
  for (const [shape, axes] of [[[3, 9001], [1]], [[9000, 2], [0]], [[3001, 12], [0]]] as const) {
    const data = numbers(sizeOf(shape), { seed: 7 });
    for (const kind of ["sum", "max"] as const) {
      const run = async (subgroups: number) => {
        const lowering = lowerReduce({ shape, inputs: [shape], steps: [] }, {
          axes,
          kind,
          target: { ...target, subgroups },
          label: "test",
        });
        const count = sizeOf(shape) / shape[axes[0]]!;
        return (await runLowering(device, lowering, { inputs: [data], outputs: [count] })).outputs[0]!;
      };
      const alone = await run(1);
      assert.ok(alone.every(Number.isFinite));
      for (const subgroups of subgroupSizes(device.target)) assert.deepEqual(await run(subgroups), alone);
    }
  }
});

Deno.test("max and min of infinite rows stay infinite", async () => {
  using device = await Device.open();
  for (const [kind, value] of [["max", -Infinity], ["min", Infinity]] as const) {
    const lowering = lowerReduce({ shape: [2, 5], inputs: [[2, 5]], steps: [] }, {
      axes: [1],
      kind,
      target: device.target,
      label: "t",
    });
    const { outputs } = await runLowering(device, lowering, {
      inputs: [new Float32Array(10).fill(value)],
      outputs: [2],
    });
    assert.deepEqual([...outputs[0]!], [value, value]);
  }
});
