/**
 * The leaves of a graph that hold no GPU memory of their own: inputs, which change at every run, and constants.
 *
 * @module
 */
import { activeTrace, apply, defineOp } from "./op.ts";
import type { Op, Tensor } from "./tensor.ts";
import { type Shape, sizeOf, type TensorSpec } from "./shape.ts";

/** A value given to `program.run()` by name. */
export const inputOp: Op<{ name: string; spec: TensorSpec }> = defineOp({
  name: "input",
  infer: (_, { spec }) => [spec],
});

/** Data that is known when the graph is built and uploaded once. */
export const constantOp: Op<{ id: number; spec: TensorSpec }> = defineOp({
  name: "constant",
  infer: (_, { spec }) => [spec],
});

const constants = new WeakMap<Tensor, Float32Array | Uint32Array>();
let nextConstant = 0;

/** A symbolic input; `program.run({ [name]: data })` gives its value. */
export function input(name: string, spec: { shape: Shape; dtype?: "f32" | "u32" }): Tensor {
  activeTrace()?.inputs.add(name);
  return apply(inputOp, [], { name, spec: { shape: spec.shape, dtype: spec.dtype ?? "f32" } })[0]!;
}

/** An input that is shared by all ops of a program (the random counters, for example), created once per trace. */
function ambientInput(name: string, spec: { shape: Shape; dtype?: "f32" | "u32" }): Tensor {
  const trace = activeTrace();
  if (!trace) return input(name, spec);
  let found = trace.ambient.get(name);
  if (!found) {
    found = input(name, spec);
    trace.ambient.set(name, found);
  }
  return found;
}

/**
 * A tensor with the given contents.
 *
 * @throws {RangeError} when the number of values is not the shape's size.
 */
export function tensor(data: ArrayLike<number>, options: { shape?: Shape; dtype?: "f32" | "u32" } = {}): Tensor {
  const shape = options.shape ?? [data.length];
  const dtype = options.dtype ?? "f32";
  if (sizeOf(shape) !== data.length) {
    throw new RangeError(
      `tensor() got ${data.length} values for shape [${shape.join(", ")}], which holds ${sizeOf(shape)}`,
    );
  }
  const made = apply(constantOp, [], { id: nextConstant++, spec: { shape, dtype } })[0]!;
  constants.set(made, dtype === "u32" ? Uint32Array.from(data) : Float32Array.from(data));
  return made;
}

/** The data behind a tensor made by {@link tensor}. */
export function constantData(tensor: Tensor): Float32Array | Uint32Array {
  const data = constants.get(tensor);
  if (!data) throw new TypeError(`${tensor.node.op.name} is not a constant`);
  return data;
}

/** The input that {@link randomCounters} gives. */
export const RANDOM_COUNTERS = "$random";

/** The counters that keyed random numbers come from: [seed, seed, step, part], written by every `program.run()`. */
export function randomCounters(): Tensor {
  return ambientInput(RANDOM_COUNTERS, { shape: [4], dtype: "u32" });
}
