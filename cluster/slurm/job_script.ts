/**
 * Job scripts for Slurm: an array of tasks that survive requeueing, and a job that follows it.
 *
 * What the array's script takes care of:
 *
 * - The program is started directly, not by `deno task`: Slurm signals every process of a job, and `deno task` would
 *   pass its own signal on as a second request to stop.
 * - Before the time limit Slurm sends USR2 to the shell alone (USR1 would open Deno's inspector). The shell stops the
 *   program, which saves, and puts the task back into the queue, where it continues.
 * - A task is requeued as ARRAY_INDEX. SLURM_JOB_ID will not do: for the array's last task it is the number of the
 *   whole array.
 * - Output is appended, so that a requeued task keeps the log of its first part.
 *
 * @module
 */

/** Requests for resources, as options of sbatch. */
export interface Resources {
  readonly partition?: string;
  readonly gres?: string;
  /** Time limit of a task, for example `8:00:00`. */
  readonly time?: string;
  readonly account?: string;
  readonly cpusPerTask?: number;
  /** Memory per node, for example `16G`. */
  readonly mem?: string;
}

/** Options of both scripts. */
export interface JobOptions {
  /** Name of the job. */
  readonly name: string;
  /** Folder of scripts and logs, relative to the working directory. */
  readonly folder: string;
  /** The working directory. */
  readonly directory: string;
  readonly resources: Resources;
}

/** Seconds before the time limit at which a task is saved and requeued; less where the limit is short. */
const WARNING_SECONDS = 120;

/** The names of sbatch's options for resources. */
const OPTIONS: Readonly<Record<keyof Resources, string>> = {
  partition: "partition",
  gres: "gres",
  time: "time",
  account: "account",
  cpusPerTask: "cpus-per-task",
  mem: "mem",
};

/**
 * The script of an array. Task I runs `command` followed by `arguments[I]`.
 *
 * @param options.arguments A list of further arguments for each task.
 */
export function arrayScript(
  options: JobOptions & { command: readonly string[]; arguments: readonly (readonly string[])[] },
): string {
  const { command, arguments: tasks, resources } = options;
  const cases = tasks.map((args, index) => `  ${index}) set -- ${args.map(shellWord).join(" ")} ;;`);
  return [
    "#!/bin/bash",
    ...directives(options),
    `#SBATCH --array=0-${tasks.length - 1}`,
    `#SBATCH --output=${logPath(options.folder, "task-%a.out")}`,
    "#SBATCH --requeue",
    ...(resources.time === undefined ? [] : [`#SBATCH --signal=B:USR2@${warningSeconds(resources.time)}`]),
    "",
    "# The index of each task is that of sweep.json and never changes.",
    'case "$SLURM_ARRAY_TASK_ID" in',
    ...cases,
    '  *) echo "there is no task $SLURM_ARRAY_TASK_ID" >&2; exit 2 ;;',
    "esac",
    "",
    'echo "task $SLURM_ARRAY_TASK_ID on ${SLURMD_NODENAME:-$HOSTNAME}, restart ${SLURM_RESTART_COUNT:-0}: $*"',
    "requeue=",
    "stop=",
    "program=",
    "# The time limit is near: the program saves and stops, and the task goes back into the queue.",
    `trap 'requeue=1; stop=1; [ -z "$program" ] || kill -TERM "$program"' USR2`,
    "# Slurm tells every process that the job is stopped, other systems the first one; the program saves, and this shell",
    "# waits for it.",
    `trap 'stop=1; [ -z "$program" ] || kill -TERM "$program" 2>/dev/null' TERM`,
    `${command.map(shellWord).join(" ")} "$@" &`,
    "program=$!",
    "# A signal may have come before the program's number was known.",
    '[ -z "$stop" ] || kill -TERM "$program" 2>/dev/null',
    "# A trap interrupts wait.",
    "while",
    '  wait "$program"',
    "  code=$?",
    '  [ "$code" -gt 128 ] && kill -0 "$program" 2>/dev/null',
    "do :; done",
    'if [ -n "$requeue" ] && [ "$code" = 143 ]; then',
    '  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"',
    "fi",
    'exit "$code"',
    "",
  ].join("\n");
}

function warningSeconds(time: string): number {
  return Math.min(WARNING_SECONDS, Math.ceil(secondsOf(time) / 4));
}

/** The seconds of a time limit in one of sbatch's forms: M, M:S, H:M:S, D-H, D-H:M or D-H:M:S. */
export function secondsOf(time: string): number {
  const [, days, rest] = /^(?:(\d+)-)?([\d:]+)$/.exec(time) ?? [];
  // sbatch knows a few words for "no limit", and refuses what it does not know.
  if (rest === undefined) return Infinity;
  const parts = rest.split(":").map(Number);
  if (days !== undefined) {
    const [hours = 0, minutes = 0, seconds = 0] = parts;
    return ((Number(days) * 24 + hours) * 60 + minutes) * 60 + seconds;
  }
  if (parts.length === 3) return (parts[0]! * 60 + parts[1]!) * 60 + parts[2]!;
  return parts[0]! * 60 + (parts[1] ?? 0);
}

/** The script of a single job that runs a command. */
export function singleScript(options: JobOptions & { command: readonly string[]; log: string }): string {
  return [
    "#!/bin/bash",
    ...directives(options),
    `#SBATCH --output=${logPath(options.folder, options.log)}`,
    "#SBATCH --requeue",
    "",
    `exec ${options.command.map(shellWord).join(" ")}`,
    "",
  ].join("\n");
}

function directives({ name, directory, resources }: JobOptions): string[] {
  const requested = Object.entries(OPTIONS).flatMap(([key, option]) => {
    const value = resources[key as keyof Resources];
    return value === undefined ? [] : [`#SBATCH --${option}=${value}`];
  });
  return [
    `#SBATCH --job-name=${name}`,
    `#SBATCH --chdir=${quoted(directory)}`,
    "#SBATCH --open-mode=append",
    ...requested,
  ];
}

/** The value of a directive. */
function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}

/** A log in a folder; sbatch replaces %a and the like in the name. */
function logPath(folder: string, name: string): string {
  return quoted(`${folder.replaceAll("%", "%%")}/${name}`);
}

/** A word of a shell command, quoted where necessary. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
