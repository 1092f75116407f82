/**
 * The tasks in `deno.json` by what they are for, for `deno task help` and `mmvm --help`.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** A heading and the names of the tasks below it. */
export interface TaskGroup {
  readonly heading: string;
  readonly names: readonly string[];
}

/** All groups; a test compares them with `deno.json`. */
export const TASK_GROUPS: readonly TaskGroup[] = [
  { heading: "Start here", names: ["help", "setup", "train", "runs", "adapter", "completions"] },
  { heading: "Data and experiments", names: ["phantoms", "data", "prepare", "views", "experiment"] },
  {
    heading: "Evaluation and reports",
    names: [
      "evaluate",
      "finetune",
      "encode",
      "export",
      "import",
      "translate",
      "sample",
      "likelihood",
      "compare",
      "report",
      "evidence",
    ],
  },
  { heading: "Cluster", names: ["train:mpi", "experiment:submit", "prepare:submit", "plan"] },
  {
    heading: "Development",
    names: [
      "ok",
      "check",
      "check:portable",
      "test",
      "test:shaders",
      "test:faults",
      "test:cluster",
      "fuzz",
      "verify",
      "bench",
      "build:report-client",
      "docs",
      "build:npm",
    ],
  },
];

/** The description of each task, by its name. */
export const TASK_DESCRIPTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries(config.tasks).map(([name, { description }]) => [name, description]),
);

/**
 * Formats tasks below their headings, one a line with its description. Tasks of no group follow under `Other`, and
 * headings without tasks are left out.
 *
 * @param tasks Descriptions by name.
 */
export function formatTasks(tasks: ReadonlyMap<string, string>): string {
  const grouped = new Set(TASK_GROUPS.flatMap(({ names }) => names));
  const other = { heading: "Other", names: [...tasks.keys()].filter((name) => !grouped.has(name)) };
  const width = Math.max(...[...tasks.keys()].map((name) => name.length));
  return [...TASK_GROUPS, other]
    .map(({ heading, names }) => ({ heading, names: names.filter((name) => tasks.has(name)) }))
    .filter(({ names }) => names.length > 0)
    .map(({ heading, names }) =>
      [heading, ...names.map((name) => `  ${name.padEnd(width)}  ${tasks.get(name)}`)].join("\n")
    )
    .join("\n\n");
}
