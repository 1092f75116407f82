/**
 * Checks for non-finite values: a program compiled with `checkNumerics` checks its inputs and states first and every
 * op's results right after it, and records the first NaN or infinity.
 *
 * @module
 */
import type { Command, CommandList, Operand, Slot } from "../plan/commands.ts";
import { NonFiniteError } from "../device/errors.ts";
import type { Unit } from "../plan/fusion.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { lowerFiniteCheck, lowerFiniteRecord, RECORD_WORDS } from "../kernels/numerics/finite.ts";
import { inputOp } from "../graph/leaf.ts";
import { type State, stateOf, stateOp } from "../graph/state.ts";
import { changedStates } from "../plan/schedule.ts";
import { formatShape, type Shape } from "../graph/shape.ts";

/** One value that is checked. */
export interface WatchedValue {
  readonly kind: "input" | "state" | "result" | "change";
  /** The op that computed it, or `input` or `state`. */
  readonly op: string;
  /** Name of the input or state. */
  readonly name?: string;
  readonly shape: Shape;
  /** Where the op was applied. */
  readonly site?: string;
}

/** A program's commands with checks inserted. */
export interface Watch {
  readonly commands: readonly Command[];
  /** Two words per check, which must be zero at the start of a run. */
  readonly found: Slot;
  /** See {@link nonFiniteError}. */
  readonly record: Slot;
  /** In the order of the checks. */
  readonly values: readonly WatchedValue[];
}

/** Inserts checks between the commands of an unfused graph. */
export function watchNumerics(list: CommandList, graph: Graph): Watch {
  const watching = new Watching(list);
  for (const item of graph.items) {
    const [value] = item.outputs;
    if (!value || value.uses.length === 0) continue;
    if (item.op === inputOp) watching.input(value);
    if (item.op === stateOp) watching.state(value);
  }
  list.commands.forEach((command, i) => {
    watching.commands.push(command);
    if (list.commands[i + 1]?.unit !== command.unit) watching.results(command.unit);
  });
  return watching.finish();
}

class Watching {
  readonly commands: Command[] = [];
  readonly #values: WatchedValue[] = [];
  readonly #seen = new Set<State>();
  readonly #found: { -readonly [K in keyof Slot]: Slot[K] } = { bytes: 0, label: "numerical checks" };

  constructor(private readonly list: CommandList) {}

  input(value: Value): void {
    if (value.dtype !== "f32") return;
    const { name } = value.producer.attributes as { name: string };
    const operand = { slot: this.list.slotOf(value), count: value.tensor.size };
    this.#check(leafUnit(value), operand, { kind: "input", op: "input", name, shape: value.shape });
  }

  state(value: Value): void {
    for (const [state, operand] of this.#parts(value)) {
      if (this.#seen.has(state)) continue;
      this.#seen.add(state);
      this.#check(leafUnit(value), operand, { kind: "state", op: "state", name: state.name, shape: state.shape });
    }
  }

  results(unit: Unit): void {
    const item = unit.items.at(-1)!;
    const { op: { name: op }, site } = item;
    const made = { op, ...(site === undefined ? {} : { site }) };
    // The tensors of a slab are checked one by one; the padding between them is undefined.
    for (const value of unit.kind === "pack" ? [] : unit.outputs) {
      if (value.dtype !== "f32") continue;
      const operand = { slot: this.list.slotOf(value), count: value.tensor.size };
      this.#check(unit, operand, { kind: "result", shape: value.shape, ...made });
    }
    for (const at of changedStates(unit).length ? item.op.mutates! : []) {
      for (const [state, operand] of this.#parts(item.inputs[at]!)) {
        this.#check(unit, operand, { kind: "change", name: state.name, shape: state.shape, ...made });
      }
    }
  }

  finish(): Watch {
    this.#found.bytes = Math.max(1, this.#values.length) * 8;
    const record: Slot = { bytes: RECORD_WORDS * 4, label: "numerical record" };
    const last = this.commands.at(-1);
    if (last) {
      const dispatch = lowerFiniteRecord({ checks: this.#values.length });
      this.commands.push({ dispatch, operands: [{ slot: this.#found }, { slot: record }], unit: last.unit });
    }
    return { commands: this.commands, found: this.#found, record, values: this.#values };
  }

  /** The tensors of a state: itself, or those in a slab. */
  #parts(value: Value): [State, Operand & { count: number }][] {
    const state = stateOf(value.tensor);
    const slot = this.list.slotOf(value);
    const parts = state.parts.length ? state.parts : [state];
    return parts.filter(({ dtype }) => dtype === "f32")
      .map((part) => [part, { slot, first: part.offset - state.offset, count: part.size }]);
  }

  #check(unit: Unit, operand: Operand & { count: number }, value: WatchedValue): void {
    // An infinite input may be intended, for example as a limit that never applies.
    const nanOnly = value.kind === "input";
    const dispatch = lowerFiniteCheck({ count: operand.count, check: this.#values.length, nanOnly });
    this.#values.push(value);
    this.commands.push({ dispatch, operands: [operand, { slot: this.#found }], unit });
  }
}

function leafUnit(value: Value): Unit {
  return { kind: "op", items: [value.producer], inputs: [], outputs: [value] };
}

/**
 * Decodes a record.
 *
 * @param record {@link RECORD_WORDS} words, see `finite_record.wgsl`.
 * @returns `undefined` where everything was finite.
 */
export function nonFiniteError(
  record: Uint32Array,
  options: { program: string; values: readonly WatchedValue[] },
): NonFiniteError | undefined {
  const value = options.values[record[4]! - 1];
  if (!value) return undefined;
  // The upper half of the step number is that of a part of the batch.
  const [step, part] = [record[2]!, record[3]!];
  const { op, kind, shape, site } = value;
  const what = record[6] ? "NaN" : "infinite";
  const place = shape.length ? ` at ${formatShape(coordinatesOf(record[5]!, shape))} of ${formatShape(shape)}` : "";
  const where = site === undefined ? "" : `, applied at ${site},`;
  const subject = {
    input: `input ${value.name} is ${what}${place}`,
    state: `state ${value.name} is ${what}${place} before anything is computed`,
    result: `${op}()${where} gave ${what}${place}; all that was computed before it is finite`,
    change: `${op}()${where} made state ${value.name} ${what}${place}; all that was computed before it is finite`,
  }[kind];
  return new NonFiniteError(
    op,
    step,
    `step ${step}${part > 0 ? `, part ${part} of its batch,` : ""} of program ${options.program}: ${subject}`,
    {
      shape,
      ...(site === undefined ? {} : { site }),
    },
  );
}

function coordinatesOf(index: number, shape: Shape): number[] {
  const coordinates: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    coordinates.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return coordinates;
}
