/**
 * Whole training steps, ours alone: pairs a second and GPU memory. `deno task bench step`; the same steps against others are the parts
 * `peers`, `paper64` and `paper224`.
 *
 * @module
 */
import { choice, integer, parseArguments, path } from "../cli/options.ts";
import { runCli } from "../cli/run_cli.ts";
import { formatTable } from "../cli/table.ts";
import { Device } from "../runtime/mod.ts";
import { describeMachine, machineLine, machineLoad } from "./machine.ts";
import { CHECKED_STEPS, writeExchange } from "./peers/exchange.ts";
import { stepJob } from "./peers/ours.ts";
import { timeJob } from "./peers/serve.ts";
import { PACKAGES } from "./peers/places.ts";
import { STEP_NAMES, stepExchange, type StepName, stepWork } from "./peers/work.ts";
import { type MemoryResult, saveResults, type WorkResult } from "./results.ts";
import { median } from "./statistics.ts";
import { measureMemory, memoryLine } from "./step_memory.ts";

const OPTIONS = {
  work: choice(["all", ...STEP_NAMES], { help: "which step", default: "all" }),
  rounds: integer({ min: 1, help: "rounds, of which the median counts", default: 3 }),
  steps: integer({ min: 1, help: "steps a round, one readback after them", default: 1 }),
  out: path({ help: "folder of the results", default: "bench/results" }),
};

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "bench step",
    summary: "Times whole training steps, and tells what memory they take.",
    options: OPTIONS,
  }, args);
  using device = await Device.open();
  const machine = await describeMachine(device.description);
  console.log(machineLine(machine));
  const names = STEP_NAMES.filter((name) => values.work === "all" || values.work === name);
  const works: WorkResult[] = [];
  const memory: MemoryResult[] = [];
  for (const name of names) {
    memory.push(measureMemory(device, name));
    works.push(await timeStep(device, { name, ...values }));
  }
  console.log(`\n${tableOf(works)}`);
  for (const each of memory) console.log(memoryLine(each));
  const result = { works, memory, ratios: [], absent: [] };
  console.log(`results: ${await saveResults("step", { machine, result, folder: values.out })}`);
}

async function timeStep(
  device: Device,
  options: { name: StepName; rounds: number; steps: number },
): Promise<WorkResult> {
  const { name, rounds, steps } = options;
  await writeExchange(PACKAGES, { name, exchange: stepExchange(name) });
  using job = await stepJob(device, { name, folder: PACKAGES });
  const losses = await job.check();
  console.log(`${name}: ${job.about}; losses before steps 0 to ${CHECKED_STEPS - 1}: ${losses.join(", ")}`);
  const result = {
    name: "ours",
    about: job.about,
    values: [...losses],
    seconds: [] as number[],
    processorSeconds: [] as number[],
  };
  const load: number[] = [];
  for (let round = 0; round < rounds; round++) {
    load.push(machineLoad());
    const { seconds, processorSeconds } = await timeJob(job, steps);
    result.seconds.push(seconds);
    result.processorSeconds.push(processorSeconds);
  }
  return { work: name, flops: null, load, contestants: [result] };
}

function tableOf(works: readonly WorkResult[]): string {
  const rows = works.map(({ work, load, contestants: [ours] }) => {
    const time = median(ours!.seconds);
    const cells = [
      stepWork(work as StepName).batchSize / time,
      1000 * time,
      1000 * median(ours!.processorSeconds),
      median(load),
    ];
    return [work, ...cells.map((cell) => cell.toFixed(1).padStart(9))];
  });
  return formatTable(["step", "pairs/s", "ms a step", "processor ms", "load"], rows);
}

if (import.meta.main) await runCli(main);
