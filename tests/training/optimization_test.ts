/** Optimiser settings of runs: what they do, that they resume, and which are refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { latestCheckpoint } from "../../runtime/files/checkpoint.ts";
import { Device } from "../../runtime/mod.ts";
import { readMetricsFile, requireOptimization, type RunConfig, runPaths, trainRun } from "../../training/mod.ts";
import { microBatchesOf } from "../../training/batch_size.ts";
import { learningRateSchedule, runOptimizer } from "../../training/optimization.ts";
import { readValidations } from "../../training/run/run_directory.ts";
import type { ValidationLine } from "../../training/run/validation_line.ts";
import { restoreRun } from "../../training/run/run_checkpoint.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "./small_run.ts";

type Training = Partial<RunConfig["training"]>;

/** Runs of two epochs with six steps each. */
const RUNS: Record<string, { method: string; training: Training; model?: Partial<RunConfig["model"]> }> = {
  everything: {
    method: "mopoe",
    model: { dropout: 0.2, moeAssignment: "stratified" },
    training: {
      optimizer: "adamw",
      weightDecay: 0.1,
      clip: 20,
      schedule: "cosine",
      warmupSteps: 3,
      finalFactor: 0.1,
      accumulate: 4,
      ema: 0.9,
    },
  },
  plateau: {
    method: "poe",
    training: {
      optimizer: "adamw",
      learningRate: 1e-7,
      schedule: "plateau",
      plateauPatience: 0,
      plateauFactor: 0.5,
      validateSteps: 2,
      accumulate: 2,
      ema: 0.8,
    },
  },
  sgd: {
    method: "mmvm",
    training: {
      optimizer: "sgd",
      momentum: 0.8,
      nesterov: true,
      weightDecay: 1e-3,
      learningRate: 1e-5,
      clip: 100,
      schedule: "exponential",
      accumulate: 2,
      precision: "f16",
    },
  },
};

function withoutTimes(lines: readonly ValidationLine[]): Omit<ValidationLine, "seconds">[] {
  return lines.map(({ seconds: _, ...line }) => line);
}

