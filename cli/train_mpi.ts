/**
 * `deno task train:mpi`: `train` by several processes (ranks) that MPI's launcher starts. The only task with permission
 * to call foreign functions, those of the MPI library.
 *
 * Every rank trains on its part of each batch. Rank 0 also does all that a single process would do besides: it prepares
 * the data, owns the run's directory, shows progress, evaluates and reports.
 *
 * @module
 */
import { decodeTuning, type DeviceTuner, KernelTuner } from "../runtime/mod.ts";
import { readRegularText } from "../base/regular_file.ts";
import { measureFastDecode } from "../phantoms/measure_fast_decode.ts";
import { ClusterError, type Communicator } from "../cluster/mpi/mod.ts";
import {
  checkRunConfig,
  digestOf,
  neededData,
  openRunData,
  type RunData,
  runPaths,
  type RunRanks,
  shareVocabulary,
  wantsText,
  withTexts,
} from "../training/mod.ts";
import { joinJob, stage } from "./cluster/join_job.ts";
import { flag, integer, parseArguments } from "./options/options.ts";
import { runDirectory, TRAIN_GROUPS, TRAIN_OPTIONS, type TrainValues } from "./options/run_options.ts";
import { CACHE } from "./run/phantom_data.ts";
import { type StartedRun, startRun, takeRun } from "./run/start_run.ts";
import {
  evaluate,
  openDevices,
  type Running,
  RunTuner,
  sayAdapter,
  train,
  trainValues,
  whenAborted,
} from "./run/train_session.ts";
import { exists } from "./terminal/exists.ts";
import { runCli } from "./terminal/run_cli.ts";
import { type StopSignals, stopSignals } from "./terminal/stop_signals.ts";

const OPTIONS = {
  ...TRAIN_OPTIONS,
  shareAdapter: flag({ help: "accept ranks of one host that see adapters of the same name" }),
  rankTimeout: integer({
    min: 1,
    max: 86_400,
    help: "seconds that ranks wait for each other in a step before they give up",
    default: 120,
  }),
};

/** The size of a record of tuned kernels. */
const TUNING = { maxBytes: 2 ** 22, kind: "a file of choices between kernels" };

async function main(args: readonly string[]): Promise<number> {
  const { given } = parseArguments({
    name: "train:mpi",
    summary: "Trains like `deno task train`, by several processes: `mpirun -n 4 deno task train:mpi`, or srun. The " +
      "batch is divided among them.",
    options: OPTIONS,
    groups: [...TRAIN_GROUPS, { heading: "Ranks", options: ["shareAdapter", "rankTimeout"] }],
  }, args);
  const { shareAdapter = false, rankTimeout = OPTIONS.rankTimeout.default, ...rest } = given;
  const { values, given: chosen } = await trainValues({ given: rest });
  const stop = stopSignals("finishing the step and saving");
  const world = await joinJob({ limit: rankTimeout, shareAdapter });
  const job: Job = { world, values, given: chosen, stop };
  const command = ["deno task train:mpi", ...args].join(" ");
  const code = await (world.rank === 0 ? lead(job, command) : follow(job));
  // The launcher ends the others some time after the first rank has ended, so all wait for rank 0's evaluation.
  await world.waitForAll();
  await world.finalize();
  return code;
}

/** What a rank knows when it has joined. */
interface Job {
  readonly world: Communicator;
  readonly values: TrainValues;
  readonly given: Partial<TrainValues>;
  readonly stop: StopSignals;
}

