/**
 * The in-memory index of a data set: subjects, studies and images in columns.
 *
 * @module
 */
import type { DropLog, DropReason } from "./drop_log.ts";
import type { Demographics } from "../demographics/demographics.ts";
import type { BlankPolicy, TestLabels, UncertainPolicy } from "./labels.ts";
import type { StudyTexts } from "../text/study_texts.ts";
import type { DecodeMode, ImageSource } from "../image/image_source.ts";

/** The three splits, in the order of their codes. */
export const SPLITS = ["train", "validate", "test"] as const;
/** One of {@linkcode SPLITS}. */
export type Split = (typeof SPLITS)[number];

/** The kinds of data sets that can be read. */
export const DATASETS = [
  "phantoms",
  "mimic-cxr",
  "chexpert",
  "chexpert-plus",
  "openi",
  "padchest",
  "nih",
  "csv",
  "mnist-pairs",
  "polymnist",
] as const;
/** One of {@linkcode DATASETS}. */
export type DatasetName = (typeof DATASETS)[number];

/** How the images of a study are paired; see {@linkcode pairStudies}. */
export const PAIR_POLICIES = ["all-combinations", "one-frontal-one-lateral", "all-combinations-missing"] as const;
/** One of {@linkcode PAIR_POLICIES}. */
export type PairPolicy = (typeof PAIR_POLICIES)[number];

/** The policies applied to the data, as recorded with every result. */
export interface IndexPolicies {
  /** How uncertain labels are read. */
  uncertain: UncertainPolicy;
  /** How blank labels are read. */
  blank: BlankPolicy;
  /** How the images of a study are paired. */
  pairs: PairPolicy;
  /** `official`, `paper` or `file:NAME`. */
  splits: string;
  /** Seed of a random split. */
  splitSeed: number;
}

/** The properties a reader supplies; see {@linkcode StudyIndex}. */
export interface StudyIndexHeader {
  /** Kind of data set. */
  dataset: DatasetName;
  /** The directory that image paths are relative to. */
  root: string;
  /** True if the reader knows that no image shows a patient. */
  synthetic: boolean;
  /** True if the data set itself claims so. */
  claimsSynthetic?: boolean;
  /** Names of the views. */
  views: readonly string[];
  /** Names of the labels. */
  labels: readonly string[];
  /** Where the labels come from. */
  labelSource: string;
  /** How labels, pairs and splits are read. */
  policies: IndexPolicies;
  /** Where the images are. */
  source: ImageSource;
  /** Texts of the studies, if they were read. */
  texts?: StudyTexts | undefined;
  /** Age, sex and race of the patients, if a table has them. */
  demographics?: Demographics | undefined;
  /** A second set of labels of the test studies. */
  testLabels?: TestLabels | undefined;
}

/**
 * All studies of a data set, stored in columns: 377,110 images take tens of megabytes. Holds no pixels. Subjects,
 * studies and images are numbered from 0 in file order regardless of the policies, so an image number refers to the
 * same image in every run on the same files.
 */
export class StudyIndex {
  /** Kind of data set. */
  readonly dataset: DatasetName;
  /** The directory that image paths are relative to. */
  readonly root: string;
  /** Whether no image shows a patient. */
  readonly synthetic: boolean;
  /** Whether the data set itself claims that no image shows a patient. */
  readonly claimsSynthetic: boolean;
  /** Names of the views. */
  readonly views: readonly string[];
  /** Names of the labels. */
  readonly labels: readonly string[];
  /** Where the labels come from. */
  readonly labelSource: string;
  /** How labels, pairs and splits are read. */
  readonly policies: IndexPolicies;
  /** Where the images are. */
  readonly source: ImageSource;
  /** The studies' reports, if {@linkcode openDataset} was asked for texts and the data set has any. */
  texts: StudyTexts | undefined;
  /** Age, sex and race of the patients, as groups, if {@linkcode openDataset} found a table that has them. */
  demographics: Demographics | undefined;
  /** A second set of labels of the test studies, if {@linkcode openDataset} found one. */
  testLabels: TestLabels | undefined;
  /** What was excluded and why; the codes in `images.dropped` refer to it. */
  readonly drops: DropLog;
  /** Number of records in the image list, including unusable ones. */
  listed = 0;
  /** How the values of DICOM images are turned into gray: a window as `--window` takes it. */
  window = "full";
  /** How image files are decoded. */
  decode: DecodeMode = "exact";
  /** True once {@linkcode checkFiles} has run. */
  filesChecked = false;
  /** Columns of the patients. */
  readonly subjects: SubjectColumns;
  /** Columns of the studies. */
  readonly studies: StudyColumns;
  /** Columns of the images. */
  readonly images: ImageColumns;
  readonly #noted = new Set<string>();