Deno.test("a resumed run with every setting of the optimiser has the bits of one that was not stopped", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = withMissingViews(await smallRunData(join(folder, "cache")));
    using device = await Device.open();
    try {
      for (const [name, { method, training, model = {} }] of Object.entries(RUNS)) {
        const config = smallRunConfig(method, { training, model, missing: true });
        const train = (directory: string, options: { resume?: boolean; stopAt?: number } = {}) => {
          const stop = new AbortController();
          return trainRun({
            config,
            data,
            device,
            directory: join(folder, directory),
            checkpointSteps: 5,
            resume: options.resume ?? false,
            signal: stop.signal,
            onProgress: ({ done }) => void (done === options.stopAt && stop.abort()),
          });
        };
        assert.equal((await train(`${name}-whole`)).steps, 12);
        const stopped = await train(`${name}-parts`, { stopAt: 5 });
        assert.deepEqual([stopped.stopped, stopped.steps], [true, 5]);
        await train(`${name}-parts`, { resume: true });
        const outcome = async (directory: string) => {
          const paths = runPaths(join(folder, directory));
          const lines = await readMetricsFile(paths.metrics);
          const { tensors } = (await latestCheckpoint(paths.checkpoints)).found!;
          return { lines: lines.map(({ studiesPerSecond: _, seconds: __, ...line }) => line), tensors, paths };
        };
        const [whole, parts] = [await outcome(`${name}-whole`), await outcome(`${name}-parts`)];
        assert.equal(whole.lines.length, 12);
        assert.deepEqual(parts.lines, whole.lines);
        assert.deepEqual([...parts.tensors.keys()], [...whole.tensors.keys()]);
        for (const [tensor, { data: values }] of whole.tensors) {
          assert.deepEqual(parts.tensors.get(tensor)!.data, values, tensor);
        }
        const validations = await readValidations(whole.paths.metrics, { upTo: Infinity });
        assert.deepEqual(
          await readValidations(parts.paths.metrics, { upTo: Infinity }).then(withoutTimes),
          withoutTimes(validations),
        );
        const rate = learningRateSchedule(config.training, {
          steps: 12,
          losses: (step) => validations.filter((line) => line.step <= step).map(({ loss }) => loss),
        });
        if (training.schedule === "plateau") assert.ok(rate(11) < rate(0), "a plateau was found");
        assert.deepEqual(
          whole.lines.map(({ learningRate }) => learningRate),
          whole.lines.map(({ step }) => rate(step)),
        );
        const moments = training.optimizer === "sgd" ? ["momentum_buffer"] : ["exp_avg", "exp_avg_sq", "ema"];
        const found = [...whole.tensors.keys()].flatMap((each) => /^optimizer\.(\w+)\../.exec(each)?.[1] ?? []);
        assert.deepEqual([...new Set(found)].sort(), moments.sort());
        await assert.rejects(
          restoreRun({ write: () => {} }, {
            paths: whole.paths,
            config: { ...config, training: { ...config.training, clip: 21 } },
          }),
          /made with another configuration/,
        );
      }
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const training = (given: Training): RunConfig["training"] => smallRunConfig("mmvm", { training: given }).training;

Deno.test("the learning rate warms up and falls to its final factor over the other steps", () => {
  const of = (given: Training) =>
    learningRateSchedule(training({ learningRate: 0.1, ...given }), { steps: 110, losses: () => [] });
  assert.deepEqual([0, 57, 109].map(of({})), [0.1, 0.1, 0.1]);
  const near = (got: number, want: number) =>
    assert.ok(Math.abs(got - want) < 1e-12, `${got} where ${want} was wanted`);
  for (const schedule of ["constant", "cosine", "exponential"] as const) {
    const rate = of({ schedule, warmupSteps: 10 });
    near(rate(0), 0.01);
    near(rate(9), 0.1);
    near(rate(10), 0.1);
  }
  near(of({ schedule: "cosine", warmupSteps: 10 })(60), 0.05);
  near(of({ schedule: "cosine", finalFactor: 0.2 })(110), 0.02);
  near(of({ schedule: "exponential", warmupSteps: 10 })(60), 0.01);
  near(of({ schedule: "exponential", finalFactor: 0.25 })(55), 0.05);
});

Deno.test("a plateau of the validation loss before a step reduces its learning rate, down to the final factor", () => {
  const history = [3, 2, 2, 2, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5];
  const losses = (step: number) => history.slice(0, Math.floor(step / 10));
  const given = {
    learningRate: 0.1,
    schedule: "plateau",
    plateauPatience: 1,
    plateauFactor: 0.5,
    warmupSteps: 2,
  } as const;
  const rate = learningRateSchedule(training({ ...given, finalFactor: 0.2 }), { steps: 200, losses });
  assert.deepEqual([0, 1, 39, 40, 69, 70, 89, 90, 110].map(rate), [
    ...[0.05, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.1 * 0.2, 0.1 * 0.2],
  ]);
});

Deno.test("settings of the optimiser that do not fit each other are refused with what to do", () => {
  for (
    const [given, message] of [
      [{ nesterov: true }, /--nesterov is for --optimizer sgd, but the optimiser is adam: leave it out/],
      [{ optimizer: "adamw", momentum: 0.5 }, /--momentum is for --optimizer sgd, but the optimiser is adamw/],
      [{ optimizer: "sgd", momentum: 0, nesterov: true }, /--nesterov needs a --momentum above 0/],
      [{ finalFactor: 0.1 }, /--final-factor needs a --schedule/],
      [{ schedule: "exponential", finalFactor: 0 }, /an exponential schedule cannot reach 0/],
      [
        { plateauFactor: 0.5 },
        /--plateau-factor is for --schedule plateau, but the schedule is constant: leave it out/,
      ],
      [{ accumulate: 3 }, /a batch of 16 cannot be cut into 3 micro-batches: give --batch-size 15 or 18, or another/],
      [{ accumulate: 16 }, /16 micro-batches have one pair each, .* give --batch-size 32, or a smaller --accumulate/],
      [{ accumulate: 40 }, /a batch of 16 cannot be cut into 40 micro-batches: give --batch-size 80, or another/],
      [{ accumulate: 4, ranks: 3 }, /into 4 micro-batches on each of 3 ranks: give --batch-size 24, or another/],
    ] as [Training, RegExp][]
  ) {
    assert.throws(() => requireOptimization(training(given)), message);
  }
  requireOptimization(
    training({ accumulate: 8, optimizer: "sgd", nesterov: true, schedule: "cosine", finalFactor: 0 }),
  );
  assert.throws(
    () => learningRateSchedule(training({ warmupSteps: 12 }), { steps: 12, losses: () => [] }),
    /a warm-up of 12 steps needs a longer run than one of 12 steps: give --warmup-steps 1, or more --epochs/,
  );
});

Deno.test("weight decay is L2 with adam and decoupled with adamw", () => {
  const hyper = (
    optimizer: "adam" | "adamw",
  ) => [
    ...runOptimizer(training({ optimizer, weightDecay: 0.25, learningRate: 0.5 })).inputs({ step: 0 })["adam.hyper"]!,
  ];
  assert.deepEqual(hyper("adam").slice(5), [0.25, 0]);
  assert.deepEqual(hyper("adamw").slice(5), [0, 0.125]);
});

Deno.test("microBatchesOf() lists the parts that divide a batch, small enough and of two samples or more", () => {
  assert.deepEqual(microBatchesOf({ batchSize: 32, samples: 11 }), [4, 8, 16]);
  assert.deepEqual(microBatchesOf({ batchSize: 6, samples: 6 }), [1, 2, 3]);
  assert.deepEqual(microBatchesOf({ batchSize: 14, samples: 3 }), [7]);
  assert.deepEqual(microBatchesOf({ batchSize: 13, samples: 6 }), []);
});

Deno.test("a batch that is too large is refused with a size and a number of micro-batches that fit", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = await smallRunData(join(folder, "cache"));
    try {
      using device = await Device.open({ memoryLimit: 4_500_000 });
      const train = (given: Training) => {
        const config = smallRunConfig("mmvm", { training: { epochs: 1, batchSize: 96, ...given } });
        return trainRun({ config, data, device, directory: join(folder, JSON.stringify(given)) });
      };
      const error = await train({}).catch((reason) => reason);
      const [, size, parts] =
        /a batch of 96 pairs; --batch-size (\d+) fits, and the whole batch does with --accumulate (\d+)$/
          .exec(String(error.message)) ?? [];
      assert.ok(Number(size) < 96 && Number(parts) > 1, String(error));
      assert.equal((await train({ accumulate: Number(parts) })).steps, 1);
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
