/**
 * What an op is: a shape rule, a way to run it, and its vector-Jacobian product.
 *
 * An op runs in one of three ways:
 * - **pointwise**: it gives a WGSL expression for one element; the compiler fuses chains of such ops into one generated kernel;
 * - **lowering**: it gives a list of kernel dispatches (see `kernel.ts`);
 * - **alias**: its output is its input's memory seen under another shape; nothing runs.
 *
 * Ops are plain objects and know nothing of devices. A public function wraps each one with {@link apply}:
 *
 * @example Defining an op of one's own
 * ```ts
 * import { apply, defineOp } from "./op.ts";
 * import { mul } from "../ops/pointwise.ts";
 * import type { Tensor } from "./tensor.ts";
 *
 * const cubeOp = defineOp<{}>({
 *   name: "cube",
 *   infer: ([x]) => [x!],
 *   pointwise: ([x]) => `(${x} * ${x} * ${x})`,
 *   // d(x^3) = 3 x^2 dx
 *   vjp: ({ inputs: [x], cotangents: [g] }) => [mul(g!, mul(3, mul(x!, x!)))],
 * });
 * const cube = (x: Tensor) => apply(cubeOp, [x], {})[0]!;
 * ```
 *
 * `tests/runtime/graph/custom_op_test.ts` is a worked example of an op with a kernel of its own.
 *
 * @module
 */
import type { Lowering, Target } from "../kernels/kernel.ts";
import type { Epilogue } from "../kernels/pointwise/epilogue.ts";
import { formatShape, type Node, Tensor, type TensorSpec } from "./tensor.ts";

/** What a lowering is given. */
export interface LowerContext<A> {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly attributes: A;
  readonly target: Target;
  /** What follows the op in its kernel, for an op that takes an epilogue: its inputs come after the op's, its outputs in place of the op's. */
  readonly epilogue?: Epilogue;
}

/** What a vector-Jacobian product is given. */
export interface VjpContext<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The loss's gradient for each output; `undefined` where the loss does not depend on it. */
  readonly cotangents: readonly (Tensor | undefined)[];
  readonly attributes: A;
  /** Whether the gradient of each input is wanted; others may be left `undefined`, which saves their work. */
  readonly wanted: readonly boolean[];
}

/** What a pointwise expression may use. */
export interface PointwiseContext<A> {
  readonly attributes: A;
  /** The name of a value that is known when the program is compiled; equal texts share a pipeline whatever the values are. */
  constant(value: number): string;
}

/** The definition of an op with attributes `A`, a plain object that JSON can write (it is the op's key for sharing). */
export interface Op<A> {
  readonly name: string;
  /**
   * The shape rule.
   *
   * @throws {TypeError | RangeError} naming the op, the shapes and what was required.
   */
  infer(inputs: readonly TensorSpec[], attributes: A): readonly TensorSpec[];
  /**
   * A WGSL expression of type `T` (`f32`, or `vec4f` with componentwise meaning) from the inputs' elements; literals are
   * written `T(0.5)`. Comparisons give 1 or 0: `select(T(0.0), T(1.0), a < b)`. Inputs are broadcast as NumPy does.
   */
  pointwise?(args: readonly string[], context: PointwiseContext<A>): string;
  /** The dispatches that compute the outputs. */
  lower?(context: LowerContext<A>): Lowering;
  /** True if `lower` can put a chain of pointwise ops over output 0, [N, H, W, C], into the kernel that makes it; output 0 is not stored then. */
  readonly takesEpilogue?: boolean;
  /** True if output 0 is input 0's memory under another shape. */
  readonly alias?: boolean;
  /** True if output 0 is a slab that holds input i from element `attributes.offsets[i]` on; inputs are computed in place where possible. */
  readonly pack?: boolean;
  /**
   * Positions of inputs that are written in place; they must be states. The op then runs whenever a program contains it, after
   * everything that reads the state's old value.
   */
  readonly mutates?: readonly number[];
  /** True if the outputs, and what is computed from them, keep float32 where large values are stored as float16: parameters' gradients. */
  readonly wide?: boolean;
  /**
   * Gradients of the loss with respect to each input; `undefined` where it is zero or undefined. Left out: the op stops gradients.
   */
  vjp?(context: VjpContext<A>): readonly (Tensor | undefined)[];
}

