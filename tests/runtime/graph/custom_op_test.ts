/**
 * A user-defined op, from its kernel to its gradient: cumulative sums along the last axis, which the engine lacks.
 *
 * It requires the body of a WGSL kernel that follows the contract of `runtime/kernels/kernel.ts`; a shape rule that
 * rejects invalid inputs; a lowering from shapes to dispatches, which names the kernel's operands and uniforms; a
 * vector-Jacobian product made of ops; and a function that applies the op.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  apply,
  compile,
  defineOp,
  Device,
  formatShape,
  gradients,
  gridFor,
  input,
  mean,
  type Op,
  read,
  reads,
  relu,
  sizeOf,
  square,
  sum,
  type Tensor,
  tensor,
  writes,
} from "../../../runtime/mod.ts";
import { checkOp, numbers } from "../gradient_check.ts";

// The body of a kernel: buffers are read by NAME_at(i) and written by NAME_put(i, value), numbers are in `p`, and LANES
// is the size of a workgroup. Sizes are uniforms, so that one pipeline serves all shapes.
const CODE = `
// One invocation per row. The grid may be rounded up.
fn kernel(group: u32, lane: u32) {
  let row = group * LANES + lane;
  if (row >= p.rows) { return; }
  var total = 0.0;
  for (var i = 0u; i < p.columns; i++) {
    let column = select(i, p.columns - 1u - i, p.reverse != 0u);
    total += x_at(row * p.columns + column);
    y_put(row * p.columns + column, total);
  }
}`;

/** Lavapipe silently ends an invocation's loops after 65,535 iterations: kernels bound what one invocation does. */
const MAX_COLUMNS = 65_000;

const cumulativeSumOp: Op<{ reverse: boolean }> = defineOp({
  name: "cumulative_sum",
  infer([x]) {
    const columns = x!.shape.at(-1);
    if (x!.dtype !== "f32") throw new TypeError(`cumulative_sum() needs an f32 input, but this one is ${x!.dtype}`);
    if (columns === undefined || columns > MAX_COLUMNS) {
      throw new RangeError(
        `cumulative_sum() needs an input with a last axis of at most ${MAX_COLUMNS}, got shape ${
          formatShape(x!.shape)
        }`,
      );
    }
    return [{ shape: x!.shape, dtype: "f32" }];
  },
  lower({ inputs: [x], attributes }) {
    const columns = x!.shape.at(-1)!;
    const rows = sizeOf(x!.shape) / columns;
    return {
      dispatches: [{
        kernel: "cumulative_sum",
        code: CODE,
        uniforms: { rows, columns, reverse: attributes.reverse ? 1 : 0 },
        operands: { x: reads({ input: 0 }, "f32"), y: writes({ output: 0 }, "f32") },
        grid: gridFor(Math.ceil(rows / 64)),
        flops: rows * columns,
      }],
    };
  },
  // Every x[j] contributes to all sums from j on: its gradient is the reverse cumulative sum.
  vjp: ({ cotangents: [g], attributes }) => [g && apply(cumulativeSumOp, [g], { reverse: !attributes.reverse })[0]!],
});

/** y[..., i] = x[..., 0] + ... + x[..., i], or from i to the end. */
function cumulativeSum(x: Tensor, options: { reverse?: boolean } = {}): Tensor {
  return apply(cumulativeSumOp, [x], { reverse: options.reverse ?? false })[0]!;
}

/** The oracle, in float64. */
function reference(x: Float64Array, options: { columns: number; reverse: boolean }): Float64Array {
  const { columns, reverse } = options;
  return x.map((_, at) => {
    const start = at - at % columns;
    const [from, to] = reverse ? [at, start + columns] : [start, at + 1];
    return x.subarray(from, to).reduce((total, value) => total + value, 0);
  });
}

Deno.test("a user-defined op matches its oracle, and its gradient central differences", async () => {
  using device = await Device.open();
  for (const shape of [[1], [5], [3, 4], [2, 1, 7], [130, 3]]) {
    for (const reverse of [false, true]) {
      await checkOp(device, {
        name: `cumulativeSum ${formatShape(shape)}${reverse ? " reversed" : ""}`,
        op: ([x]) => cumulativeSum(x!, { reverse }),
        oracle: ([x]) => reference(x!, { columns: shape.at(-1)!, reverse }),
        inputs: [{ shape, data: numbers(sizeOf(shape), { seed: 5 }) }],
      });
    }
  }
});

Deno.test("a user-defined op is shared, differentiated and run among the engine's", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const x = input("x", { shape: [2, 3] });
    const loss = mean(square(relu(cumulativeSum(x))));
    // The same op with the same attributes on the same input runs once.
    return { outputs: { loss, again: sum(cumulativeSum(x)), gradient: gradients(loss, [x])[0]! } };
  });
  program.run({ x: Float32Array.of(1, 2, 3, -1, -1, 4) });
  const [loss, again, gradient] = await program.read("loss", "again", "gradient");
  // Sums: 1 3 6, -1 -2 2.
  assert.ok(Math.abs(loss![0]! - (1 + 9 + 36 + 4) / 6) < 1e-5);
  assert.deepEqual([...again!], [9]);
  assert.deepEqual([...gradient!].map((g) => Math.round(g * 3)), [10, 9, 6, 2, 2, 2]);
  const profile = await program.profile({ x: new Float32Array(6) });
  assert.equal(profile.filter(({ op }) => op === "cumulative_sum").length, 2); // forward and backward
});

Deno.test("a user-defined op rejects invalid inputs, and can be read eagerly", async () => {
  assert.throws(() => cumulativeSum(tensor([1], { dtype: "u32" })), /needs an f32 input/);
  assert.throws(() => cumulativeSum(input("x", { shape: [2, 70_000] })), /at most 65000, got shape \[2, 70000\]/);
  using device = await Device.open();
  assert.deepEqual([...await read(cumulativeSum(tensor([1, 2, 3])), { device })], [1, 3, 6]);
});
