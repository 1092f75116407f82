/**
 * Scores of subgroups by age, sex and race, and gaps between them.
 *
 * @module
 */
import { type Attribute, type Demographics, GROUPS } from "../../data/demographics/demographics.ts";
import { type BootstrapOptions, bootstrapRanked, macroSamples, percentileInterval } from "../metrics/bootstrap.ts";
import { bootstrapCounts } from "../metrics/bootstrap_counts.ts";
import { rankScores } from "../metrics/rank.ts";
import { aurocOfRanked } from "../metrics/roc.ts";
import type { Cases, Evaluation, Interval } from "../results/results.ts";
import type { SubgroupGap, SubgroupRecord, SubgroupScores } from "../results/subgroup_record.ts";

/**
 * Smallest groups that are reported: fewer patients could be recognised, and their scores say nothing. A rate needs as
 * many studies of its class.
 */
export const SUBGROUP_LIMITS = { subjects: 20, studies: 10 } as const;

/** The outcome of a case at the threshold; the cells that are counted are `group * 4 + outcome`. */
const OUTCOMES = 4;
const [TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_NEGATIVE] = [0, 1, 2, 3];

/** Input of {@linkcode withSubgroups}. */
export interface SubgroupOptions {
  /** The cases of the evaluations. */
  readonly cases: readonly Cases[];
  /** Identifiers of all studies, in the order of the demographics. */
  readonly studyIds: readonly string[];
  /** Groups of all studies; without them, evaluations are returned as they are. */
  readonly demographics: Demographics | undefined;
  /** Options of the confidence intervals. */
  readonly bootstrap?: BootstrapOptions | undefined;
}

/**
 * Adds the scores of subgroups to evaluations. A group's AUROC is among its own studies. Rates are at the threshold
 * that maximises F1 on the validation split, one for all groups, as in the evaluation's metrics. Intervals are of the
 * evaluation's bootstrap over all patients, so that a group's size varies between resamples as it would in another
 * sample.
 *
 * A gap is the difference between the groups with the highest and the lowest rate. With more than two groups they are
 * chosen on the data that measure them, which overstates the gap.
 */
export async function withSubgroups(
  evaluations: readonly Evaluation[],
  options: SubgroupOptions,
): Promise<Evaluation[]> {
  const { demographics, studyIds } = options;
  if (demographics === undefined) return [...evaluations];
  const numbers = new Map(studyIds.map((id, study) => [id, study]));
  const groupsOf = new Map(options.cases.map((cases) => {
    const studies = cases.studyIds.map((id) => numbers.get(id)!);
    return [
      cases.id,
      [...demographics.groups].map(([attribute, groups]) => ({
        attribute,
        groupOf: Int8Array.from(studies, (study) => groups[study]!),
      })),
    ];
  }));
  const scored: Evaluation[] = [];
  for (const evaluation of evaluations) {
    const cases = options.cases.find(({ id }) => id === evaluation.cases)!;
    const subgroups: SubgroupRecord[] = [];
    for (const grouping of groupsOf.get(cases.id)!) {
      subgroups.push(await scoreGroups(evaluation, { ...grouping, cases, bootstrap: options.bootstrap ?? {} }));
    }
    scored.push({ ...evaluation, subgroups });
  }
  return scored;
}

interface Grouping {
  readonly attribute: Attribute;
  /** Per case, its group, or -1. */
  readonly groupOf: Int8Array;
  readonly cases: Cases;
  readonly bootstrap: BootstrapOptions;
}

/** A rate of a group, on the cases and in each resample. */
interface Rate {
  readonly value: number;
  readonly samples: Float64Array;
}

/** The rates of a group by label; `null` where too few studies are of the class. */
type Rates = readonly (Rate | null)[];

async function scoreGroups(evaluation: Evaluation, grouping: Grouping): Promise<SubgroupRecord> {
  const { attribute, groupOf, cases } = grouping;
  const names = GROUPS[attribute];
  const present = names.map((_, group) => group).filter((group) => groupOf.includes(group));
  const subjectsOf = (group: number) => new Set(cases.subjectIds.filter((_, i) => groupOf[i] === group)).size;
  const shown = present.filter((group) => subjectsOf(group) >= SUBGROUP_LIMITS.subjects);
  const rates = ratesOf(evaluation, { ...grouping, groups: names.length });
  const groups: SubgroupScores[] = [];
  for (const group of present) {
    if (!shown.includes(group)) {
      groups.push({ group: names[group]!, studies: null, subjects: null, macro: null, labels: [] });
      continue;
    }
    groups.push({
      group: names[group]!,
      studies: groupOf.filter((one) => one === group).length,
      subjects: subjectsOf(group),
      ...await scoreGroup(evaluation, { ...grouping, group, rates: rates.map((one) => one[group]!) }),
    });
  }
  return {
    attribute,
    limits: SUBGROUP_LIMITS,
    unknown: groupOf.filter((group) => group < 0).length,
    groups,
    gaps: rates.flatMap((one, kind) =>
      gapsOf(evaluation, {
        rate: kind === 0 ? "true-positive" : "false-positive",
        groups: shown.map((group) => ({ name: names[group]!, rates: one[group]! })),
      })
    ),
  };
}

