/**
 * A model of a training step's time on a GPU, from its dispatches and from what their kernels compile to.
 *
 * A dispatch takes the longer of its arithmetic and its memory traffic, plus a launch. Arithmetic of a tile kernel is
 * slowed by instructions that are not multiply-adds (*efficiency*), by multiprocessors without work or with too few
 * warps to hide latency (*fill*), and by tiles that reach beyond the matrix (*padding*). The model ignores caches and
 * instruction latencies: it ranks changes to kernels, but its absolute times are rough.
 *
 * @module
 */
import type { ProductTile } from "../../runtime/kernels/kernel.ts";
import { type Card, peakFlops } from "./cards.ts";
import type { InstructionCounts, MachineProgram } from "./disassembly.ts";
import { nvidiaWarps } from "./occupancy.ts";

/** A dispatch of a step. */
export interface StaticDispatch {
  readonly kernel: string;
  /** The op or chain of ops that it computes. */
  readonly op: string;
  readonly shape: string;
  readonly workgroups: number;
  readonly threads: number;
  readonly flops: number;
  readonly bytes: number;
  /** The part of a matrix product that one workgroup computes, for tile kernels. */
  readonly tile?: ProductTile;
  /** Index of its pipeline. */
  readonly pipeline: number;
}

/** Estimated seconds of a dispatch, and why. */
export interface ModelledDispatch extends StaticDispatch {
  readonly seconds: number;
  readonly bound: "compute" | "memory" | "launch";
  readonly efficiency: number;
  readonly fill: number;
  readonly padding: number;
}

/** Seconds between the end of one dispatch and the start of the next (measured: 6 us on an A100 with wgpu). */
const LAUNCH = 5e-6;
/** The most multiply-adds a clock, as a share of the peak, that good kernels are seen to issue. */
const BEST_ISSUE = 0.95;
/** Slices of depth 16 that a tile kernel keeps in workgroup memory. */
export const SLICE = 16;

/** Models one dispatch. */
export function modelDispatch(dispatch: StaticDispatch, program: MachineProgram, card: Card): ModelledDispatch {
  const memory = dispatch.bytes / card.bandwidth;
  const { tile } = dispatch;
  if (tile && program.hot) {
    const efficiency = issueEfficiency(program, card, tile.steps);
    const slices = Math.ceil(tile.depth / SLICE) * SLICE;
    const padded = 2 * dispatch.workgroups * tile.rows * tile.columns * slices;
    const fill = multiprocessorFill(dispatch, nvidiaWarps(program, dispatch.threads), card);
    const compute = padded / peakFlops(card) / efficiency / fill;
    const bound = compute > memory ? "compute" : "memory";
    const seconds = Math.max(compute, memory) + LAUNCH;
    return { ...dispatch, seconds, bound, efficiency, fill, padding: dispatch.flops / padded };
  }
  // Memory decides, unless other instructions crowd out the multiply-adds, and few lanes do not saturate it.
  const fill = Math.min(1, dispatch.workgroups * dispatch.threads / (card.multiprocessors * 512));
  const stream = memory / Math.max(fill, 0.02);
  const efficiency = program.hot?.own.multiplyAdd ? issueEfficiency({ hot: program.hot }, card, 1) : 1;
  const compute = dispatch.flops / peakFlops(card) / efficiency;
  const bound = stream > LAUNCH ? "memory" : "launch";
  return { ...dispatch, seconds: Math.max(stream, compute) + LAUNCH, bound, efficiency, fill, padding: 1 };
}

/** Seconds of a whole step. */
export function totalSeconds(dispatches: readonly ModelledDispatch[]): number {
  return dispatches.reduce((total, { seconds }) => total + seconds, 0);
}

/**
 * Share of float32's peak that the instruction mix of a round allows, which is above 1 where packed multiply-adds are
 * faster. In such a loop the others, which add up in float32, do no work of the product's.
 */
function issueEfficiency({ hot, round }: Pick<MachineProgram, "hot" | "round">, card: Card, steps: number): number {
  // The compiler may have unrolled a loop of few steps: the round is the hot loop then.
  const times = round ? steps : 1;
  const { multiplyAdd, packed } = hot!.own;
  const slots = card.issueLanes / card.multiplyAddLanes;
  const work = times * (packed > 0 ? 2 * packed : multiplyAdd) * slots;
  const pipes = times * (packed * card.issueLanes / card.packedLanes + (multiplyAdd - packed) * slots);
  const issued = times * issueSlots(hot!.own) + (round ? issueSlots(round.own) : 0);
  return BEST_ISSUE * work / Math.max(issued, pipes);
}

function issueSlots(counts: InstructionCounts): number {
  const accesses = [counts.loads, counts.stores].flatMap((widths) => Object.values(widths));
  return counts.vector + counts.workgroupLoads + counts.workgroupStores + accesses.reduce((a, b) => a + b, 0) +
    counts.scratch + counts.branches + counts.barriers + 0.5 * counts.scalar;
}

/** Utilisation of the multiprocessors, reduced by the tail of the last wave and by too few warps to hide latency. */
function multiprocessorFill({ workgroups, threads }: StaticDispatch, warps: number, card: Card): number {
  const perMultiprocessor = workgroups / card.multiprocessors;
  const warpsOfOne = threads / 32;
  const resident = Math.min(warps / warpsOfOne, perMultiprocessor);
  const latencyHidden = Math.min(1, Math.max(1, resident) * warpsOfOne / 8);
  return perMultiprocessor / Math.ceil(perMultiprocessor) * latencyHidden;
}
