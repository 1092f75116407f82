/**
 * Options shared by all data set readers.
 *
 * @module
 */
import type { IndexPolicies } from "../index/study_index.ts";
import type { SplitPolicy } from "../index/splits.ts";
import type { TextSelection } from "../text/study_texts.ts";

/**
 * Source of the labels. `test-set`: CheXpert labeler, except for the test split, which consists of the 687 studies
 * labelled by radiologists.
 */
export const LABEL_SOURCES = ["chexpert", "negbio", "test-set"] as const;
/** One of {@linkcode LABEL_SOURCES}. */
export type LabelSource = (typeof LABEL_SOURCES)[number];

/** The options passed to a reader, with defaults applied. */
export interface ReadOptions {
  labelSource: LabelSource;
  policies: IndexPolicies;
  splits: SplitPolicy;
  strict: boolean;
  /** Whether to trust a data set's claim that it shows no patients. */
  trustSynthetic: boolean;
  /** Whether to read reports, which sections of them, and from where if not from the data directory. */
  texts: { read: boolean; selection: TextSelection | undefined; reports: string | undefined };
  followLinks: boolean;
  signal?: AbortSignal | undefined;
}
