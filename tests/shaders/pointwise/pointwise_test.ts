/**
 * Generated kernels of fused pointwise chains, for every kind of broadcast.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { collapseAxes, type Expression } from "../../../runtime/kernels/pointwise/expression.ts";
import { lowerPointwise } from "../../../runtime/kernels/pointwise/pointwise.ts";
import { sizeOf } from "../../../runtime/graph/shape.ts";
import { broadcastReference } from "../../reference/broadcast.ts";
import { relativeError } from "../../reference/compare.ts";
import { numbers } from "../../runtime/gradient_check.ts";
import { runLowering } from "../run_lowering.ts";

/** 3 (a - b) and its square, both stored. */
function chain(shapes: Expression["inputs"], shape: Expression["shape"]): Expression {
  return {
    shape,
    inputs: shapes,
    steps: [
      { args: [{ input: 0 }, { input: 1 }], expression: ([a, b]) => `(${a} - ${b})` },
      { args: [{ step: 0 }, { fill: 3 }], expression: ([a, b]) => `(${a} * ${b})` },
      { args: [{ step: 1 }], expression: ([a], constant) => `(${a} * ${a} + ${constant(0.5)})` },
    ],
  };
}

// Scalars and vectors of four; each kind of broadcast; more workgroups than one dimension holds.
const CASES = [
  [[1], [1]],
  [[5], [5]],
  [[8], [8]],
  [[6, 8], [8]],
  [[6, 8], [6, 1]],
  [[6, 7], [1]],
  [[2, 1, 3, 4], [5, 1, 4]],
  [[4, 1, 12], [1, 6, 1]],
  [[2, 3, 5, 7, 2], [3, 1, 7, 1]],
  // Rows that are walked in blocks: whole blocks, a torn last one, scalars, and both kinds of broadcast at once.
  [[96, 8], [8]],
  [[131, 12], [12]],
  [[131, 7], [7]],
  [[70, 1], [1, 5]],
  // Large enough that the first input is read as texels, the last row of which is not full.
  [[4099, 32], [32]],
  // Scalars, one workgroup more than a dimension holds.
  [[65_535 * 64 + 1], [1]],
];

Deno.test("a fused chain stores every result that is wanted, for every pattern of broadcasting", async () => {
  using device = await Device.open();
  const targets = (["software", "gpu"] as const).map((profile) => ({ ...device.target, profile }));
  for (const [[a, b], target] of CASES.flatMap((shapes) => targets.map((target) => [shapes, target] as const))) {
    const inputs = [a!, b!].map((shape, i) => ({ shape, data: numbers(sizeOf(shape), { seed: i + 1 }) }));
    const want = broadcastReference((x, y) => 3 * (x - y), inputs);
    const rank = Math.max(a!.length, b!.length);
    const shape = Array.from(
      { length: rank },
      (_, axis) => Math.max(a![axis - rank + a!.length] ?? 1, b![axis - rank + b!.length] ?? 1),
    );
    const lowering = lowerPointwise(chain([a!, b!], shape), { outputs: [1, 2], target, label: "test" });
    const { outputs } = await runLowering(device, lowering, {
      inputs: inputs.map(({ data }) => data),
      outputs: [want.length, want.length],
    });
    assert.ok(relativeError(outputs[0]!, want) < 2e-5, `[${a}] [${b}] first`);
    assert.ok(relativeError(outputs[1]!, want.map((x) => x * x + 0.5)) < 2e-5, `[${a}] [${b}] second`);
  }
});

Deno.test("one pipeline serves every shape with the same pattern of broadcasting", () => {
  const target = { profile: "software", maxBindingBytes: 2 ** 27, maxStorageBuffers: 8 } as const;
  const code = (shapes: number[][], shape: number[]) =>
    lowerPointwise(chain(shapes, shape), { outputs: [2], target, label: "x" }).dispatches[0]!.code;
  assert.equal(code([[4, 8, 8, 16], [16]], [4, 8, 8, 16]), code([[100, 32], [32]], [100, 32]));
  assert.notEqual(code([[100, 32], [32]], [100, 32]), code([[100, 32], [100, 1]], [100, 32]));
});

Deno.test("where texels can be read, chains that walk many rows read as texels what they load at each element", () => {
  const target = { profile: "software", maxBindingBytes: 2 ** 27, maxStorageBuffers: 8, maxTexels: 2 ** 22 } as const;
  const texels = (inputs: Expression["inputs"], options: { rows: number; from?: Partial<typeof target> }) =>
    Object.values(
      lowerPointwise(chain(inputs, [options.rows, 32]), {
        outputs: [2],
        target: { ...target, ...options.from },
        label: "x",
      }).dispatches[0]!.operands,
    ).map((operand) => operand.texels ?? false);
  assert.deepEqual(texels([[4099, 32], [32]], { rows: 4099 }), [true, false, false]);
  assert.deepEqual(texels([[32], [4099, 32]], { rows: 4099 }), [false, true, false]);
  assert.deepEqual(texels([[4000, 32], [32]], { rows: 4000 }), [false, false, false], "small");
  assert.deepEqual(texels([[4099, 32], [4099, 32]], { rows: 4099 }), [false, false, false], "not walked");
  assert.deepEqual(texels([[2 ** 20, 32], [32]], { rows: 2 ** 20 }), [false, false, false], "too large");
});

Deno.test("collapseAxes() merges neighbours that every input treats alike and drops axes of one", () => {
  const axes = collapseAxes({
    shape: [8, 1, 64, 64, 32],
    inputs: [[8, 1, 64, 64, 32], [32], [8, 1, 1, 1, 1]],
    steps: [],
  });
  assert.deepEqual(axes.map(({ size, strides }) => ({ size, strides })), [
    { size: 8, strides: [131_072, 0, 1] },
    { size: 4096, strides: [32, 0, 0] },
    { size: 32, strides: [1, 1, 0] },
  ]);
});
