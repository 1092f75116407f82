/**
 * Groups the items of a graph into units, each of which becomes one op on the GPU.
 *
 * Pointwise items over the same iteration space are fused greedily in topological order: an item joins the group of
 * one of its producers unless another path leads from that group to it, which would create a cycle. A group whose
 * only result feeds a single reduction becomes that reduction's prologue; a group that is the only user of a
 * convolution's result becomes that convolution's epilogue. In both cases the intermediate result is never stored.
 * Chains do not cross phases: backward values fused into a forward kernel would stay in memory for the whole forward
 * pass.
 *
 * @module
 */
import { mergeFollowers } from "./followers.ts";
import { boundary, type Group, STAND_INS } from "./groups.ts";
import { type Graph, type Item, rootOf, type Value } from "../graph/graph.ts";
import type { Expression, Reference, Step } from "../kernels/pointwise/expression.ts";
import { fullValueOf } from "../ops/fill.ts";
import { type ReduceAttributes, reduceOp } from "../ops/reduce.ts";
import { sameShape } from "../graph/shape.ts";

/** A set of items that run as one op. */
export interface Unit {
  readonly kind: "pointwise" | "reduce" | "op" | "pack" | "batch";
  /** Items in topological order: a reduction is last, an op with an epilogue first. */
  readonly items: readonly Item[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** The chain, for pointwise units, reductions and ops with an epilogue, whose result is the chain's input 0. */
  readonly expression?: Expression;
  /** Steps of the chain whose values are stored, for pointwise units and ops with an epilogue. */
  readonly stored?: readonly number[];
  /** A batch norm that the op applies to one of its inputs; scale and shift are the last inputs. */
  readonly normalized?: { readonly position: number; readonly relu: boolean };
}

/** How to fuse. */
export interface FusionOptions {
  /** Values that must be stored because they are read from outside of the graph. */
  readonly kept: ReadonlySet<Value>;
  /** Most storage buffers that a kernel may bind. */
  readonly maxBuffers: number;
  /** Do not fuse: every op becomes its own unit, so that all results can be inspected. */
  readonly separate?: boolean;
  /** Whether kernels of convolutions can apply batch norm to what they read. */
  readonly normalizesInputs?: boolean;
}

/** Groups a graph's items. Leaves and aliases run nothing and belong to no unit. */
export function fuse(graph: Graph, options: FusionOptions): Unit[] {
  const items = groupItems(graph, options);
  if (options.separate) return items.map((group) => toUnit(group, undefined, options.kept));
  const groups = mergeFollowers(mergeSinglyUsed(items, options), options);
  const { absorbed, into } = absorbIntoReductions(groups, options);
  const normalized = options.normalizesInputs ? findNormalized(groups, options) : new Map<Item, Item>();
  const norms = new Set(normalized.values());
  for (const group of groups) if (norms.has(group.items[0]!)) absorbed.add(group);
  const epilogues = findEpilogues(groups.filter((group) => !absorbed.has(group)), { ...options, normalized });
  const follow = new Set(epilogues.values());
  const units: Unit[] = [];
  for (const group of groups) {
    if (absorbed.has(group) || follow.has(group)) continue;
    const epilogue = epilogues.get(group);
    const unit = epilogue
      ? withEpilogue(group.items[0]!, epilogue, options.kept)
      : toUnit(group, into.get(group), options.kept);
    const norm = normalized.get(group.items[0]!);
    units.push(norm ? withNormalized(unit, norm) : unit);
  }
  return units;
}

/** True for items that run nothing. */
function runsNothing(item: Item): boolean {
  return item.op.alias === true || !(item.op.pointwise || item.op.lower || item.op.pack);
}

function groupItems(graph: Graph, options: FusionOptions): Group[] {
  const groups: Group[] = [];
  const groupOf = new Map<Item, Group>();
  const ancestors = new AncestorSets();
  for (const item of graph.items) {
    if (runsNothing(item) || isInlined(item, options.kept)) continue;
    const sources = item.inputs.flatMap((value) => sourceGroups(value, groupOf));
    const joined = item.op.pointwise && !options.separate
      ? findGroup(item, { sources, groupOf, ancestors, ...options })
      : undefined;
    if (joined) {
      joined.items.push(item);
      groupOf.set(item, joined);
      ancestors.extend(joined.index, sources.filter((source) => source !== joined).map((source) => source.index));
    } else {
      const group: Group = { index: groups.length, items: [item], pointwise: item.op.pointwise !== undefined };
      groups.push(group);
      groupOf.set(item, group);
      ancestors.add(sources.map((source) => source.index));
    }
  }
  return groups;
}

/**
 * Merges a pointwise group into its only user if that is a pointwise group over the same space, so that its results
 * need not be stored. With a single user no other path can create a cycle.
 */
function mergeSinglyUsed(groups: readonly Group[], options: FusionOptions): Group[] {
  const groupOf = new Map(groups.flatMap((group) => group.items.map((item) => [item, group] as const)));
  const left = new Set(groups);
  for (const group of groups) {
    const user = group.pointwise ? onlyUser(group, groupOf, options.kept) : undefined;
    if (!user?.pointwise) continue;
    const [a, b] = [group.items[0]!, user.items[0]!];
    if (a.phase !== b.phase || !sameShape(a.outputs[0]!.shape, b.outputs[0]!.shape)) continue;
    const merged = [...group.items, ...user.items].sort((x, y) => x.id - y.id);
    const { inputs, stored } = boundary(merged, options.kept);
    if (inputs.length + stored.length > options.maxBuffers) continue;
    user.items.splice(0, user.items.length, ...merged);
    for (const item of group.items) groupOf.set(item, user);
    left.delete(group);
  }
  return [...left];
}

/** The only group that uses a group's results, if there is just one and none is read through an alias. */
function onlyUser(group: Group, groupOf: ReadonlyMap<Item, Group>, kept: ReadonlySet<Value>): Group | undefined {
  const users = new Set<Group | undefined>();
  for (const value of group.items.flatMap((item) => item.outputs)) {
    if (kept.has(value)) return undefined;
    for (const use of value.uses) users.add(groupOf.get(use));
  }
  users.delete(group);
  const [user] = users;
  return users.size === 1 ? user : undefined;
}

/** Constants are inlined into the kernels that use them, unless an op needs them in memory. */
function isInlined(item: Item, kept: ReadonlySet<Value>): boolean {
  const [value] = item.outputs;
  if (!value || fullValueOf(item.op, item.attributes) === undefined || kept.has(value)) return false;
  return value.uses.length > 0 && value.uses.every((use) => use.op.pointwise !== undefined);
}

/** The groups that compute a value, through aliases. */
function sourceGroups(value: Value, groupOf: ReadonlyMap<Item, Group>): Group[] {
  let producer = value.producer;
  while (producer.op.alias) producer = producer.inputs[0]!.producer;
  const group = groupOf.get(producer);
  return group ? [group] : [];
}

function findGroup(
  item: Item,
  context: {
    sources: readonly Group[];
    groupOf: ReadonlyMap<Item, Group>;
    ancestors: AncestorSets;
    kept: ReadonlySet<Value>;
    maxBuffers: number;
  },
): Group | undefined {
  const shape = item.outputs[0]!.shape;
  const candidates = item.inputs.map((value) => context.groupOf.get(value.producer)).filter((group) =>
    group !== undefined
  );
  for (const group of new Set(candidates)) {
    const first = group.items[0]!;
    if (!group.pointwise || first.phase !== item.phase || !sameShape(first.outputs[0]!.shape, shape)) continue;
    // Joining would create a cycle if another input depends on the group's results.
    const blocked = context.sources.some((source) =>
      source !== group && context.ancestors.has(source.index, group.index)
    );
    if (blocked || aliasesInto(item, group, context.groupOf)) continue;
    const { inputs, stored } = boundary([...group.items, item], context.kept);
    if (inputs.length + stored.length <= context.maxBuffers) return group;
  }
  return undefined;
}

/** True if the item reads a result of the group through an alias, which requires it to be stored. */
function aliasesInto(item: Item, group: Group, groupOf: ReadonlyMap<Item, Group>): boolean {
  return item.inputs.some((value) => value.producer.op.alias && sourceGroups(value, groupOf).includes(group));
}

function absorbIntoReductions(
  groups: readonly Group[],
  options: FusionOptions,
): { absorbed: Set<Group>; into: Map<Group, Group> } {
  const absorbed = new Set<Group>();
  const into = new Map<Group, Group>();
  const byItem = new Map(groups.flatMap((group) => group.items.map((item) => [item, group] as const)));
  for (const group of groups) {
    const [item] = group.items;
    if (!item || item.op !== reduceOp) continue;
    const value = item.inputs[0]!;
    const feeder = byItem.get(value.producer);
    if (!feeder?.pointwise || absorbed.has(feeder) || feeder.items[0]!.phase !== item.phase) continue;
    const { inputs, stored } = boundary(feeder.items, options.kept);
    const only = stored.length === 1 && stored[0] === value && value.uses.length === 1 && !options.kept.has(value);
    if (!only || inputs.length + 1 > options.maxBuffers) continue;
    absorbed.add(feeder);
    into.set(group, feeder);
  }
  return { absorbed, into };
}

/**
 * The batch norm that each op applies to what it reads: those whose results nothing needs in memory, because all of
 * their users can do that.
 */
function findNormalized(groups: readonly Group[], options: FusionOptions): Map<Item, Item> {
  const found = new Map<Item, Item>();
  const norms = groups.filter(({ items }) => items.length === 1).map(({ items }) => items[0]!);
  for (const norm of norms) {
    const y = norm.outputs[0]!;
    if (!norm.op.normalizes || options.kept.has(y) || y.shape.length !== 4 || y.shape[3]! % 4 !== 0) continue;
    const applies = (user: Item) => {
      const positions = user.inputs.flatMap((value, i) => value === y ? [i] : []);
      const roots = new Set(user.inputs.map(rootOf));
      return !found.has(user) && positions.length === 1 && user.op.takesNormalized?.includes(positions[0]!) &&
        user.inputs.length + user.outputs.length + STAND_INS + 2 <= options.maxBuffers &&
        !norm.inputs.some((input) => roots.has(rootOf(input)));
    };
    if (y.uses.length > 0 && y.uses.every(applies)) { for (const user of y.uses) found.set(user, norm); }
  }
  return found;
}

function withNormalized(unit: Unit, norm: Item): Unit {
  const [x, scale, shift] = norm.inputs as [Value, Value, Value];
  const position = unit.inputs.indexOf(norm.outputs[0]!);
  const { relu } = norm.op.normalizes!(norm.attributes);
  return { ...unit, inputs: [...unit.inputs.with(position, x), scale, shift], normalized: { position, relu } };
}

/** The epilogue of each op that takes one and whose result nothing else uses. */
function findEpilogues(
  groups: readonly Group[],
  options: FusionOptions & { normalized: ReadonlyMap<Item, Item> },
): Map<Group, Group> {
  const groupOf = new Map(groups.flatMap((group) => group.items.map((item) => [item, group] as const)));
  const found = new Map<Group, Group>();
  for (const chain of groups) {
    if (!chain.pointwise) continue;
    const [first] = chain.items;
    const { inputs, stored } = boundary(chain.items, options.kept);
    const fits = ({ producer, shape, uses }: Value) => {
      const norm = options.normalized.get(producer);
      const buffers = producer.inputs.length + STAND_INS + inputs.length - 1 + stored.length + (norm ? 2 : 0);
      // Overlapping bindings are not allowed, so the chain would need a copy of what the op reads.
      const own = new Set([...producer.inputs, ...norm?.inputs ?? []].map(rootOf));
      return producer.op.takesEpilogue && producer.phase === first!.phase && shape.length === 4 &&
        sameShape(shape, first!.outputs[0]!.shape) && uses.every((use) => groupOf.get(use) === chain) &&
        buffers <= options.maxBuffers && !inputs.some((input) => own.has(rootOf(input)));
    };
    // Of several candidates, take the op created last: the others have been computed by then.
    const value = inputs.filter((input) => !options.kept.has(input) && fits(input))
      .sort((a, b) => b.producer.id - a.producer.id)[0];
    if (value) found.set(groupOf.get(value.producer)!, chain);
  }
  return found;
}

function withEpilogue(item: Item, chain: Group, kept: ReadonlySet<Value>): Unit {
  const result = item.outputs[0]!;
  const { inputs, stored } = boundary(chain.items, kept);
  const others = inputs.filter((value) => value !== result);
  return {
    kind: "op",
    items: [item, ...chain.items],
    inputs: [...item.inputs, ...others],
    outputs: stored,
    expression: toExpression(chain.items, [result, ...others]),
    stored: stored.map((value) => chain.items.indexOf(value.producer)),
  };
}

function toUnit(group: Group, prologue: Group | undefined, kept: ReadonlySet<Value>): Unit {
  const item = group.items.at(-1)!;
  if (group.pointwise) {
    const { inputs, stored } = boundary(group.items, kept);
    const expression = toExpression(group.items, inputs);
    return {
      kind: "pointwise",
      items: group.items,
      inputs,
      outputs: stored,
      expression,
      stored: stored.map((value) => group.items.indexOf(value.producer)),
    };
  }
  if (item.op === reduceOp) {
    const chain = prologue?.items ?? [];
    const inputs = prologue ? boundary(chain, kept).inputs : [...item.inputs];
    const expression = prologue
      ? toExpression(chain, inputs)
      : { shape: inputs[0]!.shape, inputs: [inputs[0]!.shape], steps: [] };
    return { kind: "reduce", items: [...chain, item], inputs, outputs: item.outputs, expression };
  }
  return { kind: item.op.pack ? "pack" : "op", items: [item], inputs: item.inputs, outputs: item.outputs };
}

function toExpression(items: readonly Item[], inputs: readonly Value[]): Expression {
  const steps: Step[] = items.map((item) => ({
    args: item.inputs.map((value): Reference => {
      const step = items.indexOf(value.producer);
      if (step >= 0) return { step };
      const fill = fullValueOf(value.producer.op, value.producer.attributes);
      return fill === undefined ? { input: inputs.indexOf(value) } : { fill };
    }),
    ...(item.op.functions ? { functions: item.op.functions } : {}),
    expression: (args, constant) => item.op.pointwise!(args, { attributes: item.attributes, constant }),
  }));
  return { shape: items[0]!.outputs[0]!.shape, inputs: inputs.map((value) => value.shape), steps };
}

/** The attributes of a reduction unit. */
export function reduceAttributes(unit: Unit): ReduceAttributes {
  return unit.items.at(-1)!.attributes as ReduceAttributes;
}

/** For each group, the set of groups that it depends on, directly or not. */
class AncestorSets {
  readonly #sets: Set<number>[] = [];

  /** Adds a group that depends on `sources` and all of their ancestors. */
  add(sources: readonly number[]): void {
    const set = new Set<number>();
    for (const source of sources) this.#include(set, source);
    this.#sets.push(set);
  }

  has(group: number, ancestor: number): boolean {
    return this.#sets[group]?.has(ancestor) ?? false;
  }

  /** Adds dependencies to an existing group and to everything that depends on it. */
  extend(group: number, sources: readonly number[]): void {
    const set = this.#sets[group]!;
    const before = set.size;
    for (const source of sources) this.#include(set, source);
    if (set.size === before) return;
    for (const other of this.#sets) {
      if (other !== set && other.has(group)) { for (const ancestor of set) other.add(ancestor); }
    }
  }

  #include(set: Set<number>, source: number): void {
    set.add(source);
    for (const ancestor of this.#sets[source] ?? []) set.add(ancestor);
  }
}
