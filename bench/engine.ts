/**
 * What a replayed step costs the thread that drives it: `deno task bench engine`. The program has 300 dispatches and is run without reading
 * anything back; the time is that of `program.run()` alone. It is given twice: when the GPU has nothing to do, and when it is busy with the
 * steps before, which on an adapter that runs on the CPU take the processor away.
 *
 * @module
 */
import { integer, parseArguments } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import {
  adam,
  compile,
  createSlab,
  Device,
  gradients,
  input,
  matmul,
  pack,
  relu,
  sum,
  type Tensor,
} from "../runtime/mod.ts";

const OPTIONS = {
  dispatches: integer({ min: 10, help: "dispatches of the program", default: 300 }),
  steps: integer({ min: 1, help: "steps that are timed", default: 300 }),
};

/** The target for 300 dispatches. */
const TARGET_MILLISECONDS = 3;
const WIDTH = 8;

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "bench engine",
    summary: "Times the JavaScript side of a replayed step, without readback.",
    options: OPTIONS,
  }, args);
  using device = await Device.open();
  const started = performance.now();
  using step = await trainingStep(device, values.dispatches);
  const { program, run } = step;
  console.log(
    `${device.description}\n${program.dispatchCount} dispatches, compiled in ${
      (performance.now() - started).toFixed(0)
    } ms, ` +
      `${device.pipelineCount} pipelines`,
  );
  for (let i = 0; i < 20; i++) run(i);
  const timed = async (options: { every: number }) => {
    const times: number[] = [];
    for (let i = 0; i < values.steps; i++) {
      // Now and then the GPU catches up, as in a loop that reads its metrics: an endless queue would be timed otherwise.
      if (i % options.every === 0) await program.readMetrics();
      const start = performance.now();
      run(i);
      times.push(performance.now() - start);
    }
    return describe(times);
  };
  console.log(`JS time of a replayed step (target for 300 dispatches: under ${TARGET_MILLISECONDS} ms)`);
  console.log(`  GPU idle  ${await timed({ every: 1 })}`);
  console.log(`  GPU busy  ${await timed({ every: 10 })}`);
}

function describe(times: number[]): string {
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(part * (times.length - 1))]!.toFixed(2);
  return `median ${at(0.5)} ms, fastest ${at(0)} ms, 95 % under ${at(0.95)} ms`;
}

/** Layers of matrix products, their gradients and Adam: as many as give about the number of dispatches asked for. */
async function trainingStep(device: Device, dispatches: number) {
  // A layer is a product and a chain forward; a chain and two products backward.
  const layers = Math.max(1, Math.round((dispatches - 6) / 5));
  const entries = Array.from({ length: layers }, (_, i) => ({ name: `w${i}`, shape: [WIDTH, WIDTH] }));
  const slabs = {
    parameters: createSlab(device, { name: "parameters", entries }),
    m: createSlab(device, { name: "m", entries }),
    v: createSlab(device, { name: "v", entries }),
  };
  const program = await compile(device, () => {
    const tensors = slabs.parameters.states.map((state) => state.tensor);
    const y = tensors.reduce<Tensor>((x, w) => relu(matmul(x, w)), input("x", { shape: [4, WIDTH] }));
    const loss = sum(y);
    return { metrics: { loss, norm: adam.update({ ...slabs, gradient: pack(gradients(loss, tensors)) }) } };
  }, { name: "step" });
  const x = new Float32Array(4 * WIDTH).fill(0.5);
  return {
    program,
    run: (step: number) =>
      program.run({ x, ...adam.hyperparameters({ learningRate: 1e-3, step: step + 1 }) }, { step, seed: 1 }),
    [Symbol.dispose]() {
      for (const owned of [program, ...Object.values(slabs)]) owned[Symbol.dispose]();
    },
  };
}

if (import.meta.main) await runCli(main);
