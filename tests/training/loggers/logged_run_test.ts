/**
 * The logs of a run that was stopped, resumed, or could not write.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readMetricsFile, runPaths, trainRun, type TrainRunOptions } from "../../../training/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { listCheckpoints } from "../../../runtime/files/checkpoint.ts";
import { smallRunConfig, smallRunData } from "../small_run.ts";
import { eventFiles, eventsOf, scalarsOf } from "./event_file.ts";

async function withRuns(
  check: (train: (name: string, more?: Partial<TrainRunOptions>) => Promise<unknown>, runs: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const data = await smallRunData(join(folder, "cache"));
    using device = await Device.open();
    const config = smallRunConfig("mmvm", { training: { augment: { rotate: 5, noise: 0.02 } } });
    try {
      const train = (name: string, more: Partial<TrainRunOptions> = {}) =>
        trainRun({ config, data, device, directory: join(folder, name), checkpointSteps: 2, ...more });
      await check(train, folder);
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The losses of a run in TensorBoard's file, as `step value`. */
function logged(directory: string): string[] {
  const { tensorboard } = runPaths(directory);
  const [name, ...others] = eventFiles(tensorboard);
  assert.deepEqual(others, []);
  const scalars = scalarsOf(eventsOf(Deno.readFileSync(join(tensorboard, name!))));
  return scalars.filter((line) => line.startsWith("train/loss ")).map((line) => line.slice("train/loss ".length));
}

async function losses(directory: string): Promise<string[]> {
  const lines = await readMetricsFile(runPaths(directory).metrics);
  return lines.map(({ step, loss }) => `${step + 1} ${Math.fround(loss)}`);
}

const mlflowLosses = (runs: string) => {
  const [experiment] = [...Deno.readDirSync(join(runs, "mlruns"))];
  const folder = join(runs, "mlruns", experiment!.name);
  return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).map(({ name }) =>
    Deno.readTextFileSync(join(folder, name, "metrics/train/loss")).trimEnd().split("\n")
      .map((line) => line.split(" ")).map(([, value, step]) => `${step} ${Math.fround(Number(value))}`)
  );
};

Deno.test("a stopped and resumed run with augmentation logs every step once, with the bits of an unbroken run", () =>
  withRuns(async (train, runs) => {
    await train("through");
    const log = ["tensorboard", "mlflow"] as const;
    const stop = new AbortController();
    await train("broken", { log, signal: stop.signal, onProgress: ({ done }) => done >= 2 && stop.abort() });
    const done = (await losses(join(runs, "broken"))).length;
    const whole = await losses(join(runs, "through"));
    assert.ok(done > 0 && done < whole.length, `${done} of ${whole.length} steps`);
    assert.deepEqual(logged(join(runs, "broken")), whole.slice(0, done));
    await train("broken", { log, resume: true });
    assert.deepEqual(await losses(join(runs, "broken")), whole);
    assert.deepEqual(logged(join(runs, "broken")), whole);
    assert.deepEqual(mlflowLosses(runs), [whole]);
  }));

Deno.test("a logger that cannot write is named, and the last checkpoint stays", () =>
  withRuns(async (train, runs) => {
    const directory = join(runs, "full");
    const { tensorboard, checkpoints } = runPaths(directory);
    let blocked = false;
    const options: Partial<TrainRunOptions> = {
      log: ["tensorboard"],
      onProgress: ({ done }) => {
        if (blocked || done < 4) return;
        blocked = true;
        // Where the event file was, there is a folder now.
        const [name] = eventFiles(tensorboard);
        Deno.removeSync(join(tensorboard, name!));
        Deno.mkdirSync(join(tensorboard, name!));
      },
    };
    await assert.rejects(train("full", options), /tensorboard\/events\.out\.tfevents\.\d+\.mmvm/);
    const [last] = await listCheckpoints(checkpoints);
    assert.ok(last!.step >= 2);
    assert.ok((await losses(directory)).length >= last!.step);
  }));
