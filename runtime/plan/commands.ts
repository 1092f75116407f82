/**
 * Lowers ordered units to GPU commands over slots, pieces of memory that are placed later by the memory plan.
 *
 * @module
 */
import { reduceAttributes, type Unit } from "./fusion.ts";
import { rootOf, type Value } from "../graph/graph.ts";
import type { PlannedSums } from "./column_sums.ts";
import type { Binding, Dispatch, Lowering, Target } from "../kernels/kernel.ts";
import type { ColumnPartials, ColumnSumsRequest } from "../kernels/norm/column_sums.ts";
import { type NamedOperand, storageOperands, texelOperands } from "../kernels/declarations.ts";
import { lowerCopy } from "../kernels/movement/copy.ts";
import { lowerPointwise } from "../kernels/pointwise/pointwise.ts";
import { lowerReduce } from "../kernels/reduce/reduce.ts";
import { constantOp, inputOp } from "../graph/leaf.ts";
import { slabLayout, stateOf, stateOp } from "../graph/state.ts";
import { formatShape, sizeOf } from "../graph/shape.ts";
import type { PackLayout } from "../graph/tensor.ts";

/** A piece of memory. */
export interface Slot {
  bytes: number;
  /** True where its float32 values are stored as float16; see `half_storage.ts`. */
  half?: boolean;
  /** Description for error messages. */
  readonly label: string;
  /** Set for memory outside of the arena: a state, an input or a constant. */
  readonly leaf?: Value;
  /** The slab that it is a part of. */
  inside?: { readonly slot: Slot; readonly offset: number };
}

/** A slot as bound to a kernel, possibly in part. */
export interface Operand {
  readonly slot: Slot;
  readonly first?: number;
  readonly count?: number;
}

/** One dispatch with its operands. */
export interface Command {
  readonly dispatch: Dispatch;
  readonly operands: readonly Operand[];
  /** What it reads as texels. */
  readonly texels?: readonly Operand[];
  readonly unit: Unit;
}

/** Commands, and the slot of every value. */
export interface CommandList {
  readonly commands: readonly Command[];
  slotOf(value: Value): Slot;
}

/** What units are lowered with. */
interface LoweringContext {
  readonly target: Target;
  slotOf(value: Value): Slot;
  /** Column sums that units are to compute for others. */
  readonly sums: ReadonlyMap<Unit, PlannedSums>;
  /** Column sums that have been computed, by the unit that needs them. */
  readonly partials: Map<Unit, { readonly slot: Slot; readonly partials: ColumnPartials }>;
}

/**
 * Lowers units, in order, for a target.
 *
 * @param options.sums See `column_sums.ts`.
 */
export function lowerUnits(
  units: readonly Unit[],
  options: { target: Target; sums?: ReadonlyMap<Unit, PlannedSums> },
): CommandList {
  const { target } = options;
  const slots = new Map<Value, Slot>();
  const slotOf = (value: Value): Slot => {
    const root = rootOf(value);
    let slot = slots.get(root);
    if (!slot) {
      const { op } = root.producer;
      const leaf = op === stateOp || op === inputOp || op === constantOp;
      slot = {
        bytes: sizeOf(root.shape) * 4,
        label: `${labelOf(root)} ${formatShape(root.shape)}`,
        ...(leaf ? { leaf: root } : {}),
      };
      slots.set(root, slot);
    }
    return slot;
  };
  const commands: Command[] = [];
  const context = { slotOf, target, sums: options.sums ?? new Map(), partials: new Map() };
  for (const unit of units) {
    if (unit.kind === "pack") commands.push(...packCommands(unit, slotOf));
    else if (unit.kind === "batch") commands.push(...batchCommands(unit, slotOf));
    else commands.push(...lowerUnit(unit, context));
  }
  return { commands, slotOf };
}

function labelOf(value: Value): string {
  const { op, attributes } = value.producer;
  if (op === stateOp) return `state ${stateOf(value.tensor).name}`;
  return op === inputOp ? `input ${(attributes as { name: string }).name}` : `${op.name}()`;
}

/** Places each input directly in the slab where the plan can choose its memory, and copies the others. */
function packCommands(unit: Unit, slotOf: (value: Value) => Slot): Command[] {
  const slab = slotOf(unit.outputs[0]!);
  const { offsets } = unit.items[0]!.attributes as PackLayout;
  const copies: Command[] = [];
  unit.inputs.forEach((value, i) => {
    const slot = slotOf(value);
    const offset = (offsets[i] ?? 0) * 4;
    if (slot.leaf || slot.inside) copies.push(copyCommand(unit, { from: slot, to: slab, offset }));
    else slot.inside = { slot: slab, offset };
  });
  return copies;
}

/** Places the results in a slab of their own. */
function batchCommands(unit: Unit, slotOf: (value: Value) => Slot): Command[] {
  const layout = slabLayout(unit.outputs.map(({ shape }) => shape));
  const slab: Slot = { bytes: layout.length * 4, label: unitName(unit) };
  unit.outputs.forEach((value, i) => slotOf(value).inside = { slot: slab, offset: layout.offsets[i]! * 4 });
  const { dispatches } = unit.items[0]!.op.batch!.lower(unit.items.map(({ attributes }) => attributes), layout);
  const place = (buffer: Binding): Operand => ({
    slot: "input" in buffer ? slotOf(unit.inputs[buffer.input]!) : slab,
  });
  return dispatches.map((dispatch) => ({
    dispatch,
    operands: storageOperands(dispatch).map(([, { buffer }]) => place(buffer)),
    unit,
  }));
}

