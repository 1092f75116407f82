/**
 * Defines and applies ops. An op consists of a shape rule, a way to run it, and its vector-Jacobian product.
 *
 * An op runs in one of three ways:
 * - **pointwise**: it provides a WGSL expression for one element; the compiler fuses chains of such ops into one
 *   generated kernel;
 * - **lowering**: it provides a list of kernel dispatches (see `kernel.ts`);
 * - **alias**: its output is its input's memory under another shape; nothing runs.
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
 * `tests/runtime/graph/custom_op_test.ts` is a worked example of an op with its own kernel.
 *
 * @module
 */
import { type Node, type Op, Tensor } from "./tensor.ts";
import { formatShape, type TensorSpec } from "./shape.ts";

/** Checks a definition and returns it. */
export function defineOp<A>(op: Op<A>): Op<A> {
  const ways = [op.pointwise, op.lower, op.alias, op.pack].filter(Boolean).length;
  if (ways > 1) throw new TypeError(`op ${op.name} must have one of pointwise, lower, alias and pack, not ${ways}`);
  return op;
}

/** The graph under construction: collects effects and shared inputs. */
export interface Trace {
  readonly effects: Node[];
  readonly ambient: Map<string, Tensor>;
  /** Names of all declared inputs, including unused ones. */
  readonly inputs: Set<string>;
  /** Whether nodes record the source location where they were created. */
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

/** The innermost stack frame outside of the engine; for gradients, the location of the forward op. */
function siteOf(forward: Node | undefined): string | undefined {
  if (forward) return forward.site && `the gradient of ${forward.op.name}() at ${forward.site}`;
  const frame = new Error().stack?.split("\n").slice(1).find((line) => !line.includes(ENGINE));
  return frame && /\(?([^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
}

/** Builds a vector-Jacobian product; its nodes get the source location of the forward op. */
export function differentiating<T>(forward: Node, build: () => T): T {
  const outer = differentiated;
  differentiated = forward;
  try {
    return build();
  } finally {
    differentiated = outer;
  }
}

/** Runs `build` and collects the effects of the ops that it applies. */
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

/** The trace under construction, if any. */
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
