/**
 * Plans everything about a program that is known without a device: commands, memory, and the places of inputs and
 * outputs.
 *
 * @module
 */
import { type Command, lowerUnits, type Operand, type Slot } from "./commands.ts";
import { planColumnSums } from "./column_sums.ts";
import { OutOfMemoryError } from "../device/errors.ts";
import { batchUnits } from "./batch.ts";
import { fuse } from "./fusion.ts";
import { buildGraph, type Graph, type Value } from "../graph/graph.ts";
import { storageOperands, uniformsOf } from "../kernels/declarations.ts";
import { elementBytes, type Precision, storeHalves } from "./half_storage.ts";
import type { Target } from "../kernels/kernel.ts";
import { constantData, constantOp, inputOp } from "../graph/leaf.ts";
import { stateOf, stateOp } from "../graph/state.ts";
import { ALIGNMENT, type Interval, planMemory } from "./memory_plan.ts";
import { type WatchedValue, watchNumerics } from "../program/numerics.ts";
import { repeatCheap } from "./recompute.ts";
import { orderUnits } from "./schedule.ts";
import { Region } from "./region.ts";
import { alignTwins } from "./twin_order.ts";
import { pairTwins } from "./twin_commands.ts";
import { planTexels, type TexelPlacement, type TexelUse } from "./texel_plan.ts";
import { texelBytes, texelRows } from "../kernels/texels.ts";
import type { Node, Tensor } from "../graph/tensor.ts";
import type { DType, Shape } from "../graph/shape.ts";

/** Memory of a program in bytes. */
export interface ProgramMemory {
  /** Arena: activations, gradients and scratch. */
  readonly arena: number;
  /** Peak number of live bytes in the arena: a lower bound of its size. */
  readonly lowerBound: number;
  /** Bytes that the arena's tensors would take without sharing memory. */
  readonly unshared: number;
  /** Inputs, constants, uniforms, the metrics ring and the texture that texels are read from. */
  readonly fixed: number;
}

