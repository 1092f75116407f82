import { type DropLog, type DropReason } from "./drop_log.ts";
import type { BlankPolicy, UncertainPolicy } from "./labels.ts";
import type { ImageSource } from "../image/image_source.ts";

/** The three splits, in the order of their codes. */
export const SPLITS = ["train", "validate", "test"] as const;
export type Split = (typeof SPLITS)[number];

export const DATASETS = ["phantoms", "mimic-cxr", "chexpert", "csv", "mnist-pairs"] as const;
export type DatasetName = (typeof DATASETS)[number];

/** How images of a study become pairs; see {@linkcode pairStudies}. */
export const PAIR_POLICIES = ["all-combinations", "one-frontal-one-lateral", "all-combinations-missing"] as const;
export type PairPolicy = (typeof PAIR_POLICIES)[number];

/** How the data are read, as recorded with every result. */
export interface IndexPolicies {
  uncertain: UncertainPolicy;
  blank: BlankPolicy;
  pairs: PairPolicy;
  /** `official`, `paper` or `file:NAME`. */
  splits: string;
  splitSeed: number;
}

/** What a reader fills in; see {@linkcode StudyIndex}. */
export interface StudyIndexHeader {
  dataset: DatasetName;
  /** The directory that image paths are relative to. */
  root: string;
  /** True where no picture shows a patient, as far as the reader knows itself. */
  synthetic: boolean;
  /** True where the data set says so of itself. */
  claimsSynthetic?: boolean;
  views: readonly string[];
  labels: readonly string[];
  labelSource: string;
  policies: IndexPolicies;
  source: ImageSource;
}

/**
 * All studies of a data set, in columns: 377,110 images take tens of megabytes. It holds no pixels. Subjects, studies
 * and images are numbered from 0 in the order in which the files list them, whatever the policies, so that an image
 * number means the same image in every run on the same files.
 */
export class StudyIndex {
  readonly dataset: DatasetName;
  readonly root: string;
  readonly synthetic: boolean;
  readonly claimsSynthetic: boolean;
  readonly views: readonly string[];
  readonly labels: readonly string[];
  readonly labelSource: string;
  readonly policies: IndexPolicies;
  readonly source: ImageSource;
  /** What was left out and why; the codes in `images.dropped` refer to it. */
  readonly drops: DropLog;
  /** Records of the image list, unusable ones included. */
  listed = 0;
  /** True once {@linkcode checkFiles} has looked for the image files. */
  filesChecked = false;
  readonly subjects: SubjectColumns;
  readonly studies: StudyColumns;
  readonly images: ImageColumns;
  readonly #noted = new Set<string>();

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
    this.subjects = columns.subjects;
    this.studies = columns.studies;
    this.images = columns.images;
    this.drops = drops;
  }

  /** Leaves an image out from now on, counted and named; the first reason stays. */
  dropImage(image: number, reason: DropReason, example: string): void {
    if (this.images.dropped[image] !== 0) return;
    this.images.dropped[image] = this.drops.add(reason, example);
  }

  /**
   * Counts and names an image that stays in, once for each reason.
   *
   * @throws {DataError} for a fault when strict.
   */
  noteImage(image: number, reason: DropReason & { kept: true }, example: string): void {
    const key = `${this.drops.code(reason)}:${image}`;
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.drops.add(reason, example);
  }

  /** Leaves a study out from now on, counted and named; the first reason stays. */
  dropStudy(study: number, reason: DropReason, example: string): void {
    if (this.studies.dropped[study] !== 0) return;
    this.studies.dropped[study] = this.drops.add(reason, example);
  }

  /** True while neither the image nor its study was left out. */
  isKept(image: number): boolean {
    return this.images.dropped[image] === 0 && this.studies.dropped[this.images.study[image]!] === 0;
  }

  /** The split of a study: that of its subject. -1: none. */
  splitOfStudy(study: number): number {
    return this.subjects.split[this.studies.subject[study]!]!;
  }

  /** The label state of a study. */
  labelState(study: number, label: number): number {
    return this.studies.states[study * this.labels.length + label]!;
  }
}

