import assert from "node:assert/strict";
import fc from "fast-check";
import { Device } from "../../../runtime/device/device.ts";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";
import { pow } from "../../../runtime/ops/pointwise.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { read } from "../../../runtime/program/eager.ts";

/** C's pow(), which ECMAScript's differs from at 1^NaN and at (+-1)^(+-Infinity). */
function cPow(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  return Math.pow(a, b);
}

const SPECIAL = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 2.5, -2.5, 63, 64, -65, Infinity, -Infinity, NaN];

Deno.test("pow() follows C's rules for every pair of special values", async () => {
  using device = await Device.open();
  const pairs = SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b] as const));
  const y = await read(pow(tensor(pairs.map(([a]) => a)), tensor(pairs.map(([, b]) => b))), { device });
  for (const [i, [a, b]] of pairs.entries()) {
    const want = Math.fround(cPow(a, b));
    const got = y[i]!;
    // Denormals, which some devices flush, and what is less.
    if (Math.abs(want) < 2 ** -126 && cPow(a, b) !== 0) {
      assert.ok(Math.abs(got) < 2 ** -126, `${a}^${b} is ${got}`);
      continue;
    }
    const close = Number.isFinite(want) ? Math.abs(got - want) <= 2e-6 * Math.abs(want) : Object.is(got, want);
    assert.ok(close || (want === 0 && Object.is(got, want)), `${a}^${b} is ${got}, not ${want}`);
  }
});

Deno.test("pow() matches float64 to a few units of the last place for exponents below 64", async () => {
  using device = await Device.open();
  const count = 64;
  using program = await compile(device, () => {
    const spec = { shape: [count] };
    return { outputs: { y: pow(input("a", spec), input("b", spec)) } };
  });
  const float = (low: number, high: number) => fc.float({ min: Math.fround(low), max: Math.fround(high), noNaN: true });
  const pair = fc.oneof(
    fc.tuple(float(0.01, 100), float(-15, 15)),
    fc.tuple(float(-30, 30), fc.integer({ min: -20, max: 20 })),
    fc.tuple(float(0.25, 4), float(-62, 62)),
  );
  const lists = fc.array(pair, { minLength: count, maxLength: count });
  await fc.assert(
    fc.asyncProperty(lists, async (pairs) => {
      const [a, b] = [0, 1].map((k) => Float32Array.from(pairs, (values) => values[k]!));
      program.run({ a: a!, b: b! });
      const [y] = await program.read("y");
      y!.forEach((got, i) => {
        const want = Math.pow(a![i]!, b![i]!);
        if (Math.abs(want) > 1e37 || Math.abs(want) < 1e-37) return;
        assert.ok(Math.abs(got - want) <= 3e-6 * Math.abs(want), `${a![i]}^${b![i]} is ${got}, not ${want}`);
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("integer powers of integers are exact", async () => {
  using device = await Device.open();
  const pairs = [[10, 7], [-3, 3], [-2, 10], [7, 0], [3, 15], [-5, 9], [2, 40], [2, -20]] as const;
  const y = await read(pow(tensor(pairs.map(([a]) => a)), tensor(pairs.map(([, b]) => b))), { device });
  assert.deepEqual([...y], pairs.map(([a, b]) => Math.fround(a ** b)));
});

async function gradientsOf(device: Device, a: number, b: number): Promise<[number, number]> {
  const inputs = [tensor([a]), tensor([b])] as [Tensor, Tensor];
  const [toBase, toExponent] = gradients(sum(pow(...inputs)), inputs);
  return [(await read(toBase!, { device }))[0]!, (await read(toExponent!, { device }))[0]!];
}

Deno.test("the gradients of pow() have the right limits, as in PyTorch", async () => {
  using device = await Device.open();
  const cases: [number, number, number, number][] = [
    [0, 1, 1, 0],
    [0, 0.5, Infinity, 0],
    [0, 2, 0, 0],
    [0, 0, 0, 0],
    [0, -1, -Infinity, -Infinity],
    [-3, 2, -6, NaN],
    [-2, 3, 12, NaN],
    [-2, 1, 1, NaN],
    [4, 0, 0, Math.fround(Math.log(4))],
  ];
  for (const [a, b, toBase, toExponent] of cases) {
    const got = await gradientsOf(device, a, b);
    for (const [i, want] of [toBase, toExponent].entries()) {
      const close = Number.isFinite(want) ? Math.abs(got[i]! - want) < 1e-6 : Object.is(got[i], want);
      assert.ok(close, `gradient ${i} of ${a}^${b} is ${got[i]}, not ${want}`);
    }
  }
});
