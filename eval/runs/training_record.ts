/**
 * The part of a run's record that comes from its logs: curves of training and validation, and what they say.
 *
 * @module
 */
import { methodKind, methodOf } from "../../models/mod.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import { type MetricsLine, readMetricsFile, readValidations, runPaths } from "../../training/run/run_directory.ts";
import type { ValidationLine } from "../../training/run/validation_line.ts";
import type { RunRecord, TrainingSeries, ValidationSeries } from "../results/results.ts";
import { trainingFindings } from "./training_findings.ts";

/** Reads the logs of a run. */
export async function trainingRecord(
  directory: string,
  config: RunConfig,
): Promise<Pick<RunRecord, "training" | "findings">> {
  const { metrics } = runPaths(directory);
  const { latentDim, method } = config.model;
  const lines = await readMetricsFile(metrics);
  const validations = (await readValidations(metrics)).filter(({ loss }) => Number.isFinite(loss));
  // Quantities that the run does not log have empty columns.
  const column = (name: "step" | "loss" | "reconstruction" | "kl" | "alpha" | "studiesPerSecond") =>
    lines.map((line) => line[name]).filter((value) => value !== undefined);
  const findings = trainingFindings({
    steps: lines,
    validations,
    latentDim,
    sharesSoftly: methodKind(method) === "vae" && methodOf(method).prior === "annealed",
  });
  return {
    training: {
      step: column("step"),
      loss: column("loss"),
      reconstruction: column("reconstruction"),
      ...viewCurves(lines),
      kl: column("kl"),
      alpha: column("alpha"),
      studiesPerSecond: column("studiesPerSecond"),
      ...learningRates(lines),
      ...(validations.length > 0 ? { validation: validationSeries(validations) } : {}),
    },
    ...(findings.length > 0 ? { findings } : {}),
  };
}

/** The learning rate of each step, unless all have the same. */
function learningRates(lines: readonly MetricsLine[]): Pick<TrainingSeries, "learningRate"> {
  const rates = lines.map(({ learningRate }) => learningRate);
  return rates.some((rate) => rate !== rates[0]) ? { learningRate: rates } : {};
}

/** The curve of each view's negative log-likelihood, if every step of a run with several views logs them. */
function viewCurves(lines: readonly MetricsLine[]): Pick<TrainingSeries, "views"> {
  const names = Object.keys(lines[0] ?? {}).filter((name) => name.startsWith("nll ")) as `nll ${string}`[];
  if (names.length < 2 || lines.some((line) => names.some((name) => line[name] === undefined))) return {};
  return { views: Object.fromEntries(names.map((name) => [name.slice(4), lines.map((line) => line[name]!)])) };
}

function validationSeries(lines: readonly ValidationLine[]): ValidationSeries {
  const column = (value: (line: ValidationLine) => number | undefined) =>
    lines.map(value).filter((each) => each !== undefined && Number.isFinite(each)) as number[];
  const byName = (of: (line: ValidationLine) => Readonly<Record<string, number>> | undefined) => {
    const names = Object.keys(of(lines[0]!) ?? {});
    const curves = names.map((name) => [name, column((line) => of(line)?.[name])] as const);
    // A curve with gaps would be drawn at the wrong steps.
    return Object.fromEntries(curves.filter(([, values]) => values.length === lines.length));
  };
  const pairs = lines[0]!.sharing?.kl ?? [];
  return {
    step: lines.map(({ step }) => step),
    loss: lines.map(({ loss }) => loss),
    reconstruction: column(({ reconstruction }) => reconstruction),
    kl: column(({ kl }) => kl),
    auroc: byName(({ auroc }) => auroc),
    divergences: Object.fromEntries(
      pairs.flatMap(({ from, to }, i) => [
        [`${from} || ${to}`, column(({ sharing }) => sharing?.kl[i]?.forward)],
        [`${to} || ${from}`, column(({ sharing }) => sharing?.kl[i]?.backward)],
      ]),
    ),
    ratios: Object.fromEntries(
      pairs.map(({ from, to }, i) => [`${from} / ${to}`, column(({ sharing }) => sharing?.kl[i]?.ratio)]),
    ),
    responsibility: byName(({ sharing }) => sharing?.responsibility),
    activeUnits: byName(({ sharing }) => sharing?.activeUnits),
  };
}