/** True and false positive rates by group and label. */
function ratesOf(evaluation: Evaluation, grouping: Grouping & { groups: number }): Rates[][] {
  const { groupOf, cases, bootstrap, groups } = grouping;
  const cells = groups * OUTCOMES;
  const columns = evaluation.metrics.map(({ threshold }, label) => {
    const scores = evaluation.scores[label] ?? null;
    return Int16Array.from(groupOf, (group, i) => {
      const truth = cases.labels[label]![i];
      if (group < 0 || truth === null || scores === null || threshold === null) return -1;
      const positive = scores[i]! >= threshold;
      const outcome = truth === 1
        ? (positive ? TRUE_POSITIVE : FALSE_NEGATIVE)
        : (positive ? FALSE_POSITIVE : TRUE_NEGATIVE);
      return group * OUTCOMES + outcome!;
    });
  });
  const counts = bootstrapCounts(cases.subjectIds, columns, { ...bootstrap, cells });
  return [[TRUE_POSITIVE!, FALSE_NEGATIVE!], [FALSE_POSITIVE!, TRUE_NEGATIVE!]].map(([hit, miss]) =>
    Array.from({ length: groups }, (_, group) =>
      columns.map((column, label) => {
        const [a, b] = [group * OUTCOMES + hit!, group * OUTCOMES + miss!];
        const hits = column.filter((cell) => cell === a).length;
        const all = hits + column.filter((cell) => cell === b).length;
        if (all < SUBGROUP_LIMITS.studies) return null;
        const drawn = counts[label]!;
        const samples = Float64Array.from(
          { length: drawn.length / cells },
          (_, k) => drawn[k * cells + a]! / (drawn[k * cells + a]! + drawn[k * cells + b]!),
        );
        return { value: hits / all, samples };
      }))
  );
}

async function scoreGroup(
  evaluation: Evaluation,
  { cases, groupOf, bootstrap, group, rates }: Grouping & { group: number; rates: readonly Rates[] },
): Promise<Pick<SubgroupScores, "macro" | "labels">> {
  const labels = cases.labels.map((truth) => truth.map((label, i) => groupOf[i] === group ? label : null));
  const count = (label: number, wanted: 0 | 1) => labels[label]!.filter((truth) => truth === wanted).length;
  const ranked = labels.map((truth, label) => {
    const scores = evaluation.scores[label] ?? null;
    const enough = Math.min(count(label, 0), count(label, 1)) >= SUBGROUP_LIMITS.studies;
    return scores === null || !enough ? null : rankScores(truth, scores);
  });
  const samples = await bootstrapRanked(cases.subjectIds, ranked, bootstrap);
  const values = ranked.map((one) => one && aurocOfRanked(one));
  const defined = values.filter((value) => value !== null);
  const mean = defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
  const included = values.map((value) => value !== null);
  const withheld = (label: number, wanted: 0 | 1) =>
    count(label, wanted) >= SUBGROUP_LIMITS.studies ? count(label, wanted) : null;
  return {
    macro: mean === null ? null : percentileInterval(mean, macroSamples(samples.auroc, included)),
    labels: evaluation.metrics.map(({ label }, l) => ({
      label,
      positives: withheld(l, 1),
      negatives: withheld(l, 0),
      auroc: values[l] === null ? null : percentileInterval(values[l]!, samples.auroc[l]!),
      truePositiveRate: intervalOf(rates[0]![l]!),
      falsePositiveRate: intervalOf(rates[1]![l]!),
    })),
  };
}

function intervalOf(rate: Rate | null): Interval | null {
  return rate && percentileInterval(rate.value, rate.samples);
}

/** The gaps of one rate: of the mean over labels first, then of each label that two groups have. */
function gapsOf(
  evaluation: Evaluation,
  { rate, groups }: { rate: SubgroupGap["rate"]; groups: readonly { name: string; rates: Rates }[] },
): SubgroupGap[] {
  const labels = evaluation.metrics.map(({ label }) => label);
  const gap = (label: string | null, named: readonly { name: string; rate: Rate }[]): SubgroupGap[] => {
    if (named.length < 2) return [];
    const sorted = [...named].sort((a, b) => b.rate.value - a.rate.value);
    const [high, low] = [sorted[0]!, sorted.at(-1)!];
    const samples = high.rate.samples.map((value, b) => value - low.rate.samples[b]!);
    const difference = percentileInterval(high.rate.value - low.rate.value, samples);
    return [{ label, rate, high: high.name, low: low.name, difference }];
  };
  const shared = labels.map((_, l) => l).filter((l) => groups.every(({ rates }) => rates[l] !== null));
  const means = shared.length === 0
    ? []
    : groups.map(({ name, rates }) => ({ name, rate: meanRate(shared.map((l) => rates[l]!)) }));
  return [
    ...gap(null, means),
    ...labels.flatMap((label, l) =>
      gap(
        label,
        groups.flatMap(({ name, rates }) => {
          const one = rates[l];
          return one ? [{ name, rate: one }] : [];
        }),
      )
    ),
  ];
}

function meanRate(rates: readonly Rate[]): Rate {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    value: mean(rates.map(({ value }) => value)),
    samples: rates[0]!.samples.map((_, b) => mean(rates.map(({ samples }) => samples[b]!))),
  };
}
