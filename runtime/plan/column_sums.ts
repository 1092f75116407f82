/**
 * Decides which units compute the column sums that batch norm begins with; see `kernels/norm/column_sums.ts`.
 *
 * The unit that makes a feature map can sum it up before it stores it if whatever else the sums need has been computed
 * by then. Whether its kernel does is up to the lowering: where it does not, the sums are a pass of their own.
 *
 * @module
 */
import type { Unit } from "./fusion.ts";
import { rootOf, type Value } from "../graph/graph.ts";
import type { ColumnSums } from "../kernels/norm/column_sums.ts";

/** Column sums that a unit is to compute for another one. */
export interface PlannedSums extends ColumnSums {
  /** The unit that needs them. */
  readonly reader: Unit;
  /** The output of the computing unit that is summed over. */
  readonly output: number;
  /** Values that the sums need besides. */
  readonly others: readonly Value[];
  /** True if the value summed over is the unit's only result, and needed for nothing else. */
  readonly only: boolean;
}

/** Buffers of a kernel besides its unit's inputs and outputs: a placeholder for a missing bias, and the sums. */
const FURTHER_BUFFERS = 2;

/**
 * The sums that units of ordered `units` are to compute: at most one set for each unit.
 *
 * @param options.kept Values that are read from outside of the program.
 */
export function planColumnSums(
  units: readonly Unit[],
  options: { maxBuffers: number; kept: ReadonlySet<Value> },
): Map<Unit, PlannedSums> {
  const made = new Map<Value, { unit: Unit; at: number }>();
  units.forEach((unit, at) => unit.outputs.forEach((value) => made.set(value, { unit, at })));
  const planned = new Map<Unit, PlannedSums>();
  for (const reader of units) {
    const [item] = reader.items;
    const sums = reader.kind === "op" && reader.items.length === 1
      ? item!.op.columnSums?.(item!.attributes)
      : undefined;
    if (!sums) continue;
    const value = reader.inputs[sums.of]!;
    const maker = made.get(value);
    if (!maker || maker.unit.kind !== "op" || !maker.unit.items[0]!.op.takesEpilogue || planned.has(maker.unit)) {
      continue;
    }
    const others = sums.others.map((position) => reader.inputs[position]!);
    const known = others.every((other) => (made.get(rootOf(other))?.at ?? -1) < maker.at);
    // Overlapping bindings are not allowed.
    const bound = new Set(maker.unit.inputs.map(rootOf));
    const buffers = maker.unit.inputs.length + maker.unit.outputs.length + others.length + FURTHER_BUFFERS;
    if (!known || others.some((other) => bound.has(rootOf(other))) || buffers > options.maxBuffers) continue;
    const { kind, relu } = sums;
    const only = maker.unit.items.length === 1 && value.uses.length === 1 && !options.kept.has(value);
    planned.set(maker.unit, { kind, relu, reader, output: maker.unit.outputs.indexOf(value), others, only });
  }
  return planned;
}
