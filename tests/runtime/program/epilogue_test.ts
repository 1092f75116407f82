import assert from "node:assert/strict";
import fc from "fast-check";
import {
  add,
  batchNorm2d,
  compile,
  conv2d,
  convTranspose2d,
  Device,
  greater,
  input,
  maximum,
  mul,
  relu,
  reshape,
  type Shape,
  sizeOf,
  sub,
  sum,
  type Tensor,
} from "../../../runtime/mod.ts";

/** Integers from -2 to 2: computing with them is exact in any order. */
function whole(shape: Shape, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from(
    { length: sizeOf(shape) },
    () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) % 5 - 2,
  );
}

interface Leaves {
  (name: string, shape: Shape): Tensor;
}

/** Runs a function of inputs fused and unfused, and returns the outputs of both. */
async function runBoth(device: Device, build: (leaf: Leaves) => Record<string, Tensor>) {
  const results: Float32Array[][] = [];
  const dispatches: number[] = [];
  for (const checkNumerics of [false, true]) {
    const data: Record<string, Float32Array<ArrayBuffer>> = {};
    const names: string[] = [];
    using program = await compile(device, () => {
      const outputs = build((name, shape) => {
        data[name] = whole(shape, Object.keys(data).length + 1);
        return input(name, { shape });
      });
      names.push(...Object.keys(outputs));
      return { outputs };
    }, { checkNumerics });
    program.run(data);
    // Adding zero removes the sign of zero: which of the two zeros a maximum returns depends on the driver.
    results.push((await program.read(...names)).map((values) => values.map((value) => value + 0)));
    dispatches.push(program.dispatchCount);
  }
  return { fused: results[0]!, separate: results[1]!, dispatches: dispatches[0]! };
}

const N = 2;
const SIZE = 6;

/** What a chain over [N, SIZE, SIZE, C] may read besides the convolution's result. */
const OTHERS = (channels: number): Shape[] => [
  [N, SIZE, SIZE, channels],
  [channels],
  [N, 1, 1, channels],
  [N, SIZE, SIZE, 1],
  [SIZE, 1, 1],
  [],
];

const OPS = { add, sub, mul, maximum, greater };

Deno.test("random chains give the same bits fused into a convolution's kernel as in their own", async () => {
  using device = await Device.open();
  const step = fc.record({
    op: fc.constantFrom(...Object.keys(OPS) as (keyof typeof OPS)[]),
    other: fc.nat(5),
    /** Distance back to the step's argument. */
    back: fc.nat(2),
  });
  const graphs = fc.record({
    transposed: fc.boolean(),
    channels: fc.constantFrom([4, 8], [3, 5], [8, 1], [1, 4]),
    bias: fc.boolean(),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    keepMiddle: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(graphs, async ({ transposed, channels, bias, steps, keepMiddle }) => {
      const [cin, cout] = channels as [number, number];
      const { fused, separate, dispatches } = await runBoth(device, (leaf) => {
        const convolve = transposed ? convTranspose2d : conv2d;
        const options = { padding: 1, ...(bias ? { bias: leaf("bias", [cout]) } : {}) };
        let value = convolve(leaf("x", [N, SIZE, SIZE, cin]), leaf("w", [3, 3, cin, cout]), options);
        const values: Tensor[] = [];
        steps.forEach(({ op, other, back }, i) => {
          const from = values.at(-1 - back) ?? value;
          value = OPS[op](from, leaf(`other${i}`, OTHERS(cout)[other]!));
          // The first step alone reads the convolution's result.
          values.push(value);
        });
        return keepMiddle ? { y: value, middle: values[0]! } : { y: value };
      });
      assert.deepEqual(fused, separate);
      // The largest of them bind eleven buffers, and uniforms.
      if (device.target.maxStorageBuffers > 11) assert.equal(dispatches, 1);
    }),
    { numRuns: 25 },
  );
});

Deno.test("a convolution, batch norm with running statistics, relu and a residual are one dispatch", async () => {
  using device = await Device.open();
  const { fused, separate, dispatches } = await runBoth(device, (leaf) => {
    const y = batchNorm2d(conv2d(leaf("x", [2, 8, 8, 8]), leaf("w", [3, 3, 8, 16]), { padding: 1 }), {
      gamma: leaf("gamma", [16]),
      beta: leaf("beta", [16]),
      runningMean: leaf("mean", [16]),
      runningVariance: leaf("variance", [16]),
      training: false,
      // The variances are whole numbers from -2 on.
      epsilon: 3,
      relu: true,
    });
    return { y: add(y, leaf("residual", [2, 8, 8, 16])) };
  });
  assert.deepEqual(fused, separate);
  assert.equal(dispatches, 1);
});

Deno.test("a convolution's result is stored if it is kept, used twice or read under another shape", async () => {
  using device = await Device.open();
  const conv = (leaf: Leaves) => conv2d(leaf("x", [2, 4, 4, 4]), leaf("w", [1, 1, 4, 4]));
  const cases: ((leaf: Leaves) => Record<string, Tensor>)[] = [
    (leaf) => {
      const y = conv(leaf);
      return { y, z: relu(y) };
    },
    (leaf) => {
      const y = conv(leaf);
      return { z: mul(y, sum(y)) };
    },
    (leaf) => {
      const y = conv(leaf);
      return { z: relu(y), flat: mul(reshape(y, [32, 4]), 2) };
    },
  ];
  for (const build of cases) {
    const { fused, separate, dispatches } = await runBoth(device, build);
    assert.deepEqual(fused, separate);
    assert.ok(dispatches >= 2);
  }
});

Deno.test("a chain after two convolutions is fused into one, unless it reads the convolution's input", async () => {
  using device = await Device.open();
  const two = await runBoth(device, (leaf) => {
    const x = leaf("x", [2, 4, 4, 4]);
    return { y: relu(add(conv2d(x, leaf("w", [1, 1, 4, 4])), conv2d(x, leaf("v", [3, 3, 4, 4]), { padding: 1 }))) };
  });
  assert.deepEqual(two.fused, two.separate);
  assert.equal(two.dispatches, 2);
  const residual = await runBoth(device, (leaf) => {
    const x = leaf("x", [2, 4, 4, 4]);
    return { y: add(conv2d(x, leaf("w", [1, 1, 4, 4])), x) };
  });
  assert.deepEqual(residual.fused, residual.separate);
  assert.equal(residual.dispatches, 2);
});

Deno.test("chains that alone read a convolution's result are fused into it together", async () => {
  using device = await Device.open();
  const both = await runBoth(device, (leaf) => {
    const y = conv2d(leaf("x", [2, 4, 4, 4]), leaf("w", [1, 1, 4, 4]));
    return { a: relu(y), b: mul(y, leaf("mask", [2, 1, 1, 4])) };
  });
  assert.deepEqual(both.fused, both.separate);
  assert.equal(both.dispatches, 1);
  // One of them needs what is made of the other.
  const linked = await runBoth(device, (leaf) => {
    const y = conv2d(leaf("x", [2, 4, 4, 4]), leaf("w", [1, 1, 4, 4]));
    return { b: mul(y, sum(relu(y))) };
  });
  assert.deepEqual(linked.fused, linked.separate);
  assert.ok(linked.dispatches >= 3);
});
