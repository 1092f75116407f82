/**
 * `deno task evaluate RUN`: encodes data with a run's last checkpoint, trains probes and scores them.
 * `deno task evaluate --embeddings FILE --data DIR` does the same with embeddings from elsewhere.
 *
 * @module
 */
import { arePhantoms } from "../phantoms/mod.ts";
import { evaluateRun, formatGenerativeTable, PUBLISHED_AUROC } from "../eval/mod.ts";
import { type CheckpointChoice, neededData, openRunData, readRunConfig, runPaths } from "../training/mod.ts";
import { Device } from "../runtime/mod.ts";
import { printable, UsageError } from "./terminal/errors.ts";
import { choice, flag, flagName, integer, parseArguments, path, runName } from "./options/options.ts";
import { fractions, LABELLED } from "./options/labelled.ts";
import { checkWritable } from "./run/check_writable.ts";
import { CACHE } from "./run/phantom_data.ts";
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { scoreTables } from "./run/score_tables.ts";
import { writeReport } from "./run/write_report.ts";
import { reportData, softwareVersions, stageProgress } from "./run/run_output.ts";
import { CHECKPOINT_OPTION, DATA_OPTIONS, runDirectory } from "./options/run_options.ts";
import { evaluateEmbeddingsFile, type Probing } from "./run/evaluate_embeddings_file.ts";

/** Options of `--embeddings`, with those that say how data are read, which a run has in its configuration. */
const EMBEDDING_OPTIONS = {
  ids: path({
    help: "CSV of the rows' identifiers; by default Parquet's own, NAME.ids.csv, NAME.csv or ids.csv beside the file",
    placeholder: "file",
  }),
  name: runName({ help: "name of the embeddings in the report and of their folder in runs/; by default the file's" }),
  allowMissing: flag({ help: "accept that pairs lack an embedding, and score the others" }),
  ...DATA_OPTIONS,
};

/** Options of data that do not change what is scored of a run, and may be given with one. */
const EITHER: readonly string[] = ["demographics", "testLabels"];

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, given, operands: [run] } = parseArguments({
    name: "evaluate",
    summary:
      "Encodes data with a run's last checkpoint (or takes --embeddings), trains probes, scores the test split " +
      "and writes results and report.",
    groups: [
      {
        heading: "Options",
        options: [
          "probe",
          "labelled",
          "seeds",
          "trees",
          "resamples",
          "floors",
          "generative",
          "judge",
          "untrained",
          "data",
        ],
      },
      { heading: "Embeddings from elsewhere", options: ["embeddings", ...Object.keys(EMBEDDING_OPTIONS)] },
    ],
    options: {
      probe: choice(["lr", "rf"], { help: "logistic regression or random forest", default: "lr" }),
      labelled: LABELLED,
      seeds: integer({ min: 1, max: 100, help: "number of seeds for the labelled subset and the probe", default: 1 }),
      trees: integer({ min: 1, max: 100_000, help: "trees per random forest (papers: 5000)", default: 5000 }),
      resamples: integer({ min: 1, max: 100_000, help: "number of bootstrap resamples", default: 1000 }),
      floors: flag({
        help: "also evaluate what knows little: view position, pixel PCA, shuffled labels, untrained encoders",
      }),
      checkpoint: CHECKPOINT_OPTION,
      generative: flag({
        help: "also measure reconstructions, translations and samples, by a classifier that is trained for it",
      }),
      judge: path({
        help: "with --generative, a run of supervised that judges images, instead of one in the run's folder judge",
        placeholder: "run",
      }),
      untrained: flag({ help: "also evaluate the untrained encoders, for comparison" }),
      data: path({
        help: "new data directory, if it has moved since training; the data directory of embeddings",
        placeholder: "dir",
      }),
      embeddings: path({
        help: "evaluate these embeddings (.npy, .safetensors, Parquet; a row an image, study or pair) instead of a run",
        placeholder: "file",
      }),
      ...EMBEDDING_OPTIONS,
    },
    operands: { name: "RUN", help: "name or directory of a run", min: 0, max: 1 },
  }, args);
  const probing: Probing = {
    probe: values.probe === "lr" ? { kind: "logistic-regression" } : { kind: "random-forest", trees: values.trees },
    labelledFractions: fractions(values.labelled),
    probeSeeds: Array.from({ length: values.seeds }, (_, seed) => seed),
    bootstrap: { resamples: values.resamples },
    commands: [[invocation("evaluate"), ...args].join(" ")],
    versions: softwareVersions(),
  };
  if (values.embeddings !== undefined) {
    const [other] = [
      ...(run === undefined ? [] : [`the run ${JSON.stringify(run)}`]),
      ...(values.untrained ? ["--untrained"] : []),
      ...(values.floors ? ["--floors"] : []),
      ...(values.generative ? ["--generative"] : []),
      ...(values.judge === undefined ? [] : ["--judge"]),
      ...(values.checkpoint === "best" ? ["--checkpoint"] : []),
    ];
    if (other !== undefined) {
      throw new UsageError(`--embeddings evaluates a file without a model, so leave out ${other}`);
    }
    return await evaluateEmbeddingsFile(values.embeddings, { values, probing });
  }
  if (run === undefined) {
    throw new UsageError("deno task evaluate takes 1 RUN, or --embeddings FILE and --data DIR");
  }
  const foreign = Object.keys(EMBEDDING_OPTIONS).find((key) => !EITHER.includes(key) && Object.hasOwn(given, key));
  if (foreign !== undefined) {
    throw new UsageError(
      `${flagName(foreign)} is for --embeddings; a run is evaluated as its configuration says`,
    );
  }
  if (values.judge !== undefined && !values.generative) {
    throw new UsageError("--judge is for --generative: give both, or leave out --judge");
  }
  await evaluateTrained(run, { values, probing });
}

