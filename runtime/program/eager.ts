/**
 * Eager evaluation. A tensor is computed by a program, as a training step is; its constants are inputs of that
 * program, which is cached for other tensors of the same graph.
 *
 * @module
 */
import { compile } from "./compile.ts";
import { Device } from "../device/device.ts";
import { attributesKey, reachable } from "../graph/graph.ts";
import { constantData, constantOp, input, inputOp, RANDOM_COUNTERS } from "../graph/leaf.ts";
import { stateOp } from "../graph/state.ts";
import { apply } from "../graph/op.ts";
import type { Node, Op, Tensor } from "../graph/tensor.ts";
import { ProgramCache } from "./program_cache.ts";
import type { TensorSpec } from "../graph/shape.ts";

let shared: Promise<Device> | undefined;

/** The default device of eager reads, opened at the first use. */
export function defaultDevice(): Promise<Device> {
  shared ??= Device.open().catch((error) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

/** Frees the default device, if it is open; the next eager read opens it again. */
export async function closeDefaultDevice(): Promise<void> {
  const device = await shared;
  shared = undefined;
  device?.[Symbol.dispose]();
}

/** Number of programs cached per device, and the largest memory of a program that is cached. */
const KEPT_PROGRAMS = 32;
const KEPT_BYTES = 4 * 2 ** 20;

const programs = new WeakMap<Device, ProgramCache>();

/**
 * Computes a tensor and copies it to the host.
 *
 * @throws {TypeError} where the tensor depends on an `input()`, which only a program has.
 *
 * @example
 * ```ts
 * import { add, closeDefaultDevice, read, tensor } from "../../mod.ts";
 *
 * await read(add(tensor([1, 2]), 10)); // [11, 12]
 * await read(add(tensor([3, 4]), 10)); // [13, 14], by the same program
 * await closeDefaultDevice();
 * ```
 */
export async function read(x: Tensor, options: { device?: Device } = {}): Promise<Float32Array> {
  const nodes = reachable([x.node]);
  const foreign = nodes.find(({ op, attributes }) => op === inputOp && nameOf(attributes) !== RANDOM_COUNTERS);
  if (foreign) {
    throw new TypeError(
      `read() needs a tensor without inputs, but this one depends on input ${nameOf(foreign.attributes)}: ` +
        "compile() a program and give it to run()",
    );
  }
  const device = options.device ?? await defaultDevice();
  let cache = programs.get(device);
  if (!cache) programs.set(device, cache = new ProgramCache(KEPT_PROGRAMS));
  const key = keyOf(x, nodes);
  const name = `read ${x.node.op.name}`;
  const program = await cache.get(key, () => compile(device, () => ({ outputs: { x: rebuilt(x, nodes) } }), { name }));
  const constants = nodes.filter(({ op }) => op === constantOp);
  // Run and copy without awaiting in between: another read may use the same program.
  const data = Object.fromEntries(constants.map((node, i) => [`constant ${i}`, constantData(node.outputs[0]!)]));
  // Random numbers do not depend on what was read before.
  program.run(data, { step: 0 });
  const reading = program.read("x");
  const { arena, fixed } = program.memory;
  try {
    const [result] = await reading;
    return result!;
  } finally {
    if (arena + fixed > KEPT_BYTES) cache.delete(key);
  }
}

const opNumbers = new WeakMap<Op<unknown>, number>();
let nextOpNumber = 0;

/** A cache key: equal for tensors of the same graph with constants of the same shapes, and for no others. */
function keyOf(x: Tensor, nodes: readonly Node[]): string {
  const places = new Map(nodes.map((node, i) => [node, i]));
  const lines = nodes.map(({ op, attributes, inputs }) => {
    let number = opNumbers.get(op);
    if (number === undefined) opNumbers.set(op, number = nextOpNumber++);
    const kept = op === constantOp ? (attributes as { spec: TensorSpec }).spec : attributes;
    const sources = inputs.map((tensor) => `${places.get(tensor.node)}.${tensor.output}`);
    return `${number}|${attributesKey(kept)}|${sources.join(",")}`;
  });
  return [...lines, x.output].join("\n");
}

/** Rebuilds the tensor with inputs in place of its constants. */
function rebuilt(x: Tensor, nodes: readonly Node[]): Tensor {
  const made = new Map<Node, readonly Tensor[]>();
  let constants = 0;
  for (const node of nodes) {
    const { op, attributes, inputs, outputs } = node;
    if (op === stateOp) made.set(node, outputs);
    else if (op === constantOp) made.set(node, [input(`constant ${constants++}`, outputs[0]!)]);
    else made.set(node, apply(op, inputs.map((tensor) => made.get(tensor.node)![tensor.output]!), attributes));
  }
  return made.get(x.node)![x.output]!;
}

function nameOf(attributes: unknown): string {
  return (attributes as { name: string }).name;
}
