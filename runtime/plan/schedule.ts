/**
 * Orders units topologically, by time of creation, with all readers of a state before the op that changes it.
 *
 * @module
 */
import type { Unit } from "./fusion.ts";
import { rootOf, type Value } from "../graph/graph.ts";
import { type State, stateOf, stateOp } from "../graph/state.ts";

/** The states that a unit changes. */
export function changedStates(unit: Unit): State[] {
  const item = unit.items.at(-1)!;
  return (item.op.mutates ?? []).map((at) => stateOf(item.inputs[at]!.tensor));
}

/**
 * Sorts units.
 *
 * @throws {TypeError} where two units each need the other's state unchanged.
 */
export function orderUnits(units: readonly Unit[]): Unit[] {
  const key = (unit: Unit) => Math.max(...unit.items.map((item) => item.id));
  const sorted = [...units].sort((a, b) => key(a) - key(b));
  const predecessors = dependencies(sorted);
  const followers = new Map<Unit, Unit[]>(sorted.map((unit) => [unit, []]));
  const waiting = new Map<Unit, number>();
  for (const unit of sorted) {
    const before = predecessors.get(unit)!;
    waiting.set(unit, before.size);
    for (const other of before) followers.get(other)!.push(unit);
  }
  const rank = new Map(sorted.map((unit, i) => [unit, i]));
  const ready = sorted.filter((unit) => waiting.get(unit) === 0);
  const order: Unit[] = [];
  while (ready.length) {
    // `ready` stays short (the width of the graph), so a linear search is cheaper than a heap.
    let best = 0;
    ready.forEach((unit, i) => {
      if (rank.get(unit)! < rank.get(ready[best]!)!) best = i;
    });
    const [unit] = ready.splice(best, 1);
    order.push(unit!);
    for (const follower of followers.get(unit!)!) {
      const left = waiting.get(follower)! - 1;
      waiting.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (order.length !== units.length) {
    const stuck = sorted.find((unit) => !order.includes(unit))!;
    throw new TypeError(
      `${
        stuck.items.at(-1)!.op.name
      }() needs a state's old value after another op has changed it: change each state once, last`,
    );
  }
  return order;
}

/** For each unit, those that must run before it; `units` in order of creation. */
export function dependencies(units: readonly Unit[]): Map<Unit, Set<Unit>> {
  const producers = new Map<Value, Unit>();
  for (const unit of units) for (const value of unit.outputs) producers.set(value, unit);
  const result = new Map<Unit, Set<Unit>>(units.map((unit) => [unit, new Set<Unit>()]));
  const readers: { unit: Unit; state: State }[] = [];
  for (const unit of units) {
    for (const value of unit.inputs) {
      const root = rootOf(value);
      const producer = producers.get(root);
      if (producer && producer !== unit) result.get(unit)!.add(producer);
      if (root.producer.op === stateOp) readers.push({ unit, state: stateOf(root.tensor) });
    }
  }
  for (const [index, unit] of units.entries()) {
    for (const changed of changedStates(unit)) {
      for (const { unit: reader, state } of readers) {
        if (reader === unit || !overlap(changed, state)) continue;
        // Of two units that change the same state, the one created first runs first.
        const readerChanges = changedStates(reader).some((other) => overlap(other, changed));
        if (readerChanges && units.indexOf(reader) > index) continue;
        result.get(unit)!.add(reader);
      }
    }
  }
  return result;
}

function overlap(a: State, b: State): boolean {
  return a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}
