/**
 * Programs of random graphs. All values are small integers, which float32 represents exactly: whatever is fused,
 * shared, reordered or aliased, the results must equal those of an interpreter, bit for bit.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  abs,
  add,
  clamp,
  compile,
  Device,
  full,
  gradients,
  greater,
  input,
  max,
  maximum,
  min,
  minimum,
  mul,
  neg,
  relu,
  reshape,
  type Shape,
  sizeOf,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
} from "../../../runtime/mod.ts";
import { broadcastReference } from "../../reference/broadcast.ts";
import { relativeError } from "../../reference/compare.ts";
import { reduceReference } from "../../reference/reduce.ts";

/** A value of the interpreter. */
interface HostValue {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** An op of the engine and its interpretation. */
interface Rule {
  readonly arity: number;
  readonly tensor: (args: readonly Tensor[], axes: readonly number[]) => Tensor;
  readonly host: (args: readonly HostValue[], axes: readonly number[]) => HostValue;
}

/** Keeps values small: products of twelve factors would otherwise exceed float32's exact integers. */
const RANGE = { min: -9, max: 9 };
const small = (value: number) => Math.min(Math.max(value, RANGE.min), RANGE.max);

function pointwise(arity: number, tensor: (...args: Tensor[]) => Tensor, f: (...args: number[]) => number): Rule {
  return {
    arity,
    tensor: (args) => clamp(tensor(...args), RANGE),
    host(args) {
      const data = broadcastReference((...numbers) => small(f(...numbers)), args);
      return { shape: broadcastShape(args.map(({ shape }) => shape)), data };
    },
  };
}

function broadcastShape(shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const sizeAt = (axis: number) => Math.max(...shapes.map((shape) => shape[axis - rank + shape.length] ?? 1));
  return Array.from({ length: rank }, (_, axis) => sizeAt(axis));
}

function reduction(tensor: typeof sum, combine: (a: number, b: number) => number, start: number): Rule {
  return {
    arity: 1,
    tensor: ([x], axes) => clamp(tensor(x!, { axes: axes.filter((axis) => axis < x!.rank), keepdims: true }), RANGE),
    host([x], given) {
      const axes = given.filter((axis) => axis < x!.shape.length);
      const data = reduceReference(x!.data, { shape: x!.shape, axes, combine, start }).map(small);
      return { shape: x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), data };
    },
  };
}

const RULES = {
  add: pointwise(2, add, (a, b) => a + b),
  sub: pointwise(2, sub, (a, b) => a - b),
  mul: pointwise(2, mul, (a, b) => a * b),
  maximum: pointwise(2, maximum, Math.max),
  minimum: pointwise(2, minimum, Math.min),
  greater: pointwise(2, greater, (a, b) => a > b ? 1 : 0),
  where: pointwise(3, (a, b, c) => where(greater(a, 0), { then: b, otherwise: c }), (a, b, c) => a > 0 ? b : c),
  neg: pointwise(1, neg, (a) => -a),
  abs: pointwise(1, abs, Math.abs),
  relu: pointwise(1, relu, (a) => Math.max(a, 0)),
  triple: pointwise(1, (a) => mul(a, 3), (a) => 3 * a),
  plusFull: pointwise(1, (a) => add(a, full(a.shape, 2)), (a) => a + 2),
  stop: pointwise(1, stopGradient, (a) => a),
  // Read through an alias, in the middle of a chain.
  alias: pointwise(1, (a) => reshape(neg(reshape(a, [a.size])), a.shape), (a) => -a),
  sum: reduction(sum, (a, b) => a + b, 0),
  max: reduction(max, Math.max, -Infinity),
  min: reduction(min, Math.min, Infinity),
} satisfies Record<string, Rule>;

/** Any two of these broadcast, and so do all results computed from them. */
const LEAVES: readonly Shape[] = [[2, 3, 4], [3, 4], [4], [2, 1, 4], [], [3, 1]];

interface Step {
  readonly op: keyof typeof RULES;
  /** Distance back to each argument. */
  readonly back: readonly number[];
  readonly axes: readonly number[];
}