  /** Made by a reader, through {@linkcode IndexBuilder}. */
  constructor(header: StudyIndexHeader, columns: IndexColumns, drops: DropLog) {
    this.dataset = header.dataset;
    this.root = header.root;
    this.synthetic = header.synthetic;
    this.claimsSynthetic = header.claimsSynthetic ?? header.synthetic;
    this.views = header.views;
    this.labels = header.labels;
    this.labelSource = header.labelSource;
    this.policies = header.policies;
    this.source = header.source;
    this.texts = header.texts;
    this.demographics = header.demographics;
    this.testLabels = header.testLabels;
    this.subjects = columns.subjects;
    this.studies = columns.studies;
    this.images = columns.images;
    this.drops = drops;
  }

  /** Excludes an image and logs the reason. If it is already excluded, the first reason is kept. */
  dropImage(image: number, reason: DropReason, example: string): void {
    if (this.images.dropped[image] !== 0) return;
    this.images.dropped[image] = this.drops.add(reason, example);
  }

  /**
   * Logs a warning about an image, once per reason, without excluding it.
   *
   * @throws {DataError} for a fault in strict mode.
   */
  noteImage(image: number, reason: DropReason & { kept: true }, example: string): void {
    const key = `${this.drops.code(reason)}:${image}`;
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.drops.add(reason, example);
  }

  /** Excludes a study and logs the reason. If it is already excluded, the first reason is kept. */
  dropStudy(study: number, reason: DropReason, example: string): void {
    if (this.studies.dropped[study] !== 0) return;
    this.studies.dropped[study] = this.drops.add(reason, example);
  }

  /** True if neither the image nor its study is excluded. */
  isKept(image: number): boolean {
    return this.images.dropped[image] === 0 && this.studies.dropped[this.images.study[image]!] === 0;
  }

  /** The split of a study's subject, or -1. */
  splitOfStudy(study: number): number {
    return this.subjects.split[this.studies.subject[study]!]!;
  }

  /** The label state of a study. */
  labelState(study: number, label: number): number {
    return this.studies.states[study * this.labels.length + label]!;
  }
}

/** One entry per subject (patient). */
export interface SubjectColumns {
  /** Number of entries. */
  count: number;
  /** Identifiers. */
  ids: string[];
  /** Index into {@linkcode SPLITS}, or -1. */
  split: Int8Array;
}

/** One entry per study. */
export interface StudyColumns {
  /** Number of entries. */
  count: number;
  /** Identifiers. */
  ids: string[];
  /** Patient of each study. */
  subject: Int32Array;
  /** Label states, study-major: `states[study * labels + label]`. */
  states: Uint8Array;
  /** 0 if kept, otherwise the drop log's code of the reason. */
  dropped: Uint8Array;
}

/** One entry per image. */
export interface ImageColumns {
  /** Number of entries. */
  count: number;
  /** Identifier: the DICOM id, or the path. */
  ids: string[];
  /** Study of each image. */
  study: Int32Array;
  /** Index into `views`, or -1 if the image shows none of them. */
  view: Int8Array;
  /** Code of the view position. */
  position: Uint8Array;
  /** The view positions by code (`AP`, `LL`, ``, ...). */
  positions: string[];
  /** 0 if kept, otherwise the drop log's code of the reason. */
  dropped: Uint8Array;
  /** File size in bytes and modification time in milliseconds; 0 until {@linkcode checkFiles} has run. */
  bytes: Float64Array;
  /** Modification time in milliseconds; 0 until {@linkcode checkFiles} has run. */
  modified: Float64Array;
}

/** All columns of an index. */
export interface IndexColumns {
  /** Columns of the patients. */
  subjects: SubjectColumns;
  /** Columns of the studies. */
  studies: StudyColumns;
  /** Columns of the images. */
  images: ImageColumns;
}

/** Collects rows and builds the columns. */
export class IndexBuilder {
  readonly #subjects = new Numbering();
  readonly #subjectSplit: number[] = [];
  readonly #studies = new Numbering();
  readonly #studySubject: number[] = [];
  readonly #images = new Numbering();
  readonly #imageStudy: number[] = [];
  readonly #imageView: number[] = [];
  readonly #imagePosition: number[] = [];
  readonly #positions = new Numbering();

