/**
 * The commands of the installed program, which are tasks too; a test compares them with `deno.json`. Tasks with further
 * permissions (set-up, MPI, Slurm) and those for developers are not among them.
 *
 * @module
 */

/** Runs a command; returns its exit code. */
export type Main = (args: readonly string[]) => Promise<number | void>;

/** Loads a command, so that `mmvm --help` does not load the engine. */
export type LoadCommand = () => Promise<{ readonly main: Main }>;

/** The commands by name, in the order of the help. */
export const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  train: () => import("../train.ts"),
  runs: () => import("../runs.ts"),
  adapter: () => import("../adapter.ts"),
  phantoms: () => import("../phantoms.ts"),
  data: () => import("../data.ts"),
  prepare: () => import("../prepare.ts"),
  views: () => import("../views.ts"),
  experiment: () => import("../experiment.ts"),
  evaluate: () => import("../evaluate.ts"),
  finetune: () => import("../finetune.ts"),
  encode: () => import("../encode.ts"),
  export: () => import("../export.ts"),
  import: () => import("../import.ts"),
  translate: () => import("../translate.ts"),
  sample: () => import("../sample.ts"),
  likelihood: () => import("../likelihood.ts"),
  compare: () => import("../compare.ts"),
  report: () => import("../report.ts"),
  evidence: () => import("../evidence.ts"),
  plan: () => import("../plan.ts"),
  verify: () => import("../verify.ts"),
};