interface Graph {
  readonly steps: readonly Step[];
  /** Values that are read besides the last one, as distances from it. */
  readonly read: readonly number[];
  readonly data: readonly number[];
}

const ELEMENTS = LEAVES.reduce((total, shape) => total + sizeOf(shape), 0);

const graphs: fc.Arbitrary<Graph> = fc.record({
  steps: fc.array(
    fc.record({
      op: fc.constantFrom(...Object.keys(RULES) as (keyof typeof RULES)[]),
      back: fc.tuple(fc.nat(3), fc.nat(12), fc.nat(12)),
      axes: fc.subarray([0, 1, 2]),
    }),
    { minLength: 1, maxLength: 14 },
  ),
  read: fc.array(fc.nat(8), { maxLength: 2 }),
  data: fc.array(fc.integer(RANGE), { minLength: ELEMENTS, maxLength: ELEMENTS }),
});

/** All values of a graph, the leaves first. */
function evaluate<T>(graph: Graph, leaves: readonly T[], run: (rule: Rule, args: readonly T[], step: Step) => T): T[] {
  const values = [...leaves];
  for (const step of graph.steps) {
    const rule = RULES[step.op];
    const args = step.back.slice(0, rule.arity).map((back) => values[values.length - 1 - back % values.length]!);
    values.push(run(rule, args, step));
  }
  return values;
}

function readOf<T>(graph: Graph, values: readonly T[]): T[] {
  return [0, ...graph.read].map((back) => values[values.length - 1 - back % graph.steps.length]!);
}

function leafValues({ data }: Graph): HostValue[] {
  let start = 0;
  return LEAVES.map((shape) => ({ shape, data: Float64Array.from(data.slice(start, start += sizeOf(shape))) }));
}

/** Results and gradients of a graph on the device. */
async function runOn(
  device: Device,
  graph: Graph,
  options: { checkNumerics?: boolean; recomputeBytes?: number },
): Promise<Float32Array[]> {
  using program = await compile(device, () => {
    const leaves = LEAVES.map((shape, i) => input(`x${i}`, { shape }));
    const wanted = readOf(graph, evaluate<Tensor>(graph, leaves, (rule, args, { axes }) => rule.tensor(args, axes)));
    const loss = wanted.map((value) => sum(value)).reduce((a, b) => add(a, b));
    return { outputs: Object.fromEntries([...wanted, ...gradients(loss, leaves)].map((value, i) => [`y${i}`, value])) };
  }, options);
  program.run(Object.fromEntries(leafValues(graph).map(({ data }, i) => [`x${i}`, Float32Array.from(data)])));
  const count = 1 + graph.read.length + LEAVES.length;
  return await program.read(...Array.from({ length: count }, (_, i) => `y${i}`));
}

Deno.test("fused programs of random graphs equal an interpreter, and their gradients unfused programs", async () => {
  using device = await Device.open();
  await fc.assert(
    fc.asyncProperty(graphs, async (graph) => {
      const values = evaluate<HostValue>(graph, leafValues(graph), (rule, args, { axes }) => rule.host(args, axes));
      const want = readOf(graph, values);
      const fused = await runOn(device, graph, {});
      const separate = await runOn(device, graph, { checkNumerics: true });
      const repeated = await runOn(device, graph, { recomputeBytes: 0 });
      want.forEach(({ data }, i) => {
        // Adding zero removes the sign of zero.
        const exact = [...data].map((value) => value + 0);
        assert.deepEqual([...fused[i]!].map((value) => value + 0), exact, `fused result ${i}`);
        assert.deepEqual([...separate[i]!].map((value) => value + 0), exact, `separate result ${i}`);
      });
      assert.deepEqual(repeated.slice(0, want.length), fused.slice(0, want.length), "with results computed again");
      for (const [i, gradient] of [...fused.entries(), ...repeated.entries()]) {
        if (i < want.length) continue;
        const error = relativeError(gradient, separate[i]!);
        assert.ok(error < 1e-6, `gradient of leaf ${i - want.length}: relative error ${error}`);
      }
    }),
    { numRuns: 30 },
  );
});
