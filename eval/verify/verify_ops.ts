/**
 * Checks the engine's ops and their gradients against a directory of golden values (`ops.safetensors`).
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import {
  adam,
  add,
  compile,
  createSlab,
  createState,
  type Device,
  gradients,
  input,
  mul,
  pack,
  sum,
  type Tensor,
} from "../../runtime/mod.ts";
import type { VerifiedQuantity } from "./verify_metrics.ts";
import {
  type GoldenFile,
  type GoldenOpCase,
  type GoldenTensor,
  opCaseSchema,
  readGoldenFile,
  relativeNorm,
} from "./golden_file.ts";
import { buildGoldenOp, fromFileLayout, toFileLayout } from "./golden_ops.ts";

const TOLERANCE = 2e-5;
/** Tolerance for reductions over more than 10,000 elements. */
const LARGE_TOLERANCE = 1e-4;
const ADAM_TOLERANCE = 1e-5;

/** Runs every case and compares all outputs and gradients. */
export async function verifyOps(
  device: Device,
  options: { directory: string; onCase?: (rows: readonly VerifiedQuantity[]) => void },
): Promise<VerifiedQuantity[]> {
  const file = await readGoldenFile(join(options.directory, "ops.safetensors"), opCaseSchema);
  const all: VerifiedQuantity[] = [];
  for (const golden of file.cases) {
    const rows = golden.op === "adam" ? await verifyAdam(device, golden, file) : await verifyOp(device, golden, file);
    options.onCase?.(rows);
    all.push(...rows);
  }
  return all;
}

function toleranceOf(golden: GoldenOpCase, inputs: ReadonlyMap<string, GoldenTensor>): number {
  const reduces = golden.op === "sum" || golden.op === "mean";
  const largest = Math.max(...[...inputs.values()].map(({ data }) => data.length));
  return reduces && largest > 10_000 ? LARGE_TOLERANCE : TOLERANCE;
}

async function verifyOp(
  device: Device,
  golden: GoldenOpCase,
  file: GoldenFile<GoldenOpCase>,
): Promise<VerifiedQuantity[]> {
  const inputs = new Map(Object.entries(golden.inputs).map(([name, tensor]) => [name, file.tensor(tensor)]));
  const inEngine = new Map([...inputs].map(([name, tensor]) => [name, fromFileLayout(golden, name, tensor)]));
  const cotangents = golden.grad_outputs.map((name) => file.tensor(name));
  // Running statistics are states, updated in place by training.
  const states = new Map(
    ["running_mean", "running_var"].filter((name) => inEngine.has(name))
      .map((name) => [name, createState(device, { name, ...inEngine.get(name)! })]),
  );
  try {
    using program = await compile(device, () => {
      const tensors = new Map(
        [...inEngine].map(([name, { shape }]) => [name, states.get(name)?.tensor ?? input(name, { shape })] as const),
      );
      return { outputs: outputsAndGradients(golden, tensors) };
    }, { name: golden.id });
    const given = new Map([...inEngine].filter(([name]) => !states.has(name)).map(([name, { data }]) => [name, data]));
    cotangents.forEach((tensor, i) => given.set(`cotangent ${i}`, fromFileLayout(golden, "output", tensor).data));
    const names = new Set(program.inputs.map(({ name }) => name));
    program.run(Object.fromEntries([...given].filter(([name]) => names.has(name))));
    const outputs = golden.outputs.length - (golden.op === "batch_norm2d" && golden.attrs.training ? 2 : 0);
    const tolerance = toleranceOf(golden, inputs);
    const rows: VerifiedQuantity[] = [];
    for (let i = 0; i < outputs; i++) {
      const [got] = await program.read(`output ${i}`);
      rows.push(
        compared(golden, `output ${i}`, {
          got: got!,
          want: file.tensor(golden.outputs[i]!),
          role: "output",
          tolerance,
        }),
      );
    }
    for (const [i, name] of [...states.keys()].entries()) {
      if (!golden.attrs.training) break;
      const got = await states.get(name)!.read();
      rows.push(compared(golden, name, { got, want: file.tensor(golden.outputs[1 + i]!), role: name, tolerance }));
    }
    for (const name of Object.keys(golden.grad_inputs)) {
      const [got] = await program.read(`gradient of ${name}`);
      const want = file.tensor(golden.grad_inputs[name]!);
      rows.push(compared(golden, `gradient of ${name}`, { got: got!, want, role: name, tolerance }));
    }
    return rows;
  } finally {
    for (const state of states.values()) state[Symbol.dispose]();
  }
}

