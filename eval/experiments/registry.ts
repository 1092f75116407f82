import type { Experiment } from "./experiment.ts";
import { table } from "./table.ts";

/** All experiments. */
export const EXPERIMENTS: readonly Experiment[] = [table];
