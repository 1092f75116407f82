/**
 * Times complete training steps of mmvm alone, in float32, float16 or both interleaved, with pairs per second and GPU
 * memory: `deno task bench step`. The benchmarks `peers`, `paper64` and `paper224` compare the same steps with peers.
 *
 * @module
 */
import { choice, integer, parseArguments, path } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { formatTable } from "../cli/terminal/table.ts";
import { Device, type Precision, PRECISIONS } from "../runtime/mod.ts";
import { describeMachine, machineLine, machineLoad } from "./machine.ts";
import { CHECKED_STEPS, writeExchange } from "./peers/exchange.ts";
import { stepJob } from "./peers/ours.ts";
import { type Job, timeJob } from "./peers/serve.ts";
import { PACKAGES } from "./peers/places.ts";
import { STEP_NAMES, stepExchange, type StepName, stepWork } from "./peers/work.ts";
import { type ContestantResult, type MemoryResult, saveResults, type WorkResult } from "./results.ts";
import { median, medianRatio, type Ratio, ratioLine } from "./statistics.ts";
import { measureMemory, memoryLine } from "./step_memory.ts";

const OPTIONS = {
  work: choice(["all", ...STEP_NAMES], { help: "step to time", default: "all" }),
  rounds: integer({ min: 1, help: "number of rounds; medians are reported", default: 3 }),
  steps: integer({ min: 1, help: "steps per round, followed by one readback", default: 1 }),
  precision: choice(["both", ...PRECISIONS], {
    help: "storage of feature maps; `both` interleaves them and prints their ratio",
    default: "f32",
  }),
  out: path({ help: "folder for the results", default: "bench/results" }),
};

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "bench step",
    summary: "Times complete training steps and reports their memory.",
    options: OPTIONS,
  }, args);
  using device = await Device.open();
  const machine = await describeMachine(device.description);
  console.log(machineLine(machine));
  const names = STEP_NAMES.filter((name) => values.work === "all" || values.work === name);
  const works: WorkResult[] = [];
  const memory: MemoryResult[] = [];
  const precisions = PRECISIONS.filter((each) => values.precision === "both" || values.precision === each);
  for (const name of names) {
    for (const precision of precisions) memory.push(measureMemory(device, name, { precision }));
    works.push(await timeStep(device, { ...values, name, precisions }));
  }
  const ratios = works.flatMap(ratioOf);
  console.log(`\n${tableOf(works)}`);
  for (const ratio of ratios) console.log(ratioLine(ratio));
  for (const each of memory) console.log(memoryLine(each));
  const result = { works, memory, ratios, absent: [] };
  console.log(`results: ${await saveResults("step", { machine, result, folder: values.out })}`);
}

/** Times a step, with the precisions interleaved within each round. */
async function timeStep(
  device: Device,
  options: { name: StepName; precisions: readonly Precision[]; rounds: number; steps: number },
): Promise<WorkResult> {
  const { name, precisions, rounds, steps } = options;
  await writeExchange(PACKAGES, { name, exchange: stepExchange(name) });
  using jobs = new DisposableStack();
  const contestants: { job: Job; result: ContestantResult }[] = [];
  for (const precision of precisions) {
    const job = jobs.use(await stepJob(device, { name, folder: PACKAGES, precision }));
    const losses = await job.check();
    console.log(`${name}: ${job.about}; losses before steps 0 to ${CHECKED_STEPS - 1}: ${losses.join(", ")}`);
    const result = {
      name: nameOf(precision),
      about: job.about,
      values: [...losses],
      seconds: [],
      processorSeconds: [],
    };
    contestants.push({ job, result });
  }
  const load: number[] = [];
  for (let round = 0; round < rounds; round++) {
    load.push(machineLoad());
    for (const { job, result } of contestants) {
      const { seconds, processorSeconds } = await timeJob(job, steps);
      result.seconds.push(seconds);
      result.processorSeconds.push(processorSeconds);
    }
  }
  return { work: name, flops: null, load, contestants: contestants.map(({ result }) => result) };
}

function nameOf(precision: Precision): string {
  return precision === "f32" ? "ours" : `ours-${precision}`;
}

/** Float16's time relative to float32's, if a step was timed in both. */
function ratioOf({ work, contestants: [f32, f16] }: WorkResult): Ratio[] {
  return f32 && f16 ? [{ work, a: f16.name, b: f32.name, value: medianRatio(f16.seconds, f32.seconds) }] : [];
}

function tableOf(works: readonly WorkResult[]): string {
  const rows = works.flatMap(({ work, load, contestants }) =>
    contestants.map(({ name, seconds, processorSeconds }) => {
      const time = median(seconds);
      const pairs = stepWork(work as StepName).batchSize / time;
      const cells = [pairs, 1000 * time, 1000 * median(processorSeconds), median(load)];
      return [contestants.length > 1 ? `${work}, ${name}` : work, ...cells.map((cell) => cell.toFixed(1).padStart(9))];
    })
  );
  return formatTable(["step", "pairs/s", "ms/step", "processor ms", "load"], rows);
}

if (import.meta.main) await runCli(main);
