/**
 * The description of the data in `results.json`: the cohort, the splits, the labels and the texts, in counts.
 *
 * @module
 */
import type { LabelAgreement } from "./label_set_record.ts";

/** What a run makes of the texts: its view of them and its vocabulary. */
export interface TextViewRecord {
  /** Name of the view. */
  view: string;
  /** Number of different tokens. */
  vocabulary: number;
  /** Tokens of a text, its end included. */
  length: number;
  /** By split: texts and their words, words that are not in the vocabulary, and texts that `length` cuts. */
  splits: {
    split: string;
    texts: number;
    words: number;
    unknown: number;
    cut: number;
  }[];
}

/** What the runs were trained and evaluated on. */
export interface DataRecord {
  /** `phantoms`, `mimic-cxr`, `chexpert`, `csv`, `mnist-pairs`. */
  dataset: string;
  /** True if no picture shows a patient (phantoms, MNIST), so that pictures may be embedded. */
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
  /** The cohort flow: the size after each selection step, and the reason for the exclusions. */
  cohort: {
    step: string;
    reason: string;
    images: number;
    studies: number;
    subjects: number;
  }[];
  /** Numbers of patients, studies and pairs by split. */
  splits: {
    split: string;
    subjects: number;
    studies: number;
    pairs: number;
  }[];
  /** Label states by split, counted by study. */
  prevalence: {
    label: string;
    split: string;
    positive: number;
    negative: number;
    uncertain: number;
    blank: number;
  }[];
  /** Images by view, view position and split. */
  viewMix: {
    view: string;
    position: string;
    split: string;
    images: number;
  }[];
  /** Number of patients shared by two splits; must be zero. */
  patientOverlap: {
    a: string;
    b: string;
    subjects: number;
  }[];
  /** The studies' reports; absent if none were read. */
  texts?: TextRecord | undefined;
  /** What a run with a view of texts makes of them. */
  textView?: TextViewRecord | undefined;
  /** How far a second label set of the test studies agrees with the first; absent without one. */
  labelAgreement?: LabelAgreement | undefined;
}

/** What was found of texts, counted by study. */
export interface TextCountRecord {
  /** Number of studies. */
  studies: number;
  /** Studies with a text. */
  texts: number;
  /** Number of texts by the section that they were taken from. */
  origins: Record<string, number>;
  /** Studies without a report. */
  noReport: number;
  /** Studies whose report lacks the section. */
  noSection: number;
  /** Studies whose file holds several reports. */
  severalReports: number;
  /** Studies whose report has an addendum. */
  addenda: number;
}

/** Where the studies' texts come from and how long they are. */
export interface TextRecord {
  /** The sections that were asked for. */
  section: string;
  /** What was found for all studies listed, whether or not they have images. */
  listed: TextCountRecord;
  /** What was found for the studies in pairs. */
  counts: TextCountRecord;
  /** Number of words of a text, by split; absent for a split without texts. */
  lengths: {
    split: string;
    texts: number;
    min?: number | undefined;
    median?: number | undefined;
    mean?: number | undefined;
    p95?: number | undefined;
    max?: number | undefined;
  }[];
}
