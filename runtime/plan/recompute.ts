/**
 * Rematerialisation: large results of pointwise ops that are cheaper to recompute for the backward pass than to keep.
 *
 * The typical case is batch norm's output, relu(x * scale + shift): x is kept anyway for batch norm's own gradient,
 * and the output is needed only for the gradient of the next convolution's weights. Recomputed there, it takes memory
 * during that one op instead of from the forward pass on.
 *
 * On GPUs, also results whose column sums are needed before anything else can be made of them, where computing them
 * twice takes less memory traffic than storing them: convolutions of few products for each result.
 *
 * @module
 */
import type { Graph, Item, Value } from "../graph/graph.ts";
import { constantOp, inputOp } from "../graph/leaf.ts";
import { stateOp } from "../graph/state.ts";
import { STAND_INS } from "./groups.ts";
import { fullValueOf } from "../ops/fill.ts";
import { sameShape, sizeOf } from "../graph/shape.ts";

/**
 * Size in bytes from which results are recomputed. For smaller ones the memory is not worth a dispatch (0.1 ms on
 * lavapipe).
 */
const RECOMPUTED_BYTES = 4 * 2 ** 20;

/**
 * The graph with copies of what is cheaper to compute again than to keep, by {@linkcode recompute} and, on GPUs,
 * {@linkcode repeatForSums}.
 *
 * @param options.wantedOf The values of a graph that are read from outside of it.
 */
export function repeatCheap(
  graph: Graph,
  options: {
    wantedOf: (graph: Graph) => ReadonlySet<Value>;
    onGpu: boolean;
    bytes: number | undefined;
    maxBuffers: number;
  },
): Graph {
  const { wantedOf, onGpu, bytes, maxBuffers } = options;
  const made = recompute(graph, { kept: wantedOf(graph), bytes });
  return onGpu ? repeatForSums(made, { kept: wantedOf(made), bytes, maxBuffers }) : made;
}

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
  return repeatItems(graph, repeated, ({ producer }, { phase }) => phase !== producer.phase);
}

/**
 * Returns the same graph with a copy of each cheap item whose result is read by an op that sums it up, and otherwise
 * by pointwise ops only: the copy is for the sums. The others can follow the item itself in its kernel, once they know
 * the sums, so that the result is never stored.
 */
export function repeatForSums(
  graph: Graph,
  options: { kept: ReadonlySet<Value>; bytes: number | undefined; maxBuffers: number },
): Graph {
  const { kept, bytes = RECOMPUTED_BYTES, maxBuffers } = options;
  const readers = new Map<Item, Item>();
  for (const item of graph.items) {
    const reader = onlySums(item, { kept, bytes, maxBuffers });
    if (reader) readers.set(item, reader);
  }
  return repeatItems(graph, readers, ({ producer }, { id }) => readers.get(producer)!.id === id);
}

/** The op that sums up the result of a cheap item, if all other uses are pointwise and of the same phase. */
function onlySums(
  item: Item,
  { kept, bytes, maxBuffers }: { kept: ReadonlySet<Value>; bytes: number; maxBuffers: number },
): Item | undefined {
  const [value] = item.outputs;
  const { op, inputs, attributes, phase } = item;
  if (!value || !op.isCheap?.(inputs, attributes) || kept.has(value) || bytesOf(value) < bytes) {
    return undefined;
  }
  const readers = value.uses.filter((use) => {
    const sums = use.op.columnSums?.(use.attributes);
    return sums && use.inputs[sums.of] === value && sums.others.every((at) => use.inputs[at] !== value);
  });
  const others = value.uses.filter((use) => !readers.includes(use));
  const follows = (use: Item) =>
    use.op.pointwise && use.phase === phase && sameShape(use.outputs[0]!.shape, value.shape);
  if (readers.length !== 1 || others.length === 0 || !others.every(follows)) return undefined;
  const read = new Set([item, ...others].flatMap((each) => each.inputs));
  read.delete(value);
  return read.size + others.length + STAND_INS <= maxBuffers ? readers[0] : undefined;
}

/** A graph with copies of some items, each right before its first use by an item for which `repeats` says so. */
function repeatItems(
  graph: Graph,
  repeated: { has(item: Item): boolean; readonly size: number },
  repeats: (value: Value, user: Item) => boolean,
): Graph {
  if (repeated.size === 0) return graph;
  const rebuilt = new RepeatingGraph((value, user) => repeated.has(value.producer) && repeats(value, user));
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

  /** @param repeats Whether an item, of the old graph but for its phase, reads a copy of a value. */
  constructor(private readonly repeats: (value: Value, user: Item) => boolean) {}

  /** The value of the new graph that corresponds to one of the old graph. */
  valueOf(value: Value): Value {
    return this.#values.get(value)!;
  }

  /** Appends an item, preceded by copies of the items that it needs recomputed. */
  append(item: Item): void {
    const outputs = this.#push(item);
    item.outputs.forEach((value, i) => this.#values.set(value, outputs[i]!));
  }

  #push(item: Item): readonly Value[] {
    const inputs = item.inputs.map((value) => this.#inputFor(value, item));
    const outputs: Value[] = [];
    const made: Item = { ...item, id: this.items.length, inputs, outputs };
    for (const { id, shape, dtype, index, tensor } of item.outputs) {
      outputs.push({ id, shape, dtype, index, tensor, producer: made, uses: [] });
    }
    for (const value of new Set(inputs)) value.uses.push(made);
    this.items.push(made);
    return outputs;
  }

  #inputFor(value: Value, user: Item): Value {
    if (!this.repeats(value, user)) return this.valueOf(value);
    const known = this.#recomputed.get(value);
    if (known) return known;
    const [copy] = this.#push({ ...value.producer, phase: user.phase });
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