function lowerUnit(unit: Unit, context: LoweringContext): Command[] {
  const { slotOf } = context;
  const lowering = loweringOf(unit, context);
  const scratch = (lowering.scratch ?? []).map((count): Slot => ({
    bytes: count * 4,
    label: `scratch of ${unitName(unit)}`,
  }));
  const commands: Command[] = [];
  const bound: Slot[] = [];
  // WebGPU forbids overlapping bindings if one is written: an input that is bound twice is copied for the second
  // binding.
  const sums = context.sums.get(unit);
  const given = context.partials.get(unit);
  const inputs = [...unit.inputs, ...(sums?.others ?? [])].map((value) => {
    const slot = slotOf(value);
    if (slot.leaf || !bound.some((other) => sharesMemory(other, slot))) {
      bound.push(slot);
      return slot;
    }
    const duplicate: Slot = { bytes: slot.bytes, label: `second use of ${slot.label}` };
    commands.push(copyCommand(unit, { from: slot, to: duplicate, offset: 0 }));
    return duplicate;
  });
  if (given) inputs.push(given.slot);
  const outputs = unit.outputs.map(slotOf);
  if (sums && lowering.partials) {
    const slot = partialsSlot(unit, { partials: lowering.partials, output: sums.output });
    outputs.push(slot);
    context.partials.set(sums.reader, { slot, partials: lowering.partials });
  }
  const operand = (binding: Binding): Operand => {
    const slot = "input" in binding
      ? inputs[binding.input]
      : "output" in binding
      ? outputs[binding.output]
      : scratch[binding.scratch];
    if (!slot) throw new TypeError(`${unitName(unit)} binds ${JSON.stringify(binding)}, which it does not have`);
    return {
      slot,
      ...(binding.first !== undefined ? { first: binding.first } : {}),
      ...(binding.count !== undefined ? { count: binding.count } : {}),
    };
  };
  for (const dispatch of lowering.dispatches) {
    const slots = (named: readonly NamedOperand[]) => named.map(([, { buffer }]) => operand(buffer));
    const texels = texelOperands(dispatch);
    commands.push({
      dispatch,
      operands: slots(storageOperands(dispatch)),
      ...(texels.length ? { texels: slots(texels) } : {}),
      unit,
    });
  }
  return commands;
}

/**
 * Copies with a kernel: WebGPU's copy commands do not allow source and destination in the same buffer, and both may
 * lie in the arena.
 */
function copyCommand(unit: Unit, options: { from: Slot; to: Slot; offset: number }): Command {
  const { from, to, offset } = options;
  const count = from.bytes / 4;
  return {
    dispatch: lowerCopy(count),
    operands: [{ slot: from }, { slot: to, first: offset / 4, count }],
    unit,
  };
}

function sharesMemory(a: Slot, b: Slot): boolean {
  return a === b || a.inside?.slot === b || b.inside?.slot === a;
}

/** Room for column sums: three vectors of all channels in each share. */
function partialsSlot(unit: Unit, { partials, output }: { partials: ColumnPartials; output: number }): Slot {
  const channels = unit.outputs[output]!.shape.at(-1)!;
  return { bytes: 3 * partials.shares * channels * 4, label: `column sums of ${unitName(unit)}` };
}

function loweringOf(unit: Unit, context: LoweringContext): Lowering {
  const { target } = context;
  const label = unitName(unit);
  if (unit.kind === "pointwise") {
    return lowerPointwise(unit.expression!, { outputs: unit.stored!, target, label });
  }
  if (unit.kind === "reduce") {
    const { axes, kind, scale } = reduceAttributes(unit);
    return lowerReduce(unit.expression!, { axes, kind, scale, target, label });
  }
  const item = unit.items[0]!;
  const epilogue = unit.expression ? { epilogue: { expression: unit.expression, outputs: unit.stored! } } : {};
  const sums = context.sums.get(unit);
  const given = context.partials.get(unit);
  return item.op.lower!({
    inputs: item.inputs,
    outputs: item.outputs,
    attributes: item.attributes,
    target,
    ...epilogue,
    ...(sums ? { sums: sumsRequest(unit, sums) } : {}),
    ...(unit.normalized ? { normalized: { ...unit.normalized, firstInput: unit.inputs.length - 2 } } : {}),
    ...(given ? { partials: given.partials } : {}),
  });
}

function sumsRequest({ inputs, outputs }: Unit, { kind, relu, output, only }: PlannedSums): ColumnSumsRequest {
  return { kind, relu, output, only, firstInput: inputs.length, to: outputs.length };
}

/** The ops of a unit, for labels: `mul+add+relu`. */
export function unitName(unit: Unit): string {
  const names = unit.items.map((item) => item.op.name);
  return names.length > 6 ? `${names.slice(0, 5).join("+")}+${names.length - 5} more` : names.join("+");
}
