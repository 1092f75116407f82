import assert from "node:assert/strict";
import {
  batchNorm2d,
  compile,
  conv2d,
  createState,
  Device,
  gradients,
  input,
  type ProgramMemory,
  randomNormalData,
  relu,
  sum,
  type Tensor,
} from "../../../runtime/mod.ts";
import { buildGraph, type Graph } from "../../../runtime/graph/graph.ts";
import { traced } from "../../../runtime/graph/op.ts";
import { recompute } from "../../../runtime/plan/recompute.ts";

const SHAPE = [2, 8, 8, 4] as const;
const BYTES = 2 * 8 * 8 * 4 * 4;

/** Four times a convolution and a batch norm with ReLU: the loss and the gradients for the kernels. */
function step(device: Device): Tensor[] {
  const kernels: Tensor[] = [];
  let y = input("x", { shape: [...SHAPE] });
  for (let layer = 0; layer < 4; layer++) {
    const vector = (name: string, value: number) =>
      createState(device, { name: `${layer}.${name}`, shape: [4], data: new Float32Array(4).fill(value) }).tensor;
    const data = randomNormalData(3 * 3 * 4 * 4, { seed: 1, stream: layer, step: 0 });
    const kernel = createState(device, { name: `${layer}.kernel`, shape: [3, 3, 4, 4], data }).tensor;
    kernels.push(kernel);
    y = batchNorm2d(conv2d(y, kernel, { stride: 1, padding: 1 }), {
      gamma: vector("gamma", 1.5),
      beta: vector("beta", 0.25),
      runningMean: vector("mean", 0),
      runningVariance: vector("variance", 1),
      training: true,
      relu: true,
    });
  }
  const loss = sum(y);
  return [loss, ...gradients(loss, kernels)];
}

/** The items of a graph as text: what reads what, in which phase. */
function opsOf(graph: Graph): string[] {
  return graph.items.map(({ op, phase }) => `${phase}:${op.name}`);
}

async function run(
  device: Device,
  recomputeBytes: number,
): Promise<{ results: Float32Array[]; memory: ProgramMemory }> {
  using program = await compile(device, () => ({
    outputs: Object.fromEntries(step(device).map((tensor, i) => [`y${i}`, tensor])),
  }), { recomputeBytes });
  program.run({ x: randomNormalData(BYTES / 4, { seed: 2, stream: 0, step: 0 }) });
  return { results: await program.read("y0", "y1", "y2", "y3", "y4"), memory: program.memory };
}

Deno.test("recomputed values equal kept ones bit for bit and take less memory", async () => {
  using device = await Device.open();
  const kept = await run(device, Infinity);
  const again = await run(device, BYTES);
  assert.deepEqual(again.results, kept.results);
  assert.ok(again.results.every((values) => values.every(Number.isFinite)));
  assert.ok(
    again.memory.lowerBound < kept.memory.lowerBound,
    `${again.memory.lowerBound} bytes, kept ${kept.memory.lowerBound}`,
  );
});

Deno.test("recompute() repeats a batch norm before the weight gradient, but no small values", async () => {
  using device = await Device.open();
  const { result, trace } = traced(() => step(device));
  const graph = buildGraph(result, trace.effects);
  const kept = new Set(result.map((tensor) => graph.valueOf(tensor)));
  assert.equal(recompute(graph, { kept, bytes: BYTES + 1 }), graph);
  const again = recompute(graph, { kept, bytes: BYTES });
  const ops = opsOf(again);
  // No convolution reads the last one's result.
  assert.equal(ops.filter((op) => op === "0:batch_norm").length, 4);
  assert.equal(ops.filter((op) => op === "1:batch_norm").length, 3);
  const copy = again.items.findIndex(({ op, phase }) => phase === 1 && op.name === "batch_norm");
  const reader = again.items[copy + 1]!;
  assert.deepEqual(reader.inputs.map(({ producer }) => producer).filter((item) => item === again.items[copy]), [
    again.items[copy],
  ]);
  const first = again.items.find(({ op, phase }) => phase === 0 && op.name === "batch_norm")!;
  assert.ok(first.outputs[0]!.uses.every(({ phase }) => phase === 0), "the forward result is let go");
});

Deno.test("recompute() repeats nothing whose inputs would have to be kept for it", () => {
  const { result, trace } = traced(() => {
    const x = relu(input("x", { shape: [...SHAPE] }));
    const w = input("w", { shape: [1, 1, 4, 4] });
    // relu(relu(x)) is read by the weight gradient, relu(x) by nothing that comes later.
    const loss = sum(conv2d(relu(x), w, { stride: 1, padding: 0 }));
    return [loss, ...gradients(loss, [w])];
  });
  const graph = buildGraph(result, trace.effects);
  const again = recompute(graph, { kept: new Set(result.map((tensor) => graph.valueOf(tensor))), bytes: BYTES });
  const repeated = again.items.filter(({ op, phase }) => phase === 1 && op.name === "relu");
  assert.equal(repeated.length, 0);
});
