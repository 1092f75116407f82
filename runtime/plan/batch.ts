/**
 * Batches: independent applications of one op that run as a single dispatch, for ops whose work is too small for a
 * dispatch of its own (the masks of dropout).
 *
 * Only ops that depend on nothing but the program's inputs and constants are batched: they can run where the first of
 * them does. Their results lie in one slab, which lives until the last of them has been read; large results are left
 * alone, because they would stay in memory for too long.
 *
 * @module
 */
import { constantOp, inputOp } from "../graph/leaf.ts";
import { type Item, rootOf, type Value } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import type { Unit } from "./fusion.ts";

/** Elements from which a result is computed on its own. */
const LARGE_ELEMENTS = 2 ** 16;

/** The most applications in a batch: the table of a batch is a uniform, of which WebGPU guarantees 64 KiB. */
const MAX_BATCH = 1024;

/** Merges units of ordered `units`, each batch at the place of its first unit. */
export function batchUnits(units: readonly Unit[]): Unit[] {
  const open = new Map<string, Unit[]>();
  const batchOf = new Map<Unit, Unit[]>();
  for (const unit of units) {
    const key = batchKey(unit);
    if (key === undefined) continue;
    let batch = open.get(key);
    if (!batch || batch.length === MAX_BATCH) open.set(key, batch = []);
    batch.push(unit);
    batchOf.set(unit, batch);
  }
  return units.flatMap((unit) => {
    const batch = batchOf.get(unit);
    if (!batch || batch.length === 1) return [unit];
    return batch[0] === unit ? [merged(batch)] : [];
  });
}

/** Equal for units that can run together, undefined for one that runs alone. */
function batchKey({ kind, items, inputs, outputs }: Unit): string | undefined {
  const [item] = items as [Item];
  const key = kind === "op" && items.length === 1 ? item.op.batch?.key(item.attributes) : undefined;
  if (key === undefined || sizeOf(outputs[0]!.shape) >= LARGE_ELEMENTS || !inputs.every(isConstant)) return undefined;
  return [item.op.name, key, ...inputs.map(({ id }) => id)].join("|");
}

/** True for what does not change during a run. */
function isConstant(value: Value): boolean {
  const { op } = rootOf(value).producer;
  return op === inputOp || op === constantOp;
}

function merged(batch: readonly Unit[]): Unit {
  return {
    kind: "batch",
    items: batch.flatMap(({ items }) => items),
    inputs: batch[0]!.inputs,
    outputs: batch.flatMap(({ outputs }) => outputs),
  };
}
