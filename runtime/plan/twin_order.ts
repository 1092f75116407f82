/**
 * Orders the work of several views in lockstep: what two encoders do alike, layer by layer, stands side by side, so
 * that small dispatches can run as one (`twin_commands.ts`), and several are there for a GPU to overlap.
 *
 * Twins are units that compute alike from inputs that are computed alike, down to the leaves. Each unit is followed by
 * its twins. All that a twin needs has a twin among what the unit needed, and so has been computed by then; results
 * live no longer than before, but those of two views live at the same time.
 *
 * @module
 */
import type { Unit } from "./fusion.ts";
import { rootOf, type Value } from "../graph/graph.ts";
import { dependencies } from "./schedule.ts";

/** More units than this that compute alike are no views. */
const MOST_TWINS = 8;

/** Moves each of the ordered `units` behind the first of its twins. */
export function alignTwins(units: readonly Unit[]): Unit[] {
  const rank = new Map(units.map((unit, i) => [unit, i]));
  const needed = dependencies(units);
  // What is made of leaves alone is made when it is needed.
  const made = new Set(units.flatMap(({ outputs }) => outputs));
  const inner = units.filter(({ inputs }) => inputs.some((value) => made.has(rootOf(value))));
  const twins = Map.groupBy(inner, signatures(units));
  const placed = new Set<Unit>();
  const place = (unit: Unit) => {
    if (placed.has(unit)) return;
    const before = [...needed.get(unit)!].filter((other) => !placed.has(other));
    for (const other of before.sort((a, b) => rank.get(a)! - rank.get(b)!)) place(other);
    placed.add(unit);
  };
  const groupOf = new Map([...twins.values()].flatMap((group) => group.map((unit) => [unit, group])));
  for (const unit of units) {
    place(unit);
    const group = groupOf.get(unit) ?? [];
    if (group.length <= MOST_TWINS) group.forEach(place);
  }
  return [...placed];
}

/** A function that gives equal numbers for twins only. */
function signatures(units: readonly Unit[]): (unit: Unit) => number {
  const numbers = new Map<string, number>();
  const made = new Map<Value, number>();
  const of = new Map<Unit, number>();
  for (const unit of units) {
    const inputs = unit.inputs.map((value) => {
      const root = rootOf(value);
      return `${made.get(root) ?? root.producer.op.name}[${value.shape}]`;
    });
    const ops = unit.items.map(({ op }) => op.name);
    const key = [unit.kind, ...ops, ...inputs, "->", ...unit.outputs.map(({ shape }) => `[${shape}]`)].join(" ");
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, number = numbers.size);
    of.set(unit, number);
    for (const value of unit.outputs) made.set(value, number);
  }
  return (unit) => of.get(unit)!;
}
