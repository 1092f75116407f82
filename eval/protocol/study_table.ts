/**
 * The protocol's view of the data: studies with patients, splits and labels, and latents by pair; no pixels and no
 * model.
 *
 * @module
 */
import { labelledSubset } from "../../data/index/subsets.ts";
import { DataError } from "../../base/errors.ts";
import { labelValue } from "../../data/index/labels.ts";
import { pairsOfSplit, type PairTable } from "../../data/index/pairs.ts";
import { type Split, SPLITS, type StudyIndex } from "../../data/index/study_index.ts";
import type { Cases } from "../results/results.ts";

/** Studies as columns, each indexed by study number. */
export interface StudyTable {
  /** Study identifiers. */
  readonly studyIds: readonly string[];
  /** Patient identifiers. */
  readonly subjectIds: readonly string[];
  /** View position of a study's first image of the first view (`AP`, `PA`, ...), or an empty string. */
  readonly viewPositions: readonly string[];
  /** Index into `SPLITS` (train, validate, test), or -1. */
  readonly splits: Int8Array;
  /** Names of the labels. */
  readonly labels: readonly string[];
  /** Per label and study: 1, 0, or -1 if the label policy ignores it. */
  readonly targets: readonly Int8Array[];
  /**
   * Training studies of a labelled fraction of the patients. Subsets of one seed are nested (5% is contained in 10%);
   * all classifiers that are compared must use the same subset.
   */
  readonly labelledStudies: (options: { fraction: number; seed: number }) => Iterable<number>;
}

/** Latents of one view: one row per pair that has the view. */
export interface ViewLatents {
  /** Name of the view, or `joint` for latents of all views. */
  readonly view: string;
  /** Row-major, `pairs x dimension`: posterior means, encoded in evaluation mode. */
  readonly values: Float32Array;
  /** Length of a latent. */
  readonly dimension: number;
  /** Per row, its study number. */
  readonly study: Int32Array;
}

/** Builds the table of an index. Labelled subsets are the same as those of supervised training. */
export function studyTable(index: StudyIndex, pairs: PairTable): StudyTable {
  const { studies, images, subjects } = index;
  const viewPositions = new Array<string>(studies.count).fill("");
  for (let image = images.count - 1; image >= 0; image--) {
    // In reverse, so that the first usable image of the first view determines the view position.
    if (index.isKept(image) && images.view[image] === 0) {
      viewPositions[images.study[image]!] = images.positions[images.position[image]!]!;
    }
  }
  const trainPairs = pairsOfSplit(index, pairs, "train");
  return {
    studyIds: studies.ids,
    subjectIds: Array.from(studies.subject, (subject) => subjects.ids[subject]!),
    viewPositions,
    splits: Int8Array.from({ length: studies.count }, (_, study) => index.splitOfStudy(study)),
    labels: index.labels,
    targets: index.labels.map((_, label) =>
      Int8Array.from(
        { length: studies.count },
        (_, study) => labelValue(index.labelState(study, label), index.policies) ?? -1,
      )
    ),
    labelledStudies: (options) => new Set(labelledSubset(index, trainPairs, options).study),
  };
}

/** Code of a split as in {@linkcode StudyTable}`.splits`. */
export function splitCode(split: Split): number {
  return SPLITS.indexOf(split);
}

/** The distinct studies of a split for which a view has latents, ascending. */
export function studiesWithLatents(table: StudyTable, latents: ViewLatents, split: Split): Int32Array {
  const code = splitCode(split);
  return Int32Array.from(new Set(latents.study.filter((study) => table.splits[study] === code))).sort();
}

/** Builds the cases record of some studies for results.json. */
export function casesOf(table: StudyTable, studies: Int32Array, { id, split }: { id: string; split: Split }): Cases {
  const pick = (column: readonly string[]) => Array.from(studies, (study) => column[study]!);
  return {
    id,
    split,
    studyIds: pick(table.studyIds),
    subjectIds: pick(table.subjectIds),
    viewPositions: pick(table.viewPositions),
    labels: table.targets.map((target) => Array.from(studies, (study) => labelOf(target[study]!))),
  };
}

/** Converts a target to a label of results.json. */
export function labelOf(target: number): 0 | 1 | null {
  return target === 1 ? 1 : target === 0 ? 0 : null;
}

/**
 * Checks that latents are finite and match the table.
 *
 * @param run Name of the run, for messages.
 * @throws DataError naming run, view, study and dimension of the first NaN or infinite latent, or the mismatch.
 */
export function checkLatents(table: StudyTable, { view, values, dimension, study }: ViewLatents, run: string): void {
  if (values.length !== study.length * dimension) {
    throw new DataError(
      `run ${run}: ${study.length} ${view} latents of ${dimension} dimensions do not make ${values.length} numbers; ` +
        "encode again",
    );
  }
  for (const number of study) {
    if (!(number >= 0 && number < table.studyIds.length)) {
      throw new DataError(
        `run ${run}: a ${view} latent is of study number ${number}, but there are ${table.studyIds.length} studies`,
      );
    }
  }
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    const row = Math.floor(at / dimension);
    throw new DataError(
      `run ${run}: dimension ${at % dimension} of the ${view} latent of study ${table.studyIds[study[row]!]} is ${
        values[at]
      }; every latent must be a finite number, so the training has diverged or its checkpoint is damaged`,
    );
  }
}
