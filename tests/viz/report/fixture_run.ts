/**
 * Simulated run records.
 *
 * @module
 */
import type { RunRecord, TrainingSeries } from "../../../eval/results/results.ts";

/** A run record with plausible, decreasing training curves. */
export function runRecord(options: { method: string; seed: number; random: () => number }): RunRecord {
  const { method, seed } = options;
  const name = `${method}-s${seed}`;
  return {
    name,
    method,
    seed,
    createdAt: "2025-06-01T10:00:00.000Z",
    commands: [
      `deno task train --method ${method} --seed ${seed} --run ${name}`,
      `deno task evaluate ${name} --labelled 0.01,0.05,0.1,0.5,1`,
    ],
    config: {
      method,
      seed,
      run: name,
      data: { dataset: "phantoms", root: "cache/phantoms", imageSize: 64 },
      network: { filterDim: 16, latentDim: 32 },
      training: { epochs: 12, batchSize: 32, learningRate: 0.001, beta: 1, alphaSteps: 900 },
    },
    versions: { mmvm: "0.1.0", deno: "2.9.6", v8: "15.0.245.2", typescript: "6.0.3", commit: "b25f8f0" },
    adapter: { description: "llvmpipe (LLVM 15.0.6, 256 bits)", profile: "software" },
    seconds: { prepare: 12.4, train: 151.2 + seed, encode: 6.1, probe: 9.7 },
    parameters: 1_284_352,
    training: trainingSeries(options),
  };
}

function trainingSeries(options: { method: string; random: () => number }): TrainingSeries {
  const supervised = options.method.startsWith("supervised");
  const noise = () => options.random() - 0.5;
  const step = Array.from({ length: 150 }, (_, i) => (i + 1) * 10);
  const level = 1 + 0.04 * options.method.length;
  const reconstruction = step.map((s) => supervised ? 0 : level * (1400 + 2600 * Math.exp(-s / 220)) + 60 * noise());
  const kl = step.map((s) => supervised ? 0 : 90 * (1 - Math.exp(-s / 300)) * level + 4 * noise());
  return {
    step,
    reconstruction,
    kl,
    loss: step.map((s, i) =>
      supervised ? 0.3 + 0.4 * Math.exp(-s / 260) + 0.03 * noise() : reconstruction[i]! + kl[i]!
    ),
    alpha: step.map((s) => options.method === "mmvm" ? Math.exp(Math.log(1e-10) * s / 900) : 0),
    studiesPerSecond: step.map(() => 210 + 20 * noise()),
  };
}
