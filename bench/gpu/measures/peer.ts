/**
 * A peer's times on the same card, if it is installed: training steps and a matrix product.
 *
 * @module
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Contestant, PeerProcess, type StartOptions } from "../../peers/contestant.ts";
import { BUNDLE, JAX, PACKAGES } from "../../peers/places.ts";
import type { StepName } from "../../peers/work.ts";
import { median } from "../../statistics.ts";
import { exchangeOf, productOf } from "../exchange.ts";
import { type Measure, type MeasureOptions, outputOf, type Report } from "../measurement.ts";

const optionsSchema = z.looseObject({
  contestant: z.enum(["pytorch", "jax-js", "tfjs"]),
  compile: z.boolean().default(false),
  tf32: z.boolean().default(false),
});

const ROUND = { seconds: 0.7, rounds: 3 };

export const measure: Measure = async (options, report) => {
  const { contestant, compile, tf32 } = optionsSchema.parse(options);
  const reason = await absence(contestant, options);
  if (reason !== undefined) return report({ absent: reason });
  const device = options.dryRun ? "cpu" : "cuda";
  const start = { tune: false, torch: { python: options.python, device, compile, tf32 } } as const;
  const { folder, flops } = await productOf(options);
  const about = { contestant, compile, tf32 };
  await timePeer(contestant, { ...start, folder, script: "torch_step.py" }, {
    report: (record) => report({ ...about, ...record, gflops: flops / (record.milliseconds as number) / 1e6 }),
    work: "matmul1024",
    dryRun: options.dryRun,
  });
  if (options.dryRun) return;
  // The papers' network first: it is what matters, and compiling takes long.
  const works: readonly StepName[] = contestant === "pytorch" ? ["paper224", "paper64", "step"] : ["step"];
  for (const work of works) {
    const { folder, batchSize } = await exchangeOf(work, options);
    const script = work === "step" ? "torch_step.py" : "torch_residual.py";
    await timePeer(contestant, { ...start, folder, script }, {
      report: (record) =>
        report({ ...about, batchSize, ...record, pairsPerSecond: 1000 * batchSize / (record.milliseconds as number) }),
      work,
      dryRun: false,
    });
  }
};

/** Why a peer cannot run here; `undefined` where it can. */
async function absence(contestant: Contestant, options: MeasureOptions): Promise<string | undefined> {
  if (contestant === "pytorch") {
    const what = options.dryRun ? "True" : "torch.cuda.is_available()";
    const found = await outputOf(options.python, ["-c", `import numpy, torch; print(${what})`]);
    if (found === undefined) return `${options.python} has no torch and numpy`;
    return found === "True" ? undefined : `the torch of ${options.python} finds no CUDA device`;
  }
  const file = join(PACKAGES, contestant === "jax-js" ? JAX : BUNDLE);
  const there = await access(file).then(() => true, () => false);
  return there ? undefined : `there is no ${file}: deno task bench peers --setup --only ${contestant} installs it`;
}

async function timePeer(
  contestant: Contestant,
  start: StartOptions,
  { report, work, dryRun }: { report: Report; work: string; dryRun: boolean },
): Promise<void> {
  using process = new PeerProcess(contestant, start);
  const started = performance.now();
  const { about, values } = await process.prepare(work);
  const setUp = (performance.now() - started) / 1000;
  const { seconds } = await process.run(work, 1);
  const steps = dryRun ? 1 : Math.max(1, Math.min(1000, Math.round(ROUND.seconds / seconds)));
  const rounds: number[] = [];
  for (let round = 0; round < (dryRun ? 1 : ROUND.rounds); round++) {
    rounds.push(1000 * (await process.run(work, steps)).seconds);
  }
  report({ work, milliseconds: median(rounds), rounds, stepsARound: steps, setUpSeconds: setUp, values, peer: about });
}
