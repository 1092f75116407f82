/**
 * Measures the JavaScript overhead of a replayed step: `deno task bench engine`. The program has 300 dispatches and
 * runs without readback; only `program.run()` is timed. Two figures are printed: with the GPU idle, and with the GPU
 * busy with earlier steps, which on a software adapter compete for the CPU.
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
  steps: integer({ min: 1, help: "steps to time", default: 300 }),
};

/** Target for 300 dispatches. */
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
      // Waits for the GPU regularly, like a loop that reads metrics; otherwise an ever-growing queue would be timed.
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

/** A training step of linear layers with Adam, with as many layers as give about the requested number of dispatches. */
async function trainingStep(device: Device, dispatches: number) {
  // Each layer takes a product and a pointwise chain forward, and a chain and two products backward.
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
