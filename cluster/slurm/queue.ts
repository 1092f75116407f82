/**
 * The states of jobs, as `squeue` prints them.
 *
 * @module
 */

/** A job or a task of an array in Slurm's queue. */
export interface QueuedTask {
  /** The job's name. */
  readonly name: string;
  /** The job, or `ARRAY_INDEX` for the task of an array. */
  readonly id: string;
  /** Index in the array; `undefined` for a job that is none. */
  readonly index: number | undefined;
  /** State in lower case, such as `pending` or `running`. */
  readonly state: string;
  /** Time that it has run, as Slurm writes it. */
  readonly time: string;
  /** The nodes that it runs on, or in parentheses the reason why it does not run. */
  readonly where: string;
}

/** Fields that cannot contain the separator come first. */
const FORMAT = "%F|%K|%T|%M|%R|%j";

/** The command that lists a user's jobs, every task of an array on a line of its own. */
export function queueCommand(): string[] {
  return ["squeue", "--noheader", "--array", "--me", "--states=all", "--format", FORMAT];
}

/**
 * Parses the output of {@linkcode queueCommand}. Lines in another form are ignored: some sites' squeue is a wrapper
 * that prints remarks.
 */
export function parseQueue(text: string): QueuedTask[] {
  return text.split("\n").flatMap((line) => {
    const [job, index, state, time, where, ...name] = line.trim().split("|");
    if (job === undefined || !/^\d+$/.test(job) || name.length === 0) return [];
    const isTask = /^\d+$/.test(index!);
    return [{
      name: name.join("|"),
      id: isTask ? `${job}_${index}` : job,
      index: isTask ? Number(index) : undefined,
      state: state!.toLowerCase().replaceAll("_", " "),
      time: time!,
      where: where!,
    }];
  });
}

/** States of a job that will not change by itself. */
const ENDED = new Set(["completed", "failed", "cancelled", "timeout", "node fail", "out of memory", "boot fail"]);

/** The state of a sweep's task: in the queue, else whether its results exist. */
export function stateOfTask(
  index: number,
  options: { job: string; queue: readonly QueuedTask[]; done: boolean },
): { state: string; time: string; where: string } {
  const { job, queue, done } = options;
  const found = queue.filter((task) => task.name === job && task.index === index);
  const live = found.find(({ state }) => !ENDED.has(state));
  if (live) return live;
  if (done) return { state: "done", time: "", where: "" };
  // Slurm forgets ended jobs after some minutes.
  const ended = found.toSorted((a, b) => Number.parseInt(b.id) - Number.parseInt(a.id))[0];
  if (ended) return { ...ended, state: ended.state === "completed" ? "ended without results" : ended.state };
  return { state: "not in the queue", time: "", where: "" };
}
