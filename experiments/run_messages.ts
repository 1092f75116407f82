/**
 * What the thread that shows an experiment and those that perform its runs tell each other.
 *
 * @module
 */
import type { RunData } from "../training/data/run_data.ts";
import type { DataConfig } from "../training/run/run_config.ts";
import type { JobProgress, RunJob } from "./perform_run.ts";

/** What all runs of an experiment share. */
export interface RunSetup {
  /** The experiments' folder. */
  readonly root: string;
  readonly cacheDir: string;
  readonly commands: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  /** Threads that probes may use. */
  readonly workers: number;
}

/** To a worker: its set-up once; data to open, then a run on them; and at any time to stop. */
export type RunRequest =
  | { readonly kind: "setup"; readonly setup: RunSetup }
  | { readonly kind: "open"; readonly data: DataConfig; readonly imageSize: number }
  | { readonly kind: "perform"; readonly job: RunJob }
  | { readonly kind: "stop" };

/** From a worker. */
export type RunReply =
  | { readonly kind: "opened" }
  | { readonly kind: "performed"; readonly finished: boolean }
  | { readonly kind: "progress"; readonly progress: JobProgress }
  | { readonly kind: "warning"; readonly message: string }
  /** `name` is that of the error's class, by which the command line knows what is the user's to mend. */
  | { readonly kind: "failed"; readonly name: string; readonly message: string };

/** The data that runs share before anything is altered in them. */
export function wholeData({ absent: _absent, labelNoise: _noise, ...data }: DataConfig): DataConfig {
  return data;
}

/** Data and what they were opened from. */
export interface OpenedData {
  readonly key: string;
  readonly data: RunData;
}
