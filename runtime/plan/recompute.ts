/**
 * Rematerialisation: large results of pointwise ops that are cheaper to recompute for the backward pass than to keep.
 *
 * The typical case is batch norm's output, relu(x * scale + shift): x is kept anyway for batch norm's own gradient,
 * and the output is needed only for the gradient of the next convolution's weights. Recomputed there, it takes memory
 * during that one op instead of from the forward pass on.
 *
 * @module
 */
import type { Graph, Item, Value } from "../graph/graph.ts";
import { constantOp, inputOp } from "../graph/leaf.ts";
import { stateOp } from "../graph/state.ts";
import { fullValueOf } from "../ops/fill.ts";
import { sizeOf } from "../graph/shape.ts";

/**
 * Size in bytes from which results are recomputed. For smaller ones the memory is not worth a dispatch (0.1 ms on
 * lavapipe).
 */
const RECOMPUTED_BYTES = 4 * 2 ** 20;

/**
 * Returns the same graph with copies of pointwise items, each right before its first use in a later phase, for the
 * uses in that phase.
 *
 * An item is recomputed if its result has at least `bytes` bytes and each of its inputs either is smaller or is read
 * at the same time or later anyway, so that no live range grows.
 */
export function recompute(graph: Graph, options: { kept: ReadonlySet<Value>; bytes: number | undefined }): Graph {
  const { kept, bytes = RECOMPUTED_BYTES } = options;
  const repeated = new Set(graph.items.filter((item) => worthRepeating(item, { kept, bytes })));
  if (repeated.size === 0) return graph;
  const rebuilt = new RepeatingGraph(repeated);
  for (const item of graph.items) rebuilt.append(item);
  return { items: rebuilt.items, valueOf: (tensor) => rebuilt.valueOf(graph.valueOf(tensor)) };
}

/**
 * A graph that is rebuilt item by item. Item ids, which determine the order of units, are positions in the new graph.
 */
class RepeatingGraph {
  readonly items: Item[] = [];
  readonly #values = new Map<Value, Value>();
  readonly #recomputed = new Map<Value, Value>();

  constructor(private readonly repeated: ReadonlySet<Item>) {}

  /** The value of the new graph that corresponds to one of the old graph. */
  valueOf(value: Value): Value {
    return this.#values.get(value)!;
  }

  /** Appends an item, preceded by copies of the items that it needs recomputed. */
  append(item: Item): void {
    const outputs = this.#push(item, item.phase);
    item.outputs.forEach((value, i) => this.#values.set(value, outputs[i]!));
  }

  #push(item: Item, phase: number): readonly Value[] {
    const inputs = item.inputs.map((value) => this.#inputFor(value, phase));
    const outputs: Value[] = [];
    const made: Item = { ...item, id: this.items.length, phase, inputs, outputs };
    for (const { id, shape, dtype, index, tensor } of item.outputs) {
      outputs.push({ id, shape, dtype, index, tensor, producer: made, uses: [] });
    }
    for (const value of new Set(inputs)) value.uses.push(made);
    this.items.push(made);
    return outputs;
  }

  #inputFor(value: Value, phase: number): Value {
    const { producer } = value;
    if (!this.repeated.has(producer) || phase === producer.phase) return this.valueOf(value);
    const known = this.#recomputed.get(value);
    if (known) return known;
    const [copy] = this.#push(producer, phase);
    this.#recomputed.set(value, copy!);
    return copy!;
  }
}

function worthRepeating(item: Item, options: { kept: ReadonlySet<Value>; bytes: number }): boolean {
  const { kept, bytes } = options;
  const [value] = item.outputs;
  if (!value || !item.op.pointwise || kept.has(value) || bytesOf(value) < bytes) return false;
  // Constants are inlined where they are used.
  if (fullValueOf(item.op, item.attributes) !== undefined) return false;
  const late = value.uses.filter((use) => use.phase > item.phase);
  // A result that is read through an alias may be read later than its uses tell.
  if (late.length === 0 || value.uses.some((use) => use.op.alias)) return false;
  const first = Math.min(...late.map((use) => use.id));
  return item.inputs.every((input) => {
    const { op } = input.producer;
    const lasts = kept.has(input) || op === stateOp || op === inputOp || op === constantOp;
    if (lasts || bytesOf(input) < bytes) return true;
    return input.uses.some((use) => use.phase > item.phase && use.id >= first && !late.includes(use));
  });
}

function bytesOf(value: Value): number {
  return sizeOf(value.shape) * 4;
}
