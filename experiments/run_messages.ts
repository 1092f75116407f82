/**
 * Messages between the main thread of an experiment and the workers that perform its runs.
 *
 * @module
 */
import type { NeededData } from "../training/data/run_views.ts";
import type { RunData } from "../training/data/run_data.ts";
import type { DataConfig } from "../training/run/run_config.ts";
import type { JobProgress, RunJob } from "./perform_run.ts";

/** Settings shared by all runs of an experiment. */
export interface RunSetup {
  /** The experiments' folder. */
  readonly root: string;
  /** Folder of all caches. */
  readonly cacheDir: string;
  /** Command lines that reproduce the run. */
  readonly commands: readonly string[];
  /** Versions of software to record with the results. */
  readonly versions: Readonly<Record<string, string>>;
  /** Number of threads for probes. */
  readonly workers: number;
}

/**
 * Requests to a worker: its set-up, once; opening data, and test sets by their folders; performing a run on them;
 * stopping, at any time.
 */
export type RunRequest =
  | { readonly kind: "setup"; readonly setup: RunSetup }
  | { readonly kind: "open"; readonly tests: readonly string[] } & NeededData
  | { readonly kind: "perform"; readonly job: RunJob }
  | { readonly kind: "stop" };

/** Replies from a worker. */
export type RunReply =
  | { readonly kind: "opened" }
  | { readonly kind: "performed"; readonly finished: boolean }
  | { readonly kind: "progress"; readonly progress: JobProgress }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "failed"; readonly error: RunFailure };

/** An error without its class and stack: what the command line needs to tell the user's errors from bugs. */
export interface RunFailure {
  /** Name of the error's class. */
  readonly name: string;
  /** The error's message. */
  readonly message: string;
  /** The system's code and path, where it was the system that refused. */
  readonly code?: unknown;
  /** The file that was refused. */
  readonly path?: unknown;
}

/** The facts of anything that was thrown. */
export function failureOf(thrown: unknown): RunFailure {
  const { name, message, code, path } = (thrown instanceof Error ? thrown : new Error(String(thrown))) as RunFailure;
  return { name, message, ...(code === undefined ? {} : { code }), ...(path === undefined ? {} : { path }) };
}

/** The part of a data configuration that runs can share: without missing views, label noise and degradation. */
export function wholeData(
  { absent: _absent, degraded: _degraded, labelNoise: _noise, ...data }: DataConfig,
): DataConfig {
  return data;
}

/** The configuration of a test set in a folder, which is read like the data that runs are trained on. */
export function testData(data: DataConfig, root: string): DataConfig {
  return { ...wholeData(data), root };
}

/** Opened data with their configuration, and the test sets by their folders. */
export interface OpenedData {
  readonly key: string;
  readonly data: RunData;
  readonly tests: ReadonlyMap<string, RunData>;
}

/** The folders of the test sets that a job's measurements score. */
export function testRoots({ evaluations, measured = [] }: RunJob): string[] {
  return [...new Set([...evaluations, ...measured].flatMap(({ test }) => test === undefined ? [] : [test.root]))];
}
