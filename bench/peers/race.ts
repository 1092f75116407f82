/**
 * Races: several contestants take turns at the same work in every round, so that other load on the machine affects all
 * of them.
 *
 * @module
 */
import { formatTable } from "../../cli/terminal/table.ts";
import { machineLoad } from "../machine.ts";
import type { ContestantResult, PartResult, WorkResult } from "../results.ts";
import { median, medianRatio, type Ratio, ratioLine, relativeSpread } from "../statistics.ts";
import { type Contestant, peerOf, PeerProcess, type StartOptions, type TorchDescription } from "./contestant.ts";
import { ensurePeer } from "./setup.ts";

/** Work to race at. */
export interface RaceWork {
  readonly name: string;
  /** Floating-point operations per step, if counted. */
  readonly flops?: number;
  /** Training pairs per step. */
  readonly pairs?: number;
  readonly contestants: readonly Contestant[];
  /** Pairs of contestants whose times are divided. */
  readonly ratios: readonly (readonly [Contestant, Contestant])[];
  /** Whether to divide rates instead of times: `a/b` is then the speed of `a` relative to `b`. */
  readonly rates?: boolean;
}

/** Options of {@linkcode race}. */
export interface RaceOptions extends StartOptions {
  readonly rounds: number;
  /** Target time of a contestant's turn, which determines its number of steps. */
  readonly turnSeconds: number;
  readonly say: (line: string) => void;
}

/** Largest relative difference allowed between the contestants' results. */
const TOLERANCE = 1e-3;
/** Load per core above which wall-clock times are unreliable; a running contestant alone causes a load of 1. */
const BUSY = 1.5;

/** Races at several works and prints a table of each. Failing contestants are excluded, with the reason. */
export async function race(
  works: readonly RaceWork[],
  options: RaceOptions,
): Promise<Pick<PartResult, "works" | "ratios" | "absent">> {
  const everyone = [...new Set(works.flatMap(({ contestants }) => contestants))];
  const { processes, absent } = await startProcesses(everyone, options);
  try {
    const results: WorkResult[] = [];
    const ratios: Ratio[] = [];
    for (const work of works) {
      const result = await raceWork(work, { ...options, processes, absent });
      results.push(result);
      const made = ratiosOf(work, result);
      ratios.push(...made);
      options.say(tableOf(work, result));
    }
    return { works: results, ratios, absent };
  } finally {
    for (const process of processes.values()) process[Symbol.dispose]();
  }
}

interface Entrants {
  readonly processes: Map<Contestant, PeerProcess>;
  readonly absent: { name: string; reason: string }[];
}

async function startProcesses(contestants: readonly Contestant[], options: RaceOptions): Promise<Entrants> {
  const processes = new Map<Contestant, PeerProcess>();
  const absent: { name: string; reason: string }[] = [];
  for (const contestant of contestants) {
    try {
      const peer = peerOf(contestant);
      if (peer) await ensurePeer(peer, { say: options.say, python: options.torch.python });
      const process = new PeerProcess(contestant, options);
      processes.set(contestant, process);
      if (contestant === "pytorch") {
        const description = await process.describe();
        options.say(peerLine(description));
        requireFastPeer(description);
      }
    } catch (error) {
      processes.get(contestant)?.[Symbol.dispose]();
      processes.delete(contestant);
      leaveOut({ name: contestant, reason: (error as Error).message }, { absent, ...options });
    }
  }
  return { processes, absent };
}

/** The line that says how PyTorch computes: a race against a slow one proves nothing. */
export function peerLine({ blas, gflops, threads, onednn, isa, peak }: TorchDescription): string {
  const limit = peak === null ? "" : ` peak=${peak.toFixed(0)}`;
  return `PEER pytorch blas=${blas} gflops=${gflops.toFixed(0)} threads=${threads} onednn=${onednn} isa=${isa}${limit}`;
}

/**
 * Checks that PyTorch multiplies matrices about as fast as the processor can.
 *
 * @throws {Error} where its rate is below a tenth of the peak of the processor's multiply-adds.
 */
export function requireFastPeer({ blas, gflops, peak }: TorchDescription): void {
  if (peak === null || gflops >= peak / 10) return;
  throw new Error(
    `it multiplies matrices at ${
      gflops.toFixed(1)
    } GFLOP/s with the BLAS "${blas}", below a tenth of the processor's ` +
      `${peak.toFixed(0)}: install a fast BLAS for it, libopenblas0-pthread on Debian`,
  );
}

function leaveOut(
  entry: { name: string; reason: string },
  options: { absent: { name: string; reason: string }[]; say: (line: string) => void },
): void {
  options.absent.push(entry);
  options.say(`${entry.name} is excluded: ${entry.reason}`);
}

