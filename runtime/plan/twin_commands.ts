/**
 * Pairs small dispatches that differ in their buffers only, such as those of two views' batch norms, so that both run
 * as one: half of the workgroups bind the one's buffers, half the other's. Each computes what it did alone, bit for
 * bit.
 *
 * @module
 */
import type { Command, Operand, Slot } from "./commands.ts";
import { storageOperands, TWIN } from "../kernels/declarations.ts";
import { type Dispatch, gridFor, type Operands } from "../kernels/kernel.ts";
import { type State, stateOf, stateOp } from "../graph/state.ts";

/** A dispatch of more workgroups fills a GPU by itself; what it gains is less than what the choice of buffers costs. */
const MOST_WORKGROUPS = 256;
/** How far apart two commands may be. */
const REACH = 8;

/**
 * Pairs commands, in order.
 *
 * @param options.maxBuffers Most storage buffers of a dispatch.
 */
export function pairTwins(commands: readonly Command[], options: { maxBuffers: number }): Command[] {
  const list = [...commands];
  for (let i = 0; i < list.length; i++) {
    const first = list[i]!;
    if (!canPair(first, options.maxBuffers)) continue;
    for (let j = i + 1; j < Math.min(list.length, i + 1 + REACH); j++) {
      const second = list[j]!;
      if (!isTwin(first, second) || !apart(first, second)) continue;
      const between = list.slice(i + 1, j);
      if (between.every((other) => !conflict(second, other))) {
        list.splice(j, 1);
        list[i] = paired(first, second);
      } else if (between.every((other) => !conflict(first, other))) {
        list[j] = paired(first, second);
        list.splice(i, 1);
        i--;
      } else continue;
      break;
    }
  }
  return list;
}

function workgroups({ grid }: Dispatch): number {
  return grid[0] * grid[1] * grid[2];
}

function canPair({ dispatch, operands, texels }: Command, maxBuffers: number): boolean {
  return !texels && !dispatch.tile && !dispatch.half && !dispatch.twins && workgroups(dispatch) <= MOST_WORKGROUPS &&
    2 * operands.length <= maxBuffers && storageOperands(dispatch).every(([, { raw }]) => !raw);
}

/** True if two commands differ in their buffers only. */
function isTwin({ dispatch: a, texels }: Command, { dispatch: b, texels: others }: Command): boolean {
  return a.kernel === b.kernel && a.code === b.code && a.lanes === b.lanes && !texels && !others &&
    JSON.stringify([a.grid, a.values, a.uniforms, shapesOf(a.operands)]) ===
      JSON.stringify([b.grid, b.values, b.uniforms, shapesOf(b.operands)]);
}

function shapesOf(operands: Operands) {
  return Object.entries(operands).map(([name, { access, type, raw = false }]) => [name, access, type, raw]);
}

function paired(first: Command, second: Command): Command {
  return {
    unit: first.unit,
    dispatch: twinDispatch(first.dispatch, second.dispatch),
    operands: [...first.operands, ...second.operands],
  };
}

/** Two dispatches of one kernel as one; see {@linkcode Dispatch.twins}. */
export function twinDispatch(first: Dispatch, second: Dispatch): Dispatch {
  const groups = workgroups(first);
  const twins = Object.entries(second.operands).map(([name, operand]) => [`${name}${TWIN}`, operand] as const);
  const { flops, bytes, ...rest } = first;
  return {
    ...rest,
    kernel: `${first.kernel}-twins`,
    twins: true,
    uniforms: { ...first.uniforms, twin_groups: groups },
    operands: { ...first.operands, ...Object.fromEntries(twins) },
    grid: gridFor(2 * groups),
    ...(flops === undefined ? {} : { flops: 2 * flops }),
    ...(bytes === undefined ? {} : { bytes: 2 * bytes }),
  };
}

/** True if no buffer of one command is one of the other: bindings must not overlap. */
function apart(a: Command, b: Command): boolean {
  return touches(a).every(({ place }) => touches(b).every((other) => !overlap(place, other.place)));
}

/** True if the order of two commands matters. */
function conflict(a: Command, b: Command): boolean {
  return touches(a).some((one) =>
    touches(b).some((other) => (one.writes || other.writes) && overlap(one.place, other.place))
  );
}

/** A range of bytes of a slot, or of a state's buffer. */
interface Place {
  readonly of: Slot | GPUBuffer;
  readonly begin: number;
  readonly end: number;
}

interface Touch {
  readonly place: Place;
  readonly writes: boolean;
}

function touches({ dispatch, operands, texels = [] }: Command): Touch[] {
  const named = storageOperands(dispatch);
  return [
    ...operands.map((operand, i) => ({ place: placeOf(operand), writes: named[i]![1].access !== "read" })),
    ...texels.map((operand) => ({ place: placeOf(operand), writes: false })),
  ];
}

/** Where an operand lies; of a part of a slot its whole slot, because sizes may still change. */
function placeOf({ slot }: Operand): Place {
  const state = slot.leaf?.producer.op === stateOp ? stateOf(slot.leaf.tensor) : undefined;
  if (state) return placeOfState(state);
  if (!slot.inside) return { of: slot, begin: 0, end: Infinity };
  return { of: slot.inside.slot, begin: slot.inside.offset, end: slot.inside.offset + slot.bytes };
}

function placeOfState({ buffer, offset, size }: State): Place {
  return { of: buffer, begin: 4 * offset, end: 4 * (offset + size) };
}

function overlap(a: Place, b: Place): boolean {
  return a.of === b.of && a.begin < b.end && b.begin < a.end;
}