/** A place in memory: in the program's n-th buffer, or in an external buffer. */
export interface PlannedBuffer {
  readonly buffer: number;
  readonly external?: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** A binding of a dispatch. */
export interface PlannedBinding extends PlannedBuffer {
  readonly label: string;
  /** True where it holds float16. */
  readonly half: boolean;
}

/** A dispatch with all addresses known. */
export interface PlannedCommand {
  readonly command: Command;
  readonly bindings: readonly PlannedBinding[];
  readonly uniforms?: PlannedBuffer;
  /** Operands that it reads from the texture, and whether each is copied there before the dispatch. */
  readonly texels?: readonly (PlannedBinding & TexelPlacement)[];
}

/** A command whose buffers have addresses. */
interface BoundCommand {
  readonly command: Command;
  readonly bindings: readonly PlannedBinding[];
  readonly texels: readonly PlannedBinding[];
}

/** A buffer to allocate. */
export interface BufferRequest {
  readonly label: string;
  readonly bytes: number;
  readonly role: "arena" | "inputs" | "constants" | "uniforms" | "ring";
  /** Initial contents. */
  readonly data?: Uint8Array;
}

/** A planned program. */
export interface ProgramPlan {
  readonly requests: readonly BufferRequest[];
  readonly commands: readonly PlannedCommand[];
  readonly inputs: ReadonlyMap<string, { buffer: PlannedBuffer; shape: Shape; dtype: DType }>;
  /** Names of all declared inputs, including unused ones. */
  readonly declared: ReadonlySet<string>;
  readonly outputs: ReadonlyMap<string, PlannedBuffer>;
  readonly metrics: ReadonlyMap<string, PlannedBuffer>;
  readonly ring: number | undefined;
  readonly ringCapacity: number;
  readonly memory: ProgramMemory;
  /** Every distinct binding, for checks against the adapter's limits. */
  readonly bindings: readonly PlannedBinding[];
  /**
   * Rows of the texture that dispatches read texels from, 0 where none does, and of that of float16; see `texels.ts`.
   */
  readonly texelRows: number;
  readonly halfTexelRows: number;
  /** Where numeric checks store their findings, for programs that have them. */
  readonly watch?: PlannedWatch;
}

/** See `numerics.ts`. */
export interface PlannedWatch {
  readonly found: PlannedBuffer;
  readonly record: PlannedBuffer;
  readonly values: readonly WatchedValue[];
}

/** What a program is to compute. */
export interface ProgramRequest {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly metrics: ReadonlyMap<string, Tensor>;
  readonly effects: readonly Node[];
  readonly ringCapacity: number;
  /** Names of all inputs that were declared. */
  readonly declared: ReadonlySet<string>;
}

/** What a program is planned for. */
export interface PlanOptions {
  readonly target: Target;
  readonly maxBufferBytes: number;
  /** Look for NaN and infinity in every op's results. */
  readonly checkNumerics?: boolean;
  /**
   * Size in bytes from which cheap results are recomputed for the backward pass instead of kept; see `recompute.ts`.
   */
  readonly recomputeBytes?: number;
  /** How large values are stored; see `half_storage.ts`. */
  readonly precision?: Precision;
}

/**
 * Plans a program: graph, fusion, order, lowering, memory.
 *
 * @throws {OutOfMemoryError} naming the tensor that fits in no buffer.
 */
export function planProgram(request: ProgramRequest, options: PlanOptions): ProgramPlan {
  const wanted = [...request.outputs.values(), ...request.metrics.values()];
  for (const [name, tensor] of request.metrics) {
    if (tensor.size !== 1) throw new RangeError(`metric ${name} must be a scalar, got ${tensor.size} elements`);
  }
  const separate = options.checkNumerics ?? false;
  const wantedOf = (made: Graph) => new Set(wanted.map((tensor) => made.valueOf(tensor)));
  const whole = buildGraph(wanted, request.effects);
  const onGpu = options.target.profile === "gpu";
  // One binding is reserved for the uniforms, although most adapters count them separately.
  const maxBuffers = options.target.maxStorageBuffers - 1;
  const graph = separate ? whole : repeatCheap(whole, { wantedOf, onGpu, bytes: options.recomputeBytes, maxBuffers });
  const kept = wantedOf(graph);
  const ordered = orderUnits(
    fuse(graph, { kept, maxBuffers, separate, normalizesInputs: onGpu }),
  );
  const batched = separate ? ordered : batchUnits(ordered);
  const units = onGpu && !separate ? alignTwins(batched) : batched;
  const sums = separate ? new Map() : planColumnSums(units, { maxBuffers, kept });
  const list = lowerUnits(units, { target: options.target, sums });
  const watch = options.checkNumerics ? watchNumerics(list, graph) : undefined;
  const commandList = watch?.commands ?? (onGpu ? pairTwins(list.commands, { maxBuffers }) : list.commands);
  if (options.precision === "f16") storeHalves(commandList, { graph, kept, slotOf: list.slotOf });
  const layout = new Layout(options.maxBufferBytes);
  layout.placeArena(slotLives(commandList, {
    kept: [...kept].map((value) => list.slotOf(value)),
    pinned: watch ? [watch.found, watch.record] : [],
  }));
  layout.placeLeaves(graph, list.slotOf);
  const bound = commandList.map((command) => layout.bind(command));
  const texels = planTexels(bound.map(texelUse));
  const commands = bound.map((command, i) => layout.command(command, texels.placements[i]!));
  const place = (tensors: ReadonlyMap<string, Tensor>) =>
    new Map([...tensors].map(([name, tensor]) => [name, layout.place(list.slotOf(graph.valueOf(tensor)))]));
  return layout.finish({
    commands,
    outputs: place(request.outputs),
    metrics: place(request.metrics),
    capacity: request.ringCapacity,
    texelRows: textureRows(bound, texels.placements),
    declared: request.declared,
    ...(watch
      ? { watch: { found: layout.place(watch.found), record: layout.place(watch.record), values: watch.values } }
      : {}),
  });
}

/**
 * The live range of each arena slot; uses of a slab's parts count as uses of the slab.
 *
 * @param options.kept Slots that are read after a run.
 * @param options.pinned Slots whose contents persist between runs.
 */
function slotLives(
  commands: readonly Command[],
  options: { kept: readonly Slot[]; pinned: readonly Slot[] },
): Map<Slot, Interval> {
  const lives = new Map<Slot, Interval>();
  const touch = (slot: Slot, at: number) => {
    const whole = slot.inside?.slot ?? slot;
    if (whole.leaf) return;
    const known = lives.get(whole);
    lives.set(whole, {
      bytes: whole.bytes,
      first: Math.min(known?.first ?? at, at),
      last: Math.max(known?.last ?? at, at),
    });
  };
  commands.forEach((command, at) => {
    for (const { slot } of [...command.operands, ...(command.texels ?? [])]) touch(slot, at);
  });
  for (const slot of options.pinned) touch(slot, 0);
  for (const slot of [...options.kept, ...options.pinned]) touch(slot, commands.length);
  return lives;
}

/** The texels that a command reads, and the memory that it writes, which invalidates texels. */
function texelUse({ command, bindings, texels }: BoundCommand): TexelUse {
  const range = ({ external, buffer, offset, bytes }: PlannedBuffer) => ({ buffer: external ?? buffer, offset, bytes });
  const operands = storageOperands(command.dispatch);
  return {
    reads: texels.map((binding, i) => ({ ...range(binding), rows: rowsOf(binding, command.texels![i]!) })),
    writes: bindings.filter((_, i) => operands[i]![1].access !== "read").map(range),
  };
}

function rowsOf({ bytes }: PlannedBinding, { slot }: Operand): number {
  return texelRows(bytes / elementBytes(slot));
}

/** Rows of the texture of float32 and of that of float16. */
interface TextureRows {
  readonly full: number;
  readonly half: number;
}

/** Operands of both types share one plan: each texture ends after the last operand of its type. */
function textureRows(
  commands: readonly BoundCommand[],
  placements: readonly (readonly TexelPlacement[])[],
): TextureRows {
  const rows = { full: 0, half: 0 };
  commands.forEach(({ command, texels }, at) =>
    texels.forEach((binding, i) => {
      const operand = command.texels![i]!;
      const kind = operand.slot.half ? "half" : "full";
      rows[kind] = Math.max(rows[kind], placements[at]![i]!.row + rowsOf(binding, operand));
    })
  );
  return rows;
}

/** Assigns addresses. */
class Layout {
  readonly #requests: BufferRequest[] = [];
  readonly #places = new Map<Slot, PlannedBuffer>();
  readonly #inputs = new Map<string, { buffer: PlannedBuffer; shape: Shape; dtype: DType }>();
  readonly #uniforms = new Region();
  readonly #bindings: PlannedBinding[] = [];
  #memory = { arena: 0, lowerBound: 0, unshared: 0, fixed: 0 };
  #uniformBuffer = -1;