/** Checks a definition as it is made, and gives it back. */
export function defineOp<A>(op: Op<A>): Op<A> {
  const ways = [op.pointwise, op.lower, op.alias, op.pack].filter(Boolean).length;
  if (ways > 1) throw new TypeError(`op ${op.name} must have one of pointwise, lower, alias and pack, not ${ways}`);
  return op;
}

/** What is being built: effects are collected here, and ambient inputs made once. */
export interface Trace {
  readonly effects: Node[];
  readonly ambient: Map<string, Tensor>;
  /** Names of all inputs, also of those that nothing needs. */
  readonly inputs: Set<string>;
  /** Whether nodes are to keep where they were made. */
  readonly sites: boolean;
}

let nextId = 0;
let currentPhase = 0;
let currentTrace: Trace | undefined;
let differentiated: Node | undefined;

/**
 * Applies an op: checks shapes and adds a node to the graph.
 *
 * @returns The op's outputs.
 * @throws {TypeError | RangeError} from the op's shape rule.
 */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): readonly Tensor[] {
  const specs = op.infer(inputs, attributes);
  const outputs: Tensor[] = [];
  const site = currentTrace?.sites ? siteOf(differentiated) : undefined;
  const node: Node = {
    id: nextId++,
    op: op as Op<unknown>,
    inputs,
    attributes,
    outputs,
    phase: currentPhase,
    ...(site === undefined ? {} : { site }),
  };
  specs.forEach((spec, i) => {
    if (spec.shape.some((size) => !Number.isInteger(size) || size < 1)) {
      throw new RangeError(
        `${op.name}() would give shape ${formatShape(spec.shape)}: every size must be a positive integer`,
      );
    }
    outputs.push(new Tensor(node, i, [...spec.shape], spec.dtype));
  });
  if (op.mutates?.length) {
    if (!currentTrace) {
      throw new TypeError(`${op.name}() changes a state and works only inside a function given to compile()`);
    }
    for (const at of op.mutates) {
      if (inputs[at]?.node.op.name !== "state") {
        throw new TypeError(`${op.name}() changes its input ${at}, which must be a state`);
      }
    }
    currentTrace.effects.push(node);
  }
  return outputs;
}

/** The engine's directory as stack traces name it. */
const ENGINE = new URL("..", import.meta.url).href;

/** The first place in the stack outside of the engine, or where the op was applied whose gradient this is. */
function siteOf(forward: Node | undefined): string | undefined {
  if (forward) return forward.site && `the gradient of ${forward.op.name}() at ${forward.site}`;
  const frame = new Error().stack?.split("\n").slice(1).find((line) => !line.includes(ENGINE));
  return frame && /\(?([^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
}

/** Runs a vector-Jacobian product: the nodes it makes belong to the place where the op was applied. */
export function differentiating<T>(forward: Node, build: () => T): T {
  const outer = differentiated;
  differentiated = forward;
  try {
    return build();
  } finally {
    differentiated = outer;
  }
}

/** Builds a graph: runs `build` and collects the effects that the ops in it have. */
export function traced<T>(build: () => T, options: { sites?: boolean } = {}): { result: T; trace: Trace } {
  const outer = currentTrace;
  const outerPhase = currentPhase;
  const trace: Trace = { effects: [], ambient: new Map(), inputs: new Set(), sites: options.sites ?? false };
  currentTrace = trace;
  currentPhase = 0;
  try {
    return { result: build(), trace };
  } finally {
    currentTrace = outer;
    currentPhase = outerPhase;
  }
}

/** The trace that is being built, if any. */
export function activeTrace(): Trace | undefined {
  return currentTrace;
}

/** Runs `build` as a later phase of the graph (see {@link Node.phase}). */
export function inNextPhase<T>(build: () => T): T {
  currentPhase++;
  return build();
}

/** @throws {TypeError} unless all inputs are f32. */
export function requireFloat(op: string, inputs: readonly TensorSpec[]): void {
  inputs.forEach((input, i) => {
    if (input.dtype !== "f32") throw new TypeError(`${op}() needs f32 inputs, but input ${i} is ${input.dtype}`);
  });
}
