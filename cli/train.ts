/**
 * `deno task train`: from files on disk to a trained model, its evaluation and its report.
 *
 * @module
 */
import { parseArguments } from "./options/options.ts";
import { runDirectory, TRAIN_GROUPS, TRAIN_OPTIONS } from "./options/run_options.ts";
import { startRun, takeRun } from "./run/start_run.ts";
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
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { stopSignals } from "./terminal/stop_signals.ts";

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const spec = {
    name: "train",
    summary:
      "Trains a multimodal VAE, evaluates its latents and writes a report. Without flags: MMVM on phantoms, in a " +
      "few minutes.",
    options: TRAIN_OPTIONS,
    groups: TRAIN_GROUPS,
  };
  const { values: asked, given } = await trainValues(parseArguments(spec, args));
  const directory = runDirectory(asked.run);
  const stop = stopSignals("finishing the step and saving");
  const howToResume = `\`${invocation("train")} --run ${asked.run} --resume\` resumes it`;
  try {
    const { lock, resume } = await takeRun(asked, stop.signal);
    using _lock = lock;
    const values = { ...asked, resume };
    const started = await startRun(values, { directory, given, signal: stop.signal });
    const tuner = values.noTune ? undefined : new RunTuner(directory, { resume });
    using devices = await openDevices(values, tuner?.forAdapter);
    sayAdapter(devices);
    const run: Running = { ...started, directory, devices, tuner, values, signal: stop.signal };
    const { steps, stopped } = await train(run);
    if (stopped) {
      console.error(`stopped at step ${steps}; ${howToResume}`);
      return stop.exitCode;
    }
    // Evaluation writes complete files at its end and can be stopped anywhere.
    await Promise.race([evaluate(run, [invocation("train"), ...args].join(" ")), whenAborted(stop.signal)]);
    return 0;
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    console.error(`stopped; ${howToResume}`);
    return stop.exitCode;
  }
}

if (import.meta.main) await runCli(main);
