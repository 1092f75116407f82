/**
 * The figures by which GPU kernels are judged without a GPU, and what they may be at worst.
 *
 * @module
 */
import { type CardName, CARDS } from "./cards.ts";
import type { StaticChoice } from "./choices.ts";
import { rdnaWaves } from "./occupancy.ts";
import type { Loop, MachineProgram } from "./disassembly.ts";
import type { StaticKernel } from "./static_kernel.ts";
import { modelDispatch, type ModelledDispatch, type StaticDispatch, totalSeconds } from "./step_model.ts";

/** The kernels and dispatches of one training step, compiled for one family of GPUs. */
export interface StaticStep {
  readonly work: string;
  /** AMD's name of the GPU that the kernels were compiled for. */
  readonly family: string;
  /** Version of the Mesa driver that compiled them. */
  readonly mesa: string;
  readonly kernels: readonly StaticKernel[];
  readonly dispatches: readonly StaticDispatch[];
  /** Every variant of the step's matrix products and convolutions; empty unless asked for. */
  readonly choices: readonly StaticChoice[];
}

/** See {@linkcode summarizeStep}. Keys are those of the printed lines. */
export interface StaticFigures {
  /** Least share of multiply-adds among the vector instructions of a tile kernel's hot loop. */
  "hot-loop-min": number;
  /** The same over a round of fetches and multiplications, for tiles larger than 32 x 32. */
  "round-min": number;
  /** The same for 32 x 32 tiles, whose fetches are shared by fewer multiplications. */
  "round-min-32x32": number;
  /** Most fetches of a round that a tile kernel waits for before it multiplies. */
  "waited-fetches-max": number;
  /** Most registers that a kernel spills to memory. */
  "spills-max": number;
  /** Least number of waves (of 16) that a multiprocessor can hold of a kernel. */
  "waves-min": number;
  dispatches: number;
  /** Dispatches of fewer workgroups than an H100 has multiprocessors, at least one of which is idle. */
  "under-132": number;
  /** Bytes that dispatches read and write at least once. */
  "gigabytes": number;
}

/** True for kernels that keep tiles of both operands in workgroup memory. */
export function isTileKernel(kernel: string): boolean {
  return /\/gpu-\d+x\d+/.test(kernel);
}

/** Multiply-adds among the vector instructions of the hot loop; `undefined` without one. */
export function hotLoopShare({ hot }: MachineProgram): number | undefined {
  return hot && productsOf(hot) / hot.own.vector;
}

/**
 * Share of multiply-adds among the vector instructions of a round, including all iterations of its hot loop.
 *
 * @param steps Iterations of the hot loop in a round.
 */
export function roundShare({ hot, round }: MachineProgram, steps: number): number | undefined {
  if (!hot) return undefined;
  const times = round ? steps : 1;
  return (times * productsOf(hot) + (round?.own.multiplyAdd ?? 0)) /
    (times * hot.own.vector + (round?.own.vector ?? 0));
}

/** Multiply-adds of a loop; where there are packed ones, the others only add up their sums. */
function productsOf({ own: { packed, multiplyAdd } }: Loop): number {
  return packed > 0 ? packed : multiplyAdd;
}

/** Iterations of a kernel's hot loop in a round. */
export function hotSteps(dispatches: readonly StaticDispatch[], pipeline: number): number {
  return dispatches.find((one) => one.pipeline === pipeline)?.tile?.steps ?? 1;
}

/** Spilled registers, vector and scalar. */
export function spills({ statistics }: MachineProgram): number {
  return (statistics["Spilled VGPRs"] ?? 0) + (statistics["Spilled SGPRs"] ?? 0);
}

/** The figures of a step. */
export function summarizeStep({ kernels: compiled, dispatches }: StaticStep): StaticFigures {
  // Variants that the step does not use were compiled for comparison.
  const used = new Set(dispatches.map(({ pipeline }) => pipeline));
  const kernels = compiled.map((kernel, i) => ({ ...kernel, steps: hotSteps(dispatches, i) }))
    .filter((_, i) => used.has(i));
  const tiles = kernels.filter(({ kernel }) => isTileKernel(kernel));
  const small = tiles.filter(({ kernel }) => kernel.includes("gpu-32x32"));
  const large = tiles.filter((tile) => !small.includes(tile));
  const least = (of: typeof kernels, share: (program: MachineProgram, steps: number) => number | undefined) =>
    round3(
      Math.min(1, ...of.map(({ program, steps }) => share(program, steps)).filter((value) => value !== undefined)),
    );
  const most = (values: readonly number[]) => Math.max(0, ...values);
  return {
    "hot-loop-min": least(tiles, hotLoopShare),
    "round-min": least(large, roundShare),
    "round-min-32x32": least(small, roundShare),
    "waited-fetches-max": most(tiles.map(({ program }) => program.waitedFetches)),
    "spills-max": most(kernels.map(({ program }) => spills(program))),
    "waves-min": Math.min(16, ...kernels.map(({ program, threads }) => Math.floor(rdnaWaves(program, threads)))),
    dispatches: dispatches.length,
    "under-132": dispatches.filter(({ workgroups }) => workgroups < CARDS.h100.multiprocessors).length,
    gigabytes: round3(dispatches.reduce((total, { bytes }) => total + bytes, 0) / 1e9),
  };
}

/** The dispatches of a step as they would run on a card. */
export function modelStep({ kernels, dispatches }: StaticStep, card: CardName): ModelledDispatch[] {
  return dispatches.map((one) => modelDispatch(one, kernels[one.pipeline]!.program, CARDS[card]));
}

/** Milliseconds of a step on every card, rounded to a tenth. */
export function modelledTimes(step: StaticStep): Record<CardName, number> {
  const times = Object.keys(CARDS).map((card) =>
    [card, Math.round(1e4 * totalSeconds(modelStep(step, card as CardName))) / 10] as const
  );
  return Object.fromEntries(times) as Record<CardName, number>;
}

function round3(value: number): number {
  return Math.round(1e3 * value) / 1e3;
}
