/**
 * Time of a training step, with the kernels that are chosen by estimate and with those that the tuner chooses.
 *
 * @module
 */
import { z } from "zod";
import { Device, KernelTuner, PRECISIONS } from "../../../runtime/mod.ts";
import { median } from "../../statistics.ts";
import { stepJob } from "../../peers/ours.ts";
import { timeJob } from "../../peers/serve.ts";
import { STEP_NAMES } from "../../peers/work.ts";
import type { Measure } from "../measurement.ts";
import { exchangeOf } from "../exchange.ts";

const optionsSchema = z.looseObject({ work: z.enum(STEP_NAMES), precision: z.enum(PRECISIONS) });

/** Seconds of a round, and rounds. */
const ROUND = { seconds: 0.7, rounds: 3 };

export const measure: Measure = async (options, report) => {
  const { work, precision } = optionsSchema.parse(options);
  const { name, folder, batchSize } = await exchangeOf(work, options);
  for (const tuned of [false, true]) {
    using device = await Device.open(
      tuned ? { tuner: new KernelTuner(options.dryRun ? { budgetMilliseconds: 100 } : {}) } : {},
    );
    if (precision === "f16" && !device.hasHalf) {
      report({ absent: "the adapter has no shader-f16" });
      return;
    }
    const started = performance.now();
    using job = await stepJob(device, { name, folder, precision });
    const losses = await job.check();
    const setUp = (performance.now() - started) / 1000;
    const { seconds } = await timeJob(job, 1);
    const steps = options.dryRun ? 1 : Math.max(1, Math.min(1000, Math.round(ROUND.seconds / seconds)));
    const rounds: number[] = [];
    const processor: number[] = [];
    for (let round = 0; round < (options.dryRun ? 1 : ROUND.rounds); round++) {
      const times = await timeJob(job, steps);
      rounds.push(1000 * times.seconds);
      processor.push(1000 * times.processorSeconds);
    }
    const milliseconds = median(rounds);
    report({
      work,
      precision,
      tuned,
      batchSize,
      milliseconds,
      pairsPerSecond: 1000 * batchSize / milliseconds,
      rounds,
      processorMilliseconds: median(processor),
      stepsARound: steps,
      setUpSeconds: setUp,
      losses,
      about: job.about,
      allocatedBytes: device.allocatedBytes,
    });
  }
};
