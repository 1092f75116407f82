/**
 * Turns the tensors built by a function into the graph to compile, without dead code or common subexpressions.
 *
 * @module
 */
import type { Node, Op, Tensor } from "./tensor.ts";
import type { DType, Shape } from "./shape.ts";

/** The result of one item of the graph. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly producer: Item;
  readonly index: number;
  readonly uses: Item[];
  /** A tensor with this value, used to look up the data of leaves. */
  readonly tensor: Tensor;
}

/** One op to run. */
export interface Item {
  readonly id: number;
  readonly op: Op<unknown>;
  readonly attributes: unknown;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly phase: number;
  /** Where the op was applied, if known. */
  readonly site?: string;
}

/** A graph without dead or repeated work. Items are in topological order. */
export interface Graph {
  readonly items: readonly Item[];
  /** The value of each tensor that was asked for. */
  valueOf(tensor: Tensor): Value;
}

/**
 * Builds the graph that computes `results` and performs `effects`: dead nodes are removed, and nodes of the same op
 * with equal attributes and inputs are merged, except ops that mutate a state.
 */
export function buildGraph(results: readonly Tensor[], effects: readonly Node[]): Graph {
  const nodes = reachable([...results.map((tensor) => tensor.node), ...effects]);
  const values = new Map<Tensor, Value>();
  const known = new Map<string, Item>();
  const opNumbers = new Map<Op<unknown>, number>();
  const items: Item[] = [];
  let nextValue = 0;
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    if (!opNumbers.has(node.op)) opNumbers.set(node.op, opNumbers.size);
    const ids = inputs.map((value) => value.id).join(",");
    const key = `${opNumbers.get(node.op)}|${attributesKey(node.attributes)}|${ids}`;
    const shareable = !node.op.mutates?.length;
    let item = shareable ? known.get(key) : undefined;
    if (!item) {
      const outputs: Value[] = [];
      const { id, op, attributes, phase, site } = node;
      item = { id, op, attributes, inputs, outputs, phase, ...(site === undefined ? {} : { site }) };
      for (const tensor of node.outputs) {
        const { shape, dtype, output: index } = tensor;
        outputs.push({ id: nextValue++, shape, dtype, producer: item, index, uses: [], tensor });
      }
      for (const value of new Set(inputs)) value.uses.push(item);
      items.push(item);
      if (shareable) known.set(key, item);
    }
    node.outputs.forEach((tensor, i) => values.set(tensor, item.outputs[i]!));
  }
  return {
    items,
    valueOf(tensor) {
      const value = values.get(tensor);
      if (!value) throw new TypeError(`a tensor of ${tensor.node.op.name}() is not part of this graph`);
      return value;
    },
  };
}

/** The value whose memory this value shares, looking through aliases. */
export function rootOf(value: Value): Value {
  let root = value;
  while (root.producer.op.alias) root = root.producer.inputs[0]!;
  return root;
}

/** A unique key for attributes: JSON, extended to the numbers that JSON cannot represent. */
export function attributesKey(attributes: unknown): string {
  return JSON.stringify(attributes, (_, value) => {
    const written = typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0));
    return written ? value : { number: Object.is(value, -0) ? "-0" : String(value) };
  });
}

/** All nodes that the given ones depend on, in order of creation. */
export function reachable(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  while (stack.length) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) stack.push(input.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