async function raceWork(work: RaceWork, options: RaceOptions & Entrants): Promise<WorkResult> {
  const { processes, rounds, turnSeconds, say } = options;
  const entrants: { process: PeerProcess; steps: number; result: ContestantResult }[] = [];
  for (const contestant of work.contestants) {
    const process = processes.get(contestant);
    if (!process) continue;
    try {
      const { about, values } = await process.prepare(work.name);
      const { seconds } = await process.run(work.name, 1);
      const steps = Math.max(1, Math.min(100, Math.round(turnSeconds / seconds)));
      const result = { name: contestant, about, values, seconds: [], processorSeconds: [] };
      entrants.push({ process, steps, result });
      say(`${work.name}: ${contestant} is ready (${about}), ${steps} steps per round; ${shown(values)}`);
    } catch (error) {
      process[Symbol.dispose]();
      processes.delete(contestant);
      leaveOut({ name: contestant, reason: `${work.name}: ${(error as Error).message}` }, options);
    }
  }
  requireAgreement(work.name, entrants.map(({ result }) => result));
  const load: number[] = [];
  for (let round = 0; round < rounds; round++) {
    load.push(machineLoad());
    for (const { process, steps, result } of entrants) {
      const { seconds, processorSeconds } = await process.run(work.name, steps);
      result.seconds.push(seconds);
      result.processorSeconds.push(processorSeconds);
    }
  }
  return { work: work.name, flops: work.flops ?? null, load, contestants: entrants.map(({ result }) => result) };
}

/**
 * Checks that contestants compute the same results.
 *
 * @throws {Error} if they do not.
 */
export function requireAgreement(work: string, results: readonly Pick<ContestantResult, "name" | "values">[]): void {
  const count = results[0]?.values.length ?? 0;
  for (let i = 0; i < count; i++) {
    const values = results.map((result) => result.values[i]!);
    // Negated comparison, so that NaN never agrees.
    if (relativeSpread(values) <= TOLERANCE) continue;
    const list = results.map(({ name, values }) => `${name} ${values[i]}`).join(", ");
    throw new Error(`${work}: the contestants' results differ: value ${i} is ${list}`);
  }
}

function shown(values: readonly number[]): string {
  return `computes ${values.map((value) => value.toPrecision(7)).join(", ")}`;
}

/**
 * The ratios of a work between the contestants that took part, by wall-clock time or by processor time, which other
 * load affects less.
 */
export function ratiosOf(
  work: RaceWork,
  result: WorkResult,
  by: "seconds" | "processorSeconds" = "seconds",
): Ratio[] {
  const times = new Map(result.contestants.map((contestant) => [contestant.name, contestant[by]]));
  return work.ratios.flatMap(([a, b]) => {
    const [first, second] = work.rates ? [times.get(b), times.get(a)] : [times.get(a), times.get(b)];
    return first?.length && second?.length ? [{ work: work.name, a, b, value: medianRatio(first, second) }] : [];
  });
}

function tableOf(work: RaceWork, result: WorkResult): string {
  const { contestants, load } = result;
  const header = [
    "",
    "ms/step",
    "processor ms",
    ...(work.pairs ? ["pairs/s"] : []),
    ...(work.flops ? ["GFLOP/s"] : []),
  ];
  const rows = contestants.map(({ name, seconds, processorSeconds }) => {
    const time = median(seconds);
    const rates = [...(work.pairs ? [work.pairs / time] : []), ...(work.flops ? [work.flops / time / 1e9] : [])];
    const cells = [1000 * time, 1000 * median(processorSeconds), ...rates];
    return [name, ...cells.map((cell) => cell.toFixed(1).padStart(9))];
  });
  const ratios = ratiosOf(work, result, "processorSeconds").map(({ a, b, value }) =>
    `${a}/${b} ${value.toPrecision(3)}`
  );
  const lines = [
    "",
    `${work.name}, medians of ${load.length} rounds, load ${Math.min(...load).toFixed(1)} to ${
      Math.max(...load).toFixed(1)
    }`,
    formatTable(header, rows).trimEnd(),
    ...(ratios.length ? [`by processor time: ${ratios.join(", ")}`] : []),
    ...(Math.max(...load) > BUSY * navigator.hardwareConcurrency
      ? ["The machine is busy: wall-clock times are unreliable; prefer processor times."]
      : []),
    "",
  ];
  return lines.join("\n");
}

/** Formats the ratios printed at the end of a benchmark. */
export function ratioLines(ratios: readonly Ratio[]): string {
  return ratios.map(ratioLine).join("\n");
}
