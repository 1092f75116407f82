/**
 * The flags of tasks that write job scripts for Slurm.
 *
 * @module
 */
import { integer, type SettingValues, text } from "../../base/setting.ts";
import { flag } from "../options/options.ts";
import { UsageError } from "../terminal/errors.ts";
import type { Resources } from "../../cluster/slurm/mod.ts";

/** A value of one of sbatch's options: a single word. */
function word(help: string) {
  return text({
    help: `with --slurm: ${help}`,
    pattern: /^[\w.:,/@+=*-]{1,200}$/,
    allowed: "a word as sbatch takes it",
    placeholder: "value",
  });
}

const RESOURCES = {
  partition: word("partition of the jobs"),
  gres: word("generic resources of each task, for example gpu:1"),
  time: word("time limit of each task, for example 8:00:00; tasks that reach it continue in a new one"),
  account: word("account that is charged"),
  mem: word("memory of each task, for example 16G"),
  cpusPerTask: integer({ min: 1, max: 4096, help: "with --slurm: cores of each task" }),
};

/** The flags of a task that writes scripts, and submits them if it may. */
export const SLURM_OPTIONS = {
  slurm: flag({ help: "write job scripts for Slurm instead of doing the work here" }),
  ...RESOURCES,
  submit: flag({ help: "with --slurm: submit the jobs too, if the task may start sbatch" }),
};

type SlurmValues = SettingValues<typeof SLURM_OPTIONS>;

/** @throws {UsageError} if flags for jobs are given without `--slurm`. */
export function requireSlurm(values: SlurmValues): void {
  if (values.slurm) return;
  const stray = [...Object.keys(RESOURCES), "submit"].find((key) =>
    values[key as keyof SlurmValues] !== undefined && values[key as keyof SlurmValues] !== false
  );
  if (stray === undefined) return;
  const name = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${name} is for jobs: give --slurm too, or leave it out`);
}

/** The resources that were asked for. */
export function resourcesOf(values: SlurmValues): Resources {
  const given = Object.keys(RESOURCES).flatMap((key) => {
    const value = values[key as keyof typeof RESOURCES];
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(given) as Resources;
}