/** Builds a case's op, and the gradients of its outputs weighted by the cotangents. */
function outputsAndGradients(golden: GoldenOpCase, tensors: ReadonlyMap<string, Tensor>): Record<string, Tensor> {
  const outputs = buildGoldenOp(golden, tensors);
  const losses = golden.grad_outputs.map((_, i) => {
    const output = outputs[i]!;
    return sum(mul(output, input(`cotangent ${i}`, { shape: output.shape })));
  });
  const wanted = Object.keys(golden.grad_inputs);
  const sources = wanted.map((name) => tensors.get(name)!);
  const grads = losses.length ? gradients(losses.reduce((a, b) => add(a, b)), sources) : [];
  const results: Record<string, Tensor> = {};
  outputs.forEach((output, i) => (results[`output ${i}`] = output));
  grads.forEach((gradient, i) => (results[`gradient of ${wanted[i]}`] = gradient));
  return results;
}

function compared(
  golden: GoldenOpCase,
  quantity: string,
  options: { got: Float32Array; want: GoldenTensor; role: string; tolerance: number },
): VerifiedQuantity {
  const { got, want, role, tolerance } = options;
  const error = relativeNorm(toFileLayout(golden, role, { data: got, shape: want.shape }), want.data);
  return { case: golden.id, quantity, relativeError: error, tolerance, pass: error <= tolerance };
}

/** Applies the gradients in sequence and compares the parameter after each step. */
async function verifyAdam(
  device: Device,
  golden: GoldenOpCase,
  file: GoldenFile<GoldenOpCase>,
): Promise<VerifiedQuantity[]> {
  const attributes = z.object({
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
    decoupled: z.boolean(),
  }).parse(golden.attrs);
  const start = file.tensor(golden.inputs.param!);
  const grads = file.tensor(golden.inputs.grads!);
  const want = file.tensor(golden.outputs[0]!);
  const size = start.data.length;
  const entries = [{ name: "param", shape: start.shape }];
  using parameters = createSlab(device, { name: "parameters", entries });
  using m = createSlab(device, { name: "m", entries });
  using v = createSlab(device, { name: "v", entries });
  const [parameter] = parameters.states;
  parameter!.write(start.data);
  using program = await compile(device, () => {
    adam.update({ parameters, m, v, gradient: pack([input("gradient", { shape: start.shape })]) });
    return {};
  }, { name: golden.id });
  const rows: VerifiedQuantity[] = [];
  for (let step = 0; step * size < grads.data.length; step++) {
    program.run({
      gradient: grads.data.slice(step * size, (step + 1) * size),
      ...adam.hyperparameters({
        learningRate: attributes.lr,
        beta1: attributes.betas[0],
        beta2: attributes.betas[1],
        epsilon: attributes.eps,
        weightDecay: attributes.weight_decay,
        decoupled: attributes.decoupled,
        step: step + 1,
      }),
    });
    const got = await parameter!.read();
    const error = relativeNorm(got, want.data.slice(step * size, (step + 1) * size));
    rows.push({
      case: golden.id,
      quantity: `parameter after step ${step + 1}`,
      relativeError: error,
      tolerance: ADAM_TOLERANCE,
      pass: error <= ADAM_TOLERANCE,
    });
  }
  return rows;
}
