/**
 * Summaries of a data set, for results files and for `deno task data`.
 *
 * @module
 */
import { type CohortStep, cohortTable, dropEntries } from "./cohort.ts";
import { GROUPS } from "../demographics/demographics.ts";
import { describeTexts, type TextDescription } from "./describe_texts.ts";
import { LABEL_STATES } from "./labels.ts";
import { pairsOfSplit, type PairTable, studiesOfPairs } from "./pairs.ts";
import { patientOverlap } from "./splits.ts";
import { SPLITS, type StudyIndex } from "./study_index.ts";
import { subjectsOfPairs } from "./subsets.ts";

/** The data a run was trained and evaluated on: the `data` record of results.json. */
export interface DataDescription {
  /** Kind of data set. */
  dataset: string;
  /** Whether no image shows a patient. */
  synthetic: boolean;
  /** Names of the views. */
  views: string[];
  /** Names of the labels. */
  labels: string[];
  /** Where the labels come from. */
  labelSource: string;
  /** How uncertain labels are read. */
  uncertainPolicy: string;
  /** How blank labels are read. */
  blankPolicy: string;
  /** How patients are split. */
  splitPolicy: string;
  /** How the images of a study are paired. */
  pairPolicy: string;
  /** Side of the square images in pixels. */
  imageSize: number;
  /** Size after each selection step. */
  cohort: CohortStep[];
  /** Numbers of patients, studies and pairs by split. */
  splits: { split: string; subjects: number; studies: number; pairs: number }[];
  /** Label states by label and split, counted by study. */
  prevalence: ({ label: string; split: string } & StateCounts)[];
  /** Images by view, view position and split. */
  viewMix: { view: string; position: string; split: string; images: number }[];
  /** Number of patients shared by two splits; must be zero. */
  patientOverlap: { a: string; b: string; subjects: number }[];
  /** Absent if no texts were read. */
  texts?: TextDescription;
}

/** Number of studies by label state. */
export interface StateCounts {
  /** Number of positive studies. */
  positive: number;
  /** Number of negative studies. */
  negative: number;
  /** Number of uncertain studies. */
  uncertain: number;
  /** Number of studies without an entry. */
  blank: number;
}

/** Describes an index and its pairs. Only studies and images used by the pairs are counted. */
export function describeIndex(index: StudyIndex, options: { pairs: PairTable; imageSize: number }): DataDescription {
  const { pairs } = options;
  const texts = describeTexts(index, pairs);
  const bySplit = SPLITS.map((split) => ({ split, pairs: pairsOfSplit(index, pairs, split) }));
  return {
    dataset: index.dataset,
    synthetic: index.synthetic,
    views: [...index.views],
    labels: [...index.labels],
    labelSource: index.labelSource,
    uncertainPolicy: index.policies.uncertain,
    blankPolicy: index.policies.blank,
    splitPolicy: index.policies.splits,
    pairPolicy: index.policies.pairs,
    imageSize: options.imageSize,
    cohort: cohortTable(index, pairs),
    splits: bySplit.map(({ split, pairs }) => ({ split, ...countPairs(index, pairs) })),
    prevalence: bySplit.flatMap(({ split, pairs }) =>
      [...labelCounts(index, pairs)].map(([label, counts]) => ({ label, split, ...counts }))
    ),
    viewMix: bySplit.flatMap(({ split, pairs }) => viewMix(index, pairs).map((entry) => ({ ...entry, split }))),
    patientOverlap: patientOverlap(index, studiesOfPairs(pairs)),
    ...(texts === undefined ? {} : { texts }),
  };
}

/** The output of `deno task data --json`. */
export interface DataSummary {
  /** Listed images, and those that can be used. */
  images: { listed: number; usable: number };
  /** Number of patients. */
  subjects: number;
  /** Number of studies. */
  studies: number;
  /** Number of pairs. */
  pairs: number;
  /** Usable images by view. */
  views: Record<string, number>;
  /** Numbers of patients, studies and pairs by split. */
  splits: Record<string, { subjects: number; studies: number; pairs: number }>;
  /** What was excluded, by reason. */
  dropped: { reason: string; count: number; examples: string[] }[];
  /** Label states over the kept studies. */
  labels: Record<string, StateCounts>;
  /** Absent if the data set has no reports. */
  texts?: TextDescription;
  /** Age, sex and race as groups; absent if no table has them. */
  demographics?: GroupSummary;
  /** The second label set of test studies; absent without one. */
  testLabels?: SecondLabelSummary;
}

