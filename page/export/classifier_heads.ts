/**
 * The linear heads of a classifier, as a page keeps them: in the place of probes.
 *
 * @module
 */
import type { CheckpointChoice } from "../../training/run/run_checkpoint.ts";
import { restoreRun } from "../../training/run/run_checkpoint.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import { runPaths } from "../../training/run/run_directory.ts";
import type { PairTable, Split } from "../../data/mod.ts";
import { evaluatedState } from "../../models/training_state.ts";
import type { HostTensor } from "../../models/mod.ts";
import { labelledRows } from "../../eval/protocol/labelled_rows.ts";
import { meanByStudy } from "../../eval/protocol/aggregate.ts";
import { labelOf, studiesWithLatents, type StudyTable, type ViewLatents } from "../../eval/protocol/study_table.ts";
import { takeRows } from "../../eval/probes/matrix.ts";
import type { LabelMeasures, LinearProbe, ViewProbes } from "../stored/page_model.ts";
import { averageProbabilities, probabilitiesOf } from "../stored/probabilities.ts";
import { measureScores, spreadAlong, type StudyScores, unmeasured } from "./fit_probes.ts";
import { rowsOfPairs } from "./rows_of_pairs.ts";

/** Reads the parameters with which a run's checkpoint is evaluated. */
export async function readParameters(
  options: { config: RunConfig; directory: string; checkpoint?: CheckpointChoice },
): Promise<Map<string, HostTensor>> {
  let state = new Map<string, HostTensor>();
  const write = (tensors: ReadonlyMap<string, HostTensor>) => void (state = evaluatedState(tensors));
  const { config, directory, checkpoint: which = "last" } = options;
  await restoreRun({ write }, { paths: runPaths(directory), config, which, required: true });
  return state;
}

/**
 * The heads of a classifier's view as probes of its features. A label of which the training studies have one class only
 * has none, as in the evaluation.
 *
 * @param options.number The view's number among the model's encoders.
 */
export function headProbes(
  latents: ViewLatents,
  options: {
    parameters: ReadonlyMap<string, HostTensor>;
    number: number;
    table: StudyTable;
    fraction: number;
    seed: number;
  },
): ViewProbes {
  const { parameters, number, table } = options;
  const weight = parameters.get(`classifiers.${number}.weight`)!.data;
  const bias = parameters.get(`classifiers.${number}.bias`)?.data;
  const columns = weight.length / table.labels.length;
  const rows = labelledRows(latents.study, options);
  const train = takeRows({ values: latents.values, rows: latents.study.length, columns }, rows);
  const labels = table.labels.map((label, i) => {
    const seen = new Set(Array.from(rows, (row) => table.targets[i]![latents.study[row]!]!));
    const coefficients = [...weight.subarray(i * columns, (i + 1) * columns)];
    const probe: LinearProbe = { coefficients, intercept: bias?.[i] ?? 0, spread: spreadAlong(train, coefficients) };
    return { ...unmeasured(label), probe: seen.has(0) && seen.has(1) ? probe : null };
  });
  // Each head is a classifier of its own, also where labels exclude each other.
  return { view: latents.view, exclusive: false, labels };
}

/**
 * Measures the average of the views' probabilities.
 *
 * @param latents The latents of the views, in the order of their `probes`.
 * @param options.numbers The numbers of these views among those of the pairs.
 */
export function measureCombined(
  latents: readonly ViewLatents[],
  options: { probes: readonly ViewProbes[]; numbers: readonly number[]; pairs: PairTable; table: StudyTable },
): LabelMeasures[] {
  const { pairs, table } = options;
  const each = combinedScores(latents, options);
  const given = Array.from(each, (_, pair) => pair).filter((pair) => each[pair]!.length > 0);
  const rowStudies = Int32Array.from(given, (pair) => pairs.study[pair]!);
  const scoresOf = (split: Split): StudyScores => {
    const rows: ViewLatents = { view: "", values: new Float32Array(), dimension: 0, study: rowStudies };
    const studies = studiesWithLatents(table, rows, split);
    return {
      studies,
      labels: table.targets.map((target) => Array.from(studies, (study) => labelOf(target[study]!))),
      scores: table.labels.map((_, label) => {
        const values = given.map((pair) => each[pair]![label] ?? null);
        return values.includes(null) ? null : meanByStudy(values as number[], { rowStudies, studies });
      }),
    };
  };
  return measureScores(table.labels, scoresOf("validate"), scoresOf("test"));
}

/** The average probabilities of each pair; none of one without any image. */
function combinedScores(
  latents: readonly ViewLatents[],
  { probes, numbers, pairs }: { probes: readonly ViewProbes[]; numbers: readonly number[]; pairs: PairTable },
): (number | null)[][] {
  const rows = numbers.map((number) => rowsOfPairs(pairs, number));
  return Array.from(
    { length: pairs.count },
    (_, pair) =>
      averageProbabilities(latents.flatMap(({ values, dimension }, m) => {
        const row = rows[m]![pair]!;
        return row < 0 ? [] : [probabilitiesOf(probes[m]!, values.subarray(row * dimension, (row + 1) * dimension))];
      })),
  );
}
