/**
 * Tables of what kernels compile to and of where a step's modelled time goes.
 *
 * @module
 */
import { formatTable } from "../../cli/terminal/table.ts";
import { type CardName, CARDS, peakFlops } from "./cards.ts";
import { nvidiaWarps, rdnaWaves } from "./occupancy.ts";
import { hotLoopShare, hotSteps, modelStep, roundShare, spills, type StaticStep } from "./static_summary.ts";
import { type ModelledDispatch, totalSeconds } from "./step_model.ts";

const KERNEL_COLUMNS = [
  "kernel",
  "dispatches",
  "threads",
  "registers",
  "spills",
  "workgroup memory",
  "waves/warps",
  "hot multiply-adds",
  "of vector",
  "integer",
  "clamp",
  "select",
  "scalar",
  "round multiply-adds",
  "waited fetches",
];

/** A row for each pipeline, those with most arithmetic first. */
export function kernelTable({ kernels, dispatches }: StaticStep): string {
  const flops = kernels.map((_, i) => sum(dispatches.filter(({ pipeline }) => pipeline === i).map((d) => d.flops)));
  const used = new Set(dispatches.map(({ pipeline }) => pipeline));
  const order = kernels.map((_, i) => i).filter((i) => used.has(i)).sort((a, b) => flops[b]! - flops[a]!);
  const rows = order.map((i) => {
    const { kernel, threads, program } = kernels[i]!;
    const { statistics, hot, waitedFetches } = program;
    const own = hot?.own;
    return [
      kernel,
      dispatches.filter(({ pipeline }) => pipeline === i).length,
      threads,
      statistics["VGPRs"] ?? 0,
      spills(program),
      statistics["LDS size"] ?? 0,
      `${Math.floor(rdnaWaves(program, threads))}/${nvidiaWarps(program, threads)}`,
      own?.multiplyAdd ?? "-",
      percent(hotLoopShare(program)),
      own?.integer ?? "-",
      own?.clamp ?? "-",
      own?.select ?? "-",
      own?.scalar ?? "-",
      percent(roundShare(program, hotSteps(dispatches, i))),
      waitedFetches,
    ];
  });
  return formatTable(KERNEL_COLUMNS, rows);
}

/** Where the modelled time of a step goes on a card, kernel by kernel, the slowest first. */
export function modelTable(step: StaticStep, card: CardName): string {
  const groups = Map.groupBy(modelStep(step, card), ({ kernel }) => kernel);
  const rows = [...groups].sort(([, a], [, b]) => totalSeconds(b) - totalSeconds(a)).map(([kernel, group]) => [
    kernel,
    group.length,
    (1e3 * totalSeconds(group)).toFixed(2),
    (1e3 * sum(group.map(({ flops }) => flops)) / peakFlops(CARDS[card])).toFixed(2),
    (sum(group.map(({ flops }) => flops)) / 1e9).toFixed(1),
    (sum(group.map(({ bytes }) => bytes)) / 1e9).toFixed(2),
    weighted(group, ({ efficiency }) => efficiency),
    weighted(group, ({ fill }) => fill),
    weighted(group, ({ padding }) => padding),
    group.filter(({ workgroups }) => workgroups < CARDS[card].multiprocessors).length,
  ]);
  const header = [
    "kernel",
    "dispatches",
    "ms",
    "ms at peak",
    "GFLOP",
    "GB",
    "efficiency",
    "fill",
    "padding",
    "too few",
  ];
  return formatTable(header, rows);
}

/** A mean over dispatches, weighted by their time. */
function weighted(group: readonly ModelledDispatch[], value: (one: ModelledDispatch) => number): string {
  return (sum(group.map((one) => value(one) * one.seconds)) / totalSeconds(group)).toFixed(2);
}

function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${(100 * share).toFixed(0)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
