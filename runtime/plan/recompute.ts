/**
 * Cheaper to compute again than to keep: large results of pointwise ops of the forward pass that the backward pass reads.
 *
 * Batch norm's output is the example: relu(x * scale + shift), for which x is kept anyway, because the gradient of the batch norm needs it.
 * The gradient of the next convolution's weights, which comes just before, needs the output; computed again there, it takes memory for the
 * length of that one op instead of from the forward pass on.
 *
 * @module
 */
import type { Graph, Item, Value } from "../graph/graph.ts";
import { constantOp, inputOp } from "../graph/leaf.ts";
import { stateOp } from "../graph/state.ts";
import { fullValueOf } from "../ops/fill.ts";
import { sizeOf } from "../graph/shape.ts";

/**
 * Bytes from which on a result is computed again. Below, a dispatch costs more (0.1 ms on Vulkan on the CPU) than the memory is worth.
 */
const RECOMPUTED_BYTES = 4 * 2 ** 20;

/**
 * The same graph, with copies of pointwise items right before their first use in a later phase, for the uses there.
 *
 * An item is repeated where its result has at least `bytes` bytes, and every input either is smaller or is read at the same
 * time or later anyway, so that nothing is kept longer for it.
 */
export function recompute(graph: Graph, options: { kept: ReadonlySet<Value>; bytes: number | undefined }): Graph {
  const { kept, bytes = RECOMPUTED_BYTES } = options;
  const repeated = new Set(graph.items.filter((item) => worthRepeating(item, { kept, bytes })));
  if (repeated.size === 0) return graph;
  const rebuilt = new RepeatingGraph(repeated);
  for (const item of graph.items) rebuilt.append(item);
  return { items: rebuilt.items, valueOf: (tensor) => rebuilt.valueOf(graph.valueOf(tensor)) };
}

/** A graph that is rebuilt item by item. Ids, which are the order in which units run, are the items' places in it. */
class RepeatingGraph {
  readonly items: Item[] = [];
  readonly #values = new Map<Value, Value>();
  readonly #recomputed = new Map<Value, Value>();

  constructor(private readonly repeated: ReadonlySet<Item>) {}

  /** The new value of one of the old graph. */
  valueOf(value: Value): Value {
    return this.#values.get(value)!;
  }

  /** Adds an item, after copies of those that it reads from an earlier phase and that are to be repeated. */
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
  // A constant is written into the text of what uses it.
  if (fullValueOf(item.op, item.attributes) !== undefined) return false;
  const late = value.uses.filter((use) => use.phase > item.phase);
  // A result that an alias, say, reads in its own phase may be read later through it.
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
