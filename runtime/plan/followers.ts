/**
 * Lets several chains of pointwise ops that read one result follow the op that makes it.
 *
 * @module
 */
import type { Item, Value } from "../graph/graph.ts";
import { sameShape } from "../graph/shape.ts";
import { boundary, type Group, STAND_INS } from "./groups.ts";

/**
 * Merges the pointwise groups that alone read the result of an op which takes an epilogue, so that they become its
 * epilogue together, and the result need not be stored.
 */
export function mergeFollowers(
  groups: readonly Group[],
  options: { kept: ReadonlySet<Value>; maxBuffers: number },
): Group[] {
  const groupOf = new Map(groups.flatMap((group) => group.items.map((item) => [item, group] as const)));
  const left = new Set(groups);
  for (const { items: [item] } of groups) {
    const [value] = item!.outputs;
    if (!item!.op.takesEpilogue || !value || options.kept.has(value)) continue;
    const followers = [...new Set(value.uses.map((use) => groupOf.get(use)))];
    const fits = (group: Group | undefined) =>
      group?.pointwise && group.items[0]!.phase === item!.phase &&
      sameShape(group.items[0]!.outputs[0]!.shape, value.shape);
    if (followers.length < 2 || !followers.every(fits)) continue;
    const merged = followers.flatMap((group) => group!.items).sort((x, y) => x.id - y.id);
    const { inputs, stored } = boundary(merged, options.kept);
    if (inputs.length + item!.inputs.length + STAND_INS + stored.length > options.maxBuffers) continue;
    if (dependOnEachOther(new Set(followers as Group[]), groupOf)) continue;
    const [first, ...rest] = followers as Group[];
    first!.items.splice(0, first!.items.length, ...merged);
    for (const other of rest) {
      left.delete(other);
      for (const each of other.items) groupOf.set(each, first!);
    }
  }
  return [...left];
}

/** True if what the groups compute comes back to one of them through others. */
function dependOnEachOther(members: ReadonlySet<Group>, groupOf: ReadonlyMap<Item, Group>): boolean {
  const usersOf = (items: readonly Item[]) => items.flatMap(({ outputs }) => outputs.flatMap(({ uses }) => uses));
  const isMember = (item: Item) => members.has(groupOf.get(item)!);
  const seen = new Set<Item>();
  const waiting = usersOf([...members].flatMap(({ items }) => items)).filter((use) => !isMember(use));
  while (waiting.length) {
    const item = waiting.pop()!;
    if (isMember(item)) return true;
    if (seen.has(item)) continue;
    const together = groupOf.get(item)?.items ?? [item];
    for (const each of together) seen.add(each);
    waiting.push(...usersOf(together).filter((use) => !together.includes(use)));
  }
  return false;
}
