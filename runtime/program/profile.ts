/**
 * Evaluates the timings of `program.profile()`: totals by kernel, and a trace for chrome://tracing and Perfetto.
 *
 * @module
 */
import type { ProfileEntry } from "./program.ts";

/** Total time of all dispatches of one kernel. */
export interface KernelSummary {
  /** Name of the kernel and its variant. */
  readonly kernel: string;
  /** Number of dispatches. */
  readonly calls: number;
  /** Total time in milliseconds. */
  readonly milliseconds: number;
  /** Share of the total time of all kernels, from 0 to 1. */
  readonly share: number;
  /** Floating-point operations per nanosecond, as reported by the kernels; 0 if they report none. */
  readonly gflops: number;
  /** Minimum memory traffic in bytes per nanosecond. */
  readonly gigabytes: number;
}

/** Totals by kernel, slowest first. */
export function summarizeProfile(entries: readonly ProfileEntry[]): KernelSummary[] {
  const sums = new Map<string, { calls: number; nanoseconds: number; flops: number; bytes: number }>();
  for (const { kernel, nanoseconds, flops, bytes } of entries) {
    const sum = sums.get(kernel) ?? { calls: 0, nanoseconds: 0, flops: 0, bytes: 0 };
    sums.set(kernel, {
      calls: sum.calls + 1,
      nanoseconds: sum.nanoseconds + nanoseconds,
      flops: sum.flops + flops,
      bytes: sum.bytes + bytes,
    });
  }
  const total = entries.reduce((time, { nanoseconds }) => time + nanoseconds, 0);
  const rate = (count: number, nanoseconds: number) => (nanoseconds > 0 ? count / nanoseconds : 0);
  return [...sums].sort(([, a], [, b]) => b.nanoseconds - a.nanoseconds)
    .map(([kernel, { calls, nanoseconds, flops, bytes }]) => ({
      kernel,
      calls,
      milliseconds: nanoseconds / 1e6,
      share: rate(nanoseconds, total),
      gflops: rate(flops, nanoseconds),
      gigabytes: rate(bytes, nanoseconds),
    }));
}

/** An event of the Trace Event Format; times are in microseconds. */
export interface TraceEvent {
  /** Label of the event. */
  readonly name: string;
  /** Category, for filters. */
  readonly cat: string;
  /** `X` is an event with a duration, `M` is metadata of a process or thread. */
  readonly ph: "X" | "M";
  /** Start in microseconds. */
  readonly ts: number;
  /** Duration in microseconds, for events with one. */
  readonly dur?: number;
  /** Process of the event. */
  readonly pid: number;
  /** Thread of the event. */
  readonly tid: number;
  /** Details that a viewer shows. */
  readonly args: Readonly<Record<string, string | number>>;
}

/** A trace that chrome://tracing and https://ui.perfetto.dev can open once it is written as JSON. */
export interface Trace {
  /** The events. */
  readonly traceEvents: readonly TraceEvent[];
  /** Unit that a viewer shows. */
  readonly displayTimeUnit: "ms";
}

/** A trace of a profile; times are relative to the start of the first dispatch. */
export function traceOf(entries: readonly ProfileEntry[], options: { name?: string } = {}): Trace {
  const thread = { pid: 1, tid: 1 };
  const start = entries.reduce((first, { startNanoseconds }) => Math.min(first, startNanoseconds), Infinity);
  const name = {
    name: "thread_name",
    cat: "__metadata",
    ph: "M",
    ts: 0,
    args: { name: options.name ?? "GPU" },
  } as const;
  return {
    traceEvents: [
      { ...name, ...thread },
      ...entries.map((entry, index): TraceEvent => ({
        name: entry.kernel,
        cat: "kernel",
        ph: "X",
        ts: (entry.startNanoseconds - start) / 1000,
        dur: entry.nanoseconds / 1000,
        ...thread,
        args: { dispatch: index, op: entry.op, shapes: entry.shape, flops: entry.flops, bytes: entry.bytes },
      })),
    ],
    displayTimeUnit: "ms",
  };
}