  /** The number of a subject, assigned on first use. */
  subject(id: string): number {
    const subject = this.#subjects.number(id);
    if (subject === this.#subjectSplit.length) this.#subjectSplit.push(-1);
    return subject;
  }

  /** The number of a study, assigned on first use; `undefined` if the study belongs to another subject. */
  study(id: string, subject: number): number | undefined {
    const study = this.#studies.number(id);
    if (study === this.#studySubject.length) this.#studySubject.push(subject);
    return this.#studySubject[study] === subject ? study : undefined;
  }

  /** The number of a subject's study, assigned on first use; other subjects may have studies of the same name. */
  studyOfSubject(name: string, subject: number): number {
    const study = this.#studies.number(`${this.#subjects.ids[subject]}/${name}`, `${subject}/${name}`);
    if (study === this.#studySubject.length) this.#studySubject.push(subject);
    return study;
  }

  /** Adds an image and returns its number; `undefined` if the identifier is taken. */
  image(id: string, options: { study: number; view: number; position: string }): number | undefined {
    const image = this.#images.number(id);
    if (image < this.#imageStudy.length) return undefined;
    this.#imageStudy.push(options.study);
    this.#imageView.push(options.view);
    this.#imagePosition.push(this.#position(options.position));
    return image;
  }

  /** The number of a subject, if it was seen. */
  findSubject(id: string): number | undefined {
    return this.#subjects.find(id);
  }

  /** The number of a study, if it was seen. */
  findStudy(id: string): number | undefined {
    return this.#studies.find(id);
  }

  /** The number of an image, if it was seen. */
  findImage(id: string): number | undefined {
    return this.#images.find(id);
  }

  /** The study of an image. */
  studyOfImage(image: number): number {
    return this.#imageStudy[image]!;
  }

  /** The view of an image, or -1. */
  viewOfImage(image: number): number {
    return this.#imageView[image]!;
  }

  /** The subject of a study. */
  subjectOfStudy(study: number): number {
    return this.#studySubject[study]!;
  }

  /** The split of a subject, or -1 if not set yet. */
  split(subject: number): number {
    return this.#subjectSplit[subject]!;
  }

  /** Sets the split of a subject. */
  setSplit(subject: number, split: number): void {
    this.#subjectSplit[subject] = split;
  }

  #position(position: string): number {
    // The column may hold free text: all spellings after the first 200 share one code, so that codes fit a byte.
    const known = this.#positions.find(position);
    return known ?? this.#positions.number(this.#positions.ids.length < 200 ? position : "other");
  }

  /** The columns, with all labels blank and nothing dropped. */
  columns(labels: number): IndexColumns {
    const images = this.#images.ids.length;
    const studies = this.#studies.ids.length;
    return {
      subjects: {
        count: this.#subjects.ids.length,
        ids: this.#subjects.ids,
        split: Int8Array.from(this.#subjectSplit),
      },
      studies: {
        count: studies,
        ids: this.#studies.ids,
        subject: Int32Array.from(this.#studySubject),
        states: new Uint8Array(studies * labels),
        dropped: new Uint8Array(studies),
      },
      images: {
        count: images,
        ids: this.#images.ids,
        study: Int32Array.from(this.#imageStudy),
        view: Int8Array.from(this.#imageView),
        position: Uint8Array.from(this.#imagePosition),
        positions: this.#positions.ids,
        dropped: new Uint8Array(images),
        bytes: new Float64Array(images),
        modified: new Float64Array(images),
      },
    };
  }
}

/** Numbers identifiers from 0 in order of first appearance. */
class Numbering {
  readonly ids: string[] = [];
  readonly #numbers = new Map<string, number>();
  #lastKey: string | undefined;
  #lastNumber = 0;

  /** The number of an identifier, assigned on first use. Identifiers are distinguished by `key`. */
  number(id: string, key = id): number {
    const known = this.find(key);
    if (known !== undefined) return known;
    const number = this.ids.length;
    this.#numbers.set(key, number);
    this.ids.push(id);
    return number;
  }

  find(key: string): number | undefined {
    // Tables list a study's rows together, so the last identifier is likely to be looked up again.
    if (key === this.#lastKey) return this.#lastNumber;
    const number = this.#numbers.get(key);
    if (number !== undefined) {
      this.#lastKey = key;
      this.#lastNumber = number;
    }
    return number;
  }
}