/** The flags that the evaluation of a run takes besides those of its probes. */
interface EvaluateValues {
  readonly data: string | undefined;
  readonly demographics: string | undefined;
  readonly testLabels: string | undefined;
  readonly untrained: boolean;
  readonly floors: boolean;
  readonly generative: boolean;
  readonly judge: string | undefined;
  readonly checkpoint: CheckpointChoice;
}

async function evaluateTrained(
  run: string,
  { values, probing }: { values: EvaluateValues; probing: Probing },
): Promise<void> {
  const directory = runDirectory(run);
  const config = await readRunConfig(directory);
  checkWritable(directory);
  const place = {
    ...config.data,
    ...(values.data === undefined ? {} : { root: values.data }),
    ...(values.demographics === undefined ? {} : { demographics: values.demographics }),
    ...(values.testLabels === undefined ? {} : { testLabels: values.testLabels }),
  };
  using reporter = reportData();
  const data = await openRunData({
    ...neededData({ ...config, data: place }),
    cacheDir: CACHE,
    ...reporter,
  });
  reporter.finish(data);
  using device = await Device.open();
  using progress = stageProgress();
  const results = await evaluateRun({
    config,
    directory,
    data,
    device,
    ...probing,
    checkpoint: values.checkpoint,
    untrained: values.untrained,
    floors: values.floors,
    generative: values.generative,
    judge: values.judge === undefined ? undefined : await judgeRun(values.judge),
    pictures: true,
    arePhantoms: (names) => arePhantoms(data.index.root, names),
    seconds: { prepare: data.prepareSeconds },
    onProgress: progress.update,
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
  progress.stop();
  const report = await writeReport(results, { path: runPaths(directory).report });
  console.log(printable(scoreTables(results, { published: PUBLISHED_AUROC })));
  for (const generative of results.generative ?? []) console.log(printable(`\n${formatGenerativeTable(generative)}`));
  console.log(`\nreport: ${report}`);
}

async function judgeRun(name: string) {
  const directory = runDirectory(name);
  return { directory, config: await readRunConfig(directory) };
}

if (import.meta.main) await runCli(main);