/** Rank 0. */
async function lead(job: Job, command: string): Promise<number> {
  const { world, values, given, stop } = job;
  const { signal } = stop;
  const directory = runDirectory(values.run);
  const { started, lock, resume } = await stage(world, async () => {
    const taken = await takeRun(values, signal);
    const from = { ...values, resume: taken.resume };
    return { ...taken, started: await startRun(from, { directory, given, signal, ranks: world.size }) };
  });
  using _lock = lock;
  await world.broadcast(new TextEncoder().encode(JSON.stringify(started.config)));
  await requireSameData(job, started);
  const { texts } = await stage(
    world,
    () => withTexts(started.data, { config: started.config, directory, create: true }),
  );
  const vocabulary = texts && await shareVocabulary(ranksOf(world), texts.vocabulary);
  const tuner = values.noTune ? undefined : new RunTuner(directory, { resume });
  using devices = await stage(world, () => openDevices(values, tuner?.forAdapter));
  sayAdapter(devices);
  let compiled = false;
  const onCompiled = async () => {
    // The others compile with the kernels that this rank has chosen.
    if (!compiled) {
      compiled = true;
      await world.waitForAll();
      const record = runPaths(directory).tuning;
      const text = values.noTune || !await exists(record) ? "" : await readRegularText(record, TUNING);
      await world.broadcast(new TextEncoder().encode(text));
    }
    await world.waitForAll();
  };
  const ranks = { ...ranksOf(world), vocabulary, onCompiled };
  const run: Running = { ...started, directory, devices, tuner, values: { ...values, resume }, signal, ranks };
  const { steps, stopped } = await train(run);
  if (stopped) {
    console.error(`stopped at step ${steps}; the same command with --resume resumes it`);
    return stopCode(stop);
  }
  try {
    await Promise.race([evaluate(run, command), whenAborted(signal)]);
    return 0;
  } catch (error) {
    if (error !== signal.reason || !signal.aborted) throw error;
    console.error("stopped; the same command with --resume evaluates the run");
    return stopCode(stop);
  }
}

/** The other ranks. */
async function follow(job: Job): Promise<number> {
  const { world, values, stop } = job;
  await stage(world, () => {});
  const text = new TextDecoder().decode(await world.broadcast());
  const config = checkRunConfig(JSON.parse(text), { file: "the configuration from rank 0" });
  const data = await stage(
    world,
    () =>
      openRunData({
        ...neededData(config),
        cacheDir: CACHE,
        measureDecode: measureFastDecode,
        signal: stop.signal,
      }),
  );
  await compareData(world, { config, data });
  await stage(world, () => {});
  const hasTexts = wantsText(config.model) && data.index.texts !== undefined;
  const vocabulary = hasTexts ? await shareVocabulary(ranksOf(world)) : undefined;
  const tuner = new TunerOfRankZero();
  using devices = await stage(world, () => openDevices(values, tuner));
  await world.waitForAll();
  tuner.set(new TextDecoder().decode(await world.broadcast()), devices.current.description);
  const { stopped } = await train({
    config,
    data,
    directory: runDirectory(values.run),
    devices,
    tuner: undefined,
    values,
    signal: stop.signal,
    ranks: { ...ranksOf(world), vocabulary, onCompiled: () => world.waitForAll() },
    quiet: true,
  });
  return stopped ? stopCode(stop) : 0;
}

/** Rank 0's choices between kernels, which arrive when it has made them. */
class TunerOfRankZero implements DeviceTuner {
  #choices: KernelTuner | undefined;

  set(record: string, adapter: string): void {
    if (record !== "") this.#choices = new KernelTuner({ known: decodeTuning(record, { adapter }), frozen: true });
  }

  choose(...question: Parameters<KernelTuner["choose"]>): string | undefined {
    return this.#choices?.choose(...question);
  }
}

/** Rank 0 has prepared the data: now the others open theirs, and all compare. */
async function requireSameData({ world }: Job, started: StartedRun): Promise<void> {
  await stage(world, () => {});
  await compareData(world, started);
}

/** @throws {ClusterError} naming a rank that has other data than rank 0. */
async function compareData(world: Communicator, { config, data }: { config: StartedRun["config"]; data: RunData }) {
  const digests = await world.gather(digestOf(config, data));
  const other = digests.findIndex((digest) => digest !== digests[0]);
  if (other < 0) return;
  throw new ClusterError(
    `rank ${other} has other training data than rank 0: copy the same data (${
      config.data.root ?? config.data.dataset
    }) ` +
      "to all hosts, or use a shared folder",
  );
}

function ranksOf(world: Communicator): RunRanks {
  return {
    rank: world.rank,
    size: world.size,
    sum: (values) => world.sum(values),
    broadcast: (bytes) => world.broadcast(bytes),
  };
}

/** A rank that was not asked itself stops as if by SIGTERM. */
function stopCode(stop: StopSignals): number {
  return stop.signal.aborted ? stop.exitCode : 143;
}

if (import.meta.main) await runCli(main);