/** Groups of patients, counted by study. */
export interface GroupSummary {
  /** Names of the files that have them. */
  source: string;
  /** Number of studies by attribute and group, those of no known group as `unknown`. */
  groups: Record<string, Record<string, number>>;
}

/** A second label set, on the test studies that have it. */
export interface SecondLabelSummary {
  /** Where it comes from. */
  source: string;
  /** Test studies that have it. */
  studies: number;
  /** Its label states. */
  labels: Record<string, StateCounts>;
}

/** Counts the listed images, and the subjects, studies, pairs and labels that the policies keep. */
export function summarizeIndex(index: StudyIndex, pairs: PairTable): DataSummary {
  const { images } = index;
  const views = index.views.map(() => 0);
  const texts = describeTexts(index, pairs);
  let usable = 0;
  for (let image = 0; image < images.count; image++) {
    if (images.dropped[image] !== 0) continue;
    usable++;
    const view = images.view[image]!;
    if (view >= 0) views[view]!++;
  }
  return {
    images: { listed: index.listed, usable },
    ...countPairs(index, pairs),
    views: Object.fromEntries(index.views.map((view, i) => [view, views[i]!])),
    splits: Object.fromEntries(SPLITS.map((split) => [split, countPairs(index, pairsOfSplit(index, pairs, split))])),
    dropped: dropEntries(index, pairs).map(({ reason, count, examples }) => ({ reason, count, examples })),
    labels: Object.fromEntries(labelCounts(index, pairs)),
    ...(texts === undefined ? {} : { texts }),
    ...(index.demographics ? { demographics: groupSummary(index, pairs) } : {}),
    ...(index.testLabels ? { testLabels: secondLabels(index, pairs) } : {}),
  };
}

function groupSummary(index: StudyIndex, pairs: PairTable): GroupSummary {
  const { source, groups } = index.demographics!;
  const studies = studiesOfPairs(pairs);
  return {
    source,
    groups: Object.fromEntries([...groups].map(([attribute, own]) => {
      const counts = Object.fromEntries([...GROUPS[attribute], "unknown"].map((name) => [name, 0]));
      for (const study of studies) counts[GROUPS[attribute][own[study]!] ?? "unknown"]!++;
      return [attribute, counts];
    })),
  };
}

function secondLabels(index: StudyIndex, pairs: PairTable): SecondLabelSummary {
  const { source, labelled, states } = index.testLabels!;
  const studies = [...studiesOfPairs(pairsOfSplit(index, pairs, "test"))].filter((study) => labelled[study] === 1);
  const { length } = index.labels;
  const labels = countStates(index, { studies, stateOf: (study, label) => states[study * length + label]! });
  return { source, studies: studies.length, labels: Object.fromEntries(labels) };
}

function countPairs(index: StudyIndex, pairs: PairTable): { subjects: number; studies: number; pairs: number } {
  return {
    subjects: subjectsOfPairs(index, pairs).length,
    studies: studiesOfPairs(pairs).length,
    pairs: pairs.count,
  };
}

function labelCounts(index: StudyIndex, pairs: PairTable): Map<string, StateCounts> {
  return countStates(index, {
    studies: studiesOfPairs(pairs),
    stateOf: (study, label) => index.labelState(study, label),
  });
}

function countStates(
  index: StudyIndex,
  { studies, stateOf }: { studies: Iterable<number>; stateOf: (study: number, label: number) => number },
): Map<string, StateCounts> {
  return new Map(index.labels.map((label, i) => {
    const states = new Uint32Array(4);
    for (const study of studies) states[stateOf(study, i)]!++;
    const count = (state: keyof typeof LABEL_STATES) => states[LABEL_STATES[state]]!;
    return [label, {
      positive: count("positive"),
      negative: count("negative"),
      uncertain: count("uncertain"),
      blank: count("blank"),
    }];
  }));
}

function viewMix(index: StudyIndex, pairs: PairTable): { view: string; position: string; images: number }[] {
  const used = new Set<number>();
  for (const image of pairs.images) if (image >= 0) used.add(image);
  const counts = new Map<string, { view: string; position: string; images: number }>();
  for (const image of used) {
    const view = index.views[index.images.view[image]!]!;
    const position = index.images.positions[index.images.position[image]!]!;
    const key = `${view}\n${position}`;
    const entry = counts.get(key) ?? { view, position, images: 0 };
    entry.images++;
    counts.set(key, entry);
  }
  return [...counts.values()].sort((a, b) => a.view.localeCompare(b.view) || a.position.localeCompare(b.position));
}
