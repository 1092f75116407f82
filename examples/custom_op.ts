/**
 * Defines an op that the engine lacks, with its WGSL and its gradient, and compares the gradient with a difference.
 *
 *     deno run --allow-env examples/custom_op.ts
 *
 * @module
 */
import {
  abs,
  add,
  apply,
  compile,
  defineOp,
  Device,
  div,
  gradients,
  input,
  square,
  sum,
  type Tensor,
} from "../runtime/mod.ts";

// softsign(x) = x / (1 + |x|), a pointwise op: one WGSL expression over T, which is f32 or vec4f. The engine fuses it
// with its neighbours. Ops with kernels of their own have `lower` instead; see ARCHITECTURE.md.
const softsignOp = defineOp<Record<string, never>>({
  name: "softsign",
  infer: ([x]) => [x!],
  pointwise: ([x]) => `(${x} / (T(1.0) + abs(${x})))`,
  // d/dx = 1 / (1 + |x|)^2, made of ops.
  vjp: ({ inputs: [x], cotangents: [g] }) => [div(g!, square(add(1, abs(x!))))],
});

const softsign = (x: Tensor) => apply(softsignOp, [x], {})[0]!;

using device = await Device.open();
using program = await compile(device, () => {
  const x = input("x", { shape: [3] });
  const loss = sum(softsign(x));
  return { outputs: { loss, gradient: gradients(loss, [x])[0]! } };
});

async function evaluate(values: number[]): Promise<[number, number[]]> {
  program.run({ x: Float32Array.from(values) });
  const [loss, gradient] = await program.read("loss", "gradient");
  return [loss![0]!, [...gradient!]];
}

const x = [-3, 0.5, 2];
const [, gradient] = await evaluate(x);
const STEP = 0.01;
for (const [i, value] of x.entries()) {
  const [above] = await evaluate(x.with(i, value + STEP));
  const [below] = await evaluate(x.with(i, value - STEP));
  console.log(
    `x = ${value}: gradient ${gradient[i]!.toFixed(4)}, difference ${((above - below) / (2 * STEP)).toFixed(4)}`,
  );
}