  constructor(private readonly maxBufferBytes: number) {}

  placeArena(lives: ReadonlyMap<Slot, Interval>): void {
    const slots = [...lives.keys()];
    const most = this.maxBufferBytes;
    for (const { bytes, label } of slots) {
      if (Math.ceil(bytes / ALIGNMENT) * ALIGNMENT > most) {
        throw new OutOfMemoryError(
          bytes,
          most,
          `${label} takes ${bytes} bytes, but a buffer of this adapter has at most ${most}: use a smaller batch`,
        );
      }
    }
    const plan = planMemory(slots.map((slot) => lives.get(slot)!), { maxArenaBytes: this.maxBufferBytes });
    const first = this.#requests.length;
    plan.arenas.forEach((bytes, i) => this.#requests.push({ label: `arena ${i}`, bytes, role: "arena" }));
    slots.forEach((slot, i) => {
      const { arena, offset } = plan.placements[i]!;
      this.#places.set(slot, { buffer: first + arena, offset, bytes: slot.bytes });
    });
    this.#memory = { arena: plan.peakBytes, lowerBound: plan.lowerBoundBytes, unshared: plan.unsharedBytes, fixed: 0 };
    this.#uniformBuffer = this.#requests.length;
    this.#requests.push({ label: "uniforms", bytes: 0, role: "uniforms" });
  }

  placeLeaves(graph: Graph, slotOf: (value: Value) => Slot): void {
    const inputs = new Region();
    const constants = new Region();
    const inputBuffer = this.#requests.length;
    for (const item of graph.items) {
      const value = item.outputs[0];
      if (!value) continue;
      const slot = slotOf(value);
      const bytes = slot.bytes;
      if (item.op === inputOp) {
        const { name } = item.attributes as { name: string };
        if (this.#inputs.has(name)) throw new TypeError(`two inputs of one program are called ${name}`);
        const place = { buffer: inputBuffer, offset: inputs.reserve(bytes), bytes };
        this.#places.set(slot, place);
        this.#inputs.set(name, { buffer: place, shape: value.shape, dtype: value.dtype });
      } else if (item.op === constantOp) {
        const data = constantData(value.tensor);
        const offset = constants.add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        this.#places.set(slot, { buffer: inputBuffer + 1, offset, bytes });
      } else if (item.op === stateOp) {
        const state = stateOf(value.tensor);
        this.#places.set(slot, { buffer: -1, external: state.buffer, offset: state.offset * 4, bytes });
      }
    }
    this.#requests.push({ label: "inputs", bytes: inputs.bytes, role: "inputs" });
    this.#requests.push({ label: "constants", bytes: constants.bytes, role: "constants", data: constants.contents() });
  }

  /** The address of a slot, or of a part of it. */
  place(slot: Slot, part: { first?: number; count?: number } = {}): PlannedBuffer {
    const whole = slot.inside ? this.#places.get(slot.inside.slot) : this.#places.get(slot);
    if (!whole) throw new TypeError(`${slot.label} is used but never computed`);
    const base = whole.offset + (slot.inside?.offset ?? 0);
    const first = (part.first ?? 0) * elementBytes(slot);
    const bytes = part.count === undefined ? slot.bytes - first : part.count * elementBytes(slot);
    return { ...whole, offset: base + first, bytes };
  }

  bind(command: Command): BoundCommand {
    const bound = (operand: Operand): PlannedBinding => ({
      ...this.place(operand.slot, operand),
      label: `${operand.slot.label} of ${command.dispatch.kernel}`,
      half: operand.slot.half === true,
    });
    const bindings = command.operands.map(bound);
    this.#bindings.push(...bindings);
    return { command, bindings, texels: (command.texels ?? []).map(bound) };
  }

  /** A command with its uniforms. */
  command({ command, bindings, texels }: BoundCommand, placements: readonly TexelPlacement[]): PlannedCommand {
    const placed = texels.map((binding, i) => ({ ...binding, ...placements[i]! }));
    const planned = { command, bindings, ...(command.texels ? { texels: placed } : {}) };
    const data = uniformsOf(command.dispatch, placements.map(({ row }) => row));
    if (!data) return planned;
    const place = { buffer: this.#uniformBuffer, offset: this.#uniforms.addShared(data), bytes: data.byteLength };
    return { ...planned, uniforms: place };
  }

  finish(
    made: {
      commands: readonly PlannedCommand[];
      outputs: ReadonlyMap<string, PlannedBuffer>;
      metrics: ReadonlyMap<string, PlannedBuffer>;
      capacity: number;
      texelRows: TextureRows;
      declared: ReadonlySet<string>;
      watch?: PlannedWatch;
    },
  ): ProgramPlan {
    this.#requests[this.#uniformBuffer] = {
      label: "uniforms",
      bytes: this.#uniforms.bytes,
      role: "uniforms",
      data: this.#uniforms.contents(),
    };
    const ring = made.metrics.size ? this.#requests.length : undefined;
    if (ring !== undefined) {
      this.#requests.push({ label: "metrics ring", bytes: made.capacity * made.metrics.size * 4, role: "ring" });
    }
    const fixed = this.#requests.filter((request) => request.role !== "arena").reduce(
      (total, { bytes }) => total + bytes,
      texelBytes(made.texelRows.full, { half: false }) + texelBytes(made.texelRows.half, { half: true }),
    );
    return {
      requests: this.#requests,
      commands: made.commands,
      inputs: this.#inputs,
      declared: made.declared,
      outputs: made.outputs,
      metrics: made.metrics,
      ring,
      ringCapacity: made.capacity,
      memory: { ...this.#memory, fixed },
      bindings: this.#bindings,
      texelRows: made.texelRows.full,
      halfTexelRows: made.texelRows.half,
      ...(made.watch ? { watch: made.watch } : {}),
    };
  }
}
