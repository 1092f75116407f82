/**
 * Paired comparisons of methods from the records of their experiment.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { DataError } from "../../base/errors.ts";
import { bootstrapP, macroSamples, percentileInterval } from "../metrics/bootstrap.ts";
import { correctMacros, pairsOf } from "../results/compare_results.ts";
import {
  type EvaluationEntry,
  type GroupBy,
  groupEvaluations,
  type Stratum,
  stratumText,
  withSharedSeeds,
} from "../results/evaluation_groups.ts";
import type { Comparison, Evaluation, SeedDifference } from "../results/results.ts";
import { evaluationsOf, type EvidenceRecord } from "./evidence_record.ts";

/** The macro AUROC of a group: means over its members. */
interface GroupMacro {
  readonly value: number | null;
  /** The mean over the members of each seed; without seeds for which it is undefined. */
  readonly bySeed: ReadonlyMap<number, number>;
  readonly samples: Float64Array;
}

/**
 * Compares groups of evaluations as `compareResults()` does, by their macro averages: paired differences with intervals
 * and p-values of the patient-level bootstrap, corrected by Holm's method over the pairs of a stratum. The differences
 * of single seeds are given too, because resampling patients says nothing of how much other seeds would change.
 *
 * @param options.by What to compare.
 * @throws {DataError} if groups were scored on different studies or over different labels.
 */
export function compareEvidence(record: EvidenceRecord, { by }: { by: GroupBy }): Comparison[] {
  const evaluations = evaluationsOf(record);
  const samples = new Map(evaluations.map((each, i) => [each, decodeSamples(record.evaluations[i]!.samples)]));
  const cases = record.tests.map(({ id, split }) => ({
    ...{ id, split },
    ...{ studyIds: [], subjectIds: [], viewPositions: [], labels: [] },
  }));
  const { data, runs } = record;
  return groupEvaluations([{ data, runs, cases, evaluations }], { by }).flatMap((stratum) => {
    const pairs = pairsOf(stratum, undefined);
    if (pairs.length === 0) return [];
    requireComparable(stratum);
    const macroOf = (group: readonly EvaluationEntry[]): GroupMacro => {
      const members = group.map(({ evaluation }) => evaluation);
      const all = members.map((member) => samples.get(member)!);
      const values = { value: meanMacro(members), bySeed: seedMacros(members) };
      return { ...values, samples: macroSamples(all, all.map(() => true)) };
    };
    return correctMacros(pairs.map((pair) => comparePair(pair, { stratum, macroOf })));
  });
}

/** The macro AUROC in each resample. */
function decodeSamples(text: string): Float64Array {
  const bytes = Buffer.from(text, "base64");
  return Float64Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

function requireComparable(stratum: Stratum): void {
  const [first, ...others] = [...stratum.groups.values()].flat().map(({ evaluation }) => evaluation);
  const basis = ({ cases, macro }: Evaluation) => JSON.stringify([cases, macro.labels]);
  const other = others.find((each) => basis(each) !== basis(first!));
  if (other === undefined) return;
  throw new DataError(
    `runs ${first!.run} and ${other.run} were not scored on the same studies and labels (${stratumText(stratum)}); ` +
      "keep records of one test set and one set of labels only",
  );
}

function meanMacro(members: readonly Evaluation[]): number | null {
  const values = members.flatMap(({ macro }) => macro.auroc.value ?? []);
  return values.length < members.length ? null : values.reduce((sum, value) => sum + value / values.length, 0);
}

function seedMacros(members: readonly Evaluation[]): ReadonlyMap<number, number> {
  const means = new Map<number, number>();
  for (const [seed, own] of Map.groupBy(members, (member) => member.seed)) {
    const mean = meanMacro(own);
    if (mean !== null) means.set(seed, mean);
  }
  return means;
}

function seedDifferences(first: GroupMacro, second: GroupMacro): SeedDifference[] {
  return [...second.bySeed].flatMap(([seed, value]) => {
    const other = first.bySeed.get(seed);
    return other === undefined ? [] : [{ seed, value: value - other }];
  }).sort((a, b) => a.seed - b.seed);
}

function comparePair(
  [baseline, method]: readonly [string, string],
  { stratum, macroOf }: { stratum: Stratum; macroOf: (group: readonly EvaluationEntry[]) => GroupMacro },
): Comparison {
  const groups = withSharedSeeds(stratum.groups.get(baseline)!, stratum.groups.get(method)!);
  const [first, second] = [macroOf(groups[0]), macroOf(groups[1])];
  const differences = second.samples.map((value, b) => value - first.samples[b]!);
  const value = first.value === null || second.value === null ? null : second.value - first.value;
  const p = value === null ? null : bootstrapP(differences);
  const { view, labelledFraction, probe, latents, setting } = stratum;
  return {
    ...{ view, labelledFraction, probe, baseline, method },
    ...(latents === "none" ? {} : { latents }),
    ...(Object.keys(setting).length === 0 ? {} : { setting }),
    label: null,
    difference: percentileInterval(value, differences),
    bySeed: seedDifferences(first, second),
    ...{ p, pHolm: p, test: "paired-bootstrap" },
  };
}
