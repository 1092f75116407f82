/**
 * What to make of the times that `program.profile()` gives: sums by kernel, and a trace for chrome://tracing and Perfetto.
 *
 * @module
 */
import type { ProfileEntry } from "./program.ts";

/** Times of all dispatches of one kernel together. */
export interface KernelSummary {
  readonly kernel: string;
  readonly calls: number;
  readonly milliseconds: number;
  /** Part of the time of all kernels, 0 to 1. */
  readonly share: number;
  /** Floating-point operations a nanosecond, as the kernels count them; 0 where they do not. */
  readonly gflops: number;
  /** Bytes a nanosecond that were read and written at least once. */
  readonly gigabytes: number;
}

/** Sums by kernel, the slowest first. */
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
  readonly name: string;
  readonly cat: string;
  /** `X` is an event with a duration, `M` says something about a process or thread. */
  readonly ph: "X" | "M";
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, string | number>>;
}

/** A trace as chrome://tracing and https://ui.perfetto.dev open it, once it is written as JSON. */
export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
}

/** A trace of a profile, from the start of its first dispatch on. */
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
