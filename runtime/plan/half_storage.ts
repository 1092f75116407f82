/**
 * Precision `f16`: chooses which values of a program are stored as float16. All arithmetic is float32; values are
 * rounded once, when they are stored.
 *
 * Large values that depend on the program's inputs are stored as float16: feature maps and their gradients. These
 * stay float32: inputs, outputs, metrics and constants; states (parameters, moments, running statistics) and what
 * depends on them alone; gradients of parameters, in or out of a slab; scratch buffers, to preserve the precision of
 * partial sums; and buffers that a kernel binds without accessors.
 *
 * @module
 */
import type { Command, Operand, Slot } from "./commands.ts";
import { type Graph, type Item, rootOf, type Value } from "../graph/graph.ts";
import { storageOperands } from "../kernels/declarations.ts";
import { constantOp } from "../graph/leaf.ts";
import { stateOp } from "../graph/state.ts";
import { sizeOf } from "../graph/shape.ts";

/** How a program stores large values. */
export const PRECISIONS = ["f32", "f16"] as const;
/** One of {@linkcode PRECISIONS}. */
export type Precision = (typeof PRECISIONS)[number];

/** Smaller values stay float32: they take little memory and include latents, statistics and losses. */
const MIN_HALF_ELEMENTS = 4096;

/** Axes of an image or a feature map. */
const MIN_AXES = 4;

/** Bytes of an element of a slot. */
export function elementBytes(slot: Slot): number {
  return slot.half ? 2 : 4;
}

/** Marks the slots to store as float16, which halves their size. Must run before memory is planned. */
export function storeHalves(
  commands: readonly Command[],
  options: { graph: Graph; kept: ReadonlySet<Value>; slotOf: (value: Value) => Slot },
): void {
  const { graph, slotOf } = options;
  const kept = new Set([...options.kept].map(rootOf));
  const refused = slotsThatMustStay(commands);
  for (const value of featureItems(graph).flatMap((item) => item.outputs)) {
    const large = value.shape.length >= MIN_AXES && sizeOf(value.shape) >= MIN_HALF_ELEMENTS;
    if (!large || value.dtype !== "f32" || rootOf(value) !== value || kept.has(value)) continue;
    const slot = slotOf(value);
    if (slot.half || slot.leaf || slot.inside || refused.has(slot)) continue;
    slot.half = true;
    slot.bytes /= 2;
  }
}

/** The items that depend on inputs or random numbers, and on no gradient of a parameter. */
function featureItems(graph: Graph): Item[] {
  const varying = new Set<Item>();
  const wide = new Set<Item>();
  for (const item of graph.items) {
    const { op, inputs } = item;
    const producers = inputs.map(({ producer }) => producer);
    if (op.wide || producers.some((producer) => wide.has(producer))) wide.add(item);
    const isLeaf = op === stateOp || op === constantOp;
    const varies = inputs.length > 0 ? producers.some((producer) => varying.has(producer)) : !isLeaf;
    if (varies) varying.add(item);
  }
  return [...varying.difference(wide)];
}

/** Slots that some dispatch binds in part or without accessors, and slabs. */
function slotsThatMustStay(commands: readonly Command[]): Set<Slot> {
  const found = new Set<Slot>();
  const check = ({ slot, first }: Operand, isRaw = false) => {
    if (slot.inside) found.add(slot.inside.slot);
    if (first || isRaw) found.add(slot);
  };
  for (const { dispatch, operands, texels = [] } of commands) {
    const named = storageOperands(dispatch);
    operands.forEach((operand, i) => check(operand, named[i]![1].raw));
    for (const operand of texels) check(operand);
  }
  return found;
}