/** One entry a subject (patient). */
export interface SubjectColumns {
  count: number;
  ids: string[];
  /** Index into {@linkcode SPLITS}, or -1. */
  split: Int8Array;
}

/** One entry a study. */
export interface StudyColumns {
  count: number;
  ids: string[];
  subject: Int32Array;
  /** Label states, study-major: `states[study * labels + label]`. */
  states: Uint8Array;
  /** 0: kept; else a code of the drop log. */
  dropped: Uint8Array;
}

/** One entry an image. */
export interface ImageColumns {
  count: number;
  /** Identifier: the DICOM id, or the path. */
  ids: string[];
  study: Int32Array;
  /** Index into `views`, or -1 where the image shows no view that is used. */
  view: Int8Array;
  /** Code of the view position. */
  position: Uint8Array;
  /** The view positions by code (`AP`, `LL`, ``, ...). */
  positions: string[];
  /** 0: kept; else a code of the drop log. */
  dropped: Uint8Array;
  /** File size in bytes and modification time in milliseconds; 0 until files are checked. */
  bytes: Float64Array;
  modified: Float64Array;
}

export interface IndexColumns {
  subjects: SubjectColumns;
  studies: StudyColumns;
  images: ImageColumns;
}

/** Collects rows and turns them into columns. */
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

  /** The number of a subject, made when new. */
  subject(id: string): number {
    const subject = this.#subjects.number(id);
    if (subject === this.#subjectSplit.length) this.#subjectSplit.push(-1);
    return subject;
  }

  /** The number of a study, made when new; `undefined` where the study is already another subject's. */
  study(id: string, subject: number): number | undefined {
    const study = this.#studies.number(id);
    if (study === this.#studySubject.length) this.#studySubject.push(subject);
    return this.#studySubject[study] === subject ? study : undefined;
  }

  /** The number of a subject's study, made when new; other subjects may have studies of the same name. */
  studyOfSubject(name: string, subject: number): number {
    const study = this.#studies.number(`${this.#subjects.ids[subject]}/${name}`, `${subject}/${name}`);
    if (study === this.#studySubject.length) this.#studySubject.push(subject);
    return study;
  }

  /** Adds an image and returns its number; `undefined` where the identifier is taken. */
  image(id: string, options: { study: number; view: number; position: string }): number | undefined {
    const image = this.#images.number(id);
    if (image < this.#imageStudy.length) return undefined;
    this.#imageStudy.push(options.study);
    this.#imageView.push(options.view);
    this.#imagePosition.push(this.#position(options.position));
    return image;
  }

  findSubject(id: string): number | undefined {
    return this.#subjects.find(id);
  }

  findStudy(id: string): number | undefined {
    return this.#studies.find(id);
  }

  findImage(id: string): number | undefined {
    return this.#images.find(id);
  }

  studyOfImage(image: number): number {
    return this.#imageStudy[image]!;
  }

  viewOfImage(image: number): number {
    return this.#imageView[image]!;
  }

  subjectOfStudy(study: number): number {
    return this.#studySubject[study]!;
  }

  /** The split of a subject, -1 while unknown. */
  split(subject: number): number {
    return this.#subjectSplit[subject]!;
  }

  setSplit(subject: number, split: number): void {
    this.#subjectSplit[subject] = split;
  }

  #position(position: string): number {
    // Free text in the column must not overflow the code: everything past 200 spellings is one.
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

/** Numbers identifiers from 0 in the order in which they come. */
class Numbering {
  readonly ids: string[] = [];
  readonly #numbers = new Map<string, number>();
  #lastKey: string | undefined;
  #lastNumber = 0;

  /** The number of an identifier, the next one when it is new. Identifiers are told apart by `key`. */
  number(id: string, key = id): number {
    const known = this.find(key);
    if (known !== undefined) return known;
    const number = this.ids.length;
    this.#numbers.set(key, number);
    this.ids.push(id);
    return number;
  }

  find(key: string): number | undefined {
    // Tables list a study's rows together, so the last one is asked for again more often than not.
    if (key === this.#lastKey) return this.#lastNumber;
    const number = this.#numbers.get(key);
    if (number !== undefined) {
      this.#lastKey = key;
      this.#lastNumber = number;
    }
    return number;
  }
}
