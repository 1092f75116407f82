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
export const RECOMPUTED_BYTES = 4 * 2 ** 20;

/**
 * The same graph, with copies of pointwise items right before their first use in a later phase, for the uses there.
 *
 * An item is repeated where its result has at least `bytes` bytes, and every input either has less or is read at the same time or later
 * anyway: nothing is kept longer for it.
 */
export function recompute(graph: Graph, options: { kept: ReadonlySet<Value>; bytes: number | undefined }): Graph {
  const { kept, bytes = RECOMPUTED_BYTES } = options;
  const repeated = new Set(graph.items.filter((item) => worthRepeating(item, { kept, bytes })));
  if (repeated.size === 0) return graph;
  const values = new Map<Value, Value>();
  const again = new Map<Value, Value>();
  const items: Item[] = [];
  const append = (item: Item, how: { id: number; phase: number }): Value[] => {
    const inputs = item.inputs.map((value) => {
      const { producer } = value;
      if (!repeated.has(producer) || how.phase === producer.phase) return values.get(value)!;
      let copy = again.get(value);
      if (!copy) {
        // Between the item before and this one: ids are the order in which units run.
        [copy] = append(producer, { id: how.id - 0.5, phase: how.phase });
        again.set(value, copy!);
      }
      return copy!;
    });
    const outputs: Value[] = [];
    const made: Item = { ...item, ...how, inputs, outputs };
    for (const { id, shape, dtype, index, tensor } of item.outputs) {
      outputs.push({ id, shape, dtype, index, tensor, producer: made, uses: [] });
    }
    for (const value of new Set(inputs)) value.uses.push(made);
    items.push(made);
    return outputs;
  };
  for (const item of graph.items) {
    const outputs = append(item, { id: item.id, phase: item.phase });
    item.outputs.forEach((value, i) => values.set(value, outputs[i]!));
  }
  return { items, valueOf: (tensor) => values.get(graph.valueOf(tensor))! };
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
