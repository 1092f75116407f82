import type { IndexPolicies } from "../index/study_index.ts";
import type { SplitPolicy } from "../index/splits.ts";

/**
 * Where labels come from. `test-set`: CheXpert's, but the test split has the 687 studies that radiologists labelled.
 */
export const LABEL_SOURCES = ["chexpert", "negbio", "test-set"] as const;
export type LabelSource = (typeof LABEL_SOURCES)[number];

/** The options as a reader gets them. */
export interface ReadOptions {
  labelSource: LabelSource;
  policies: IndexPolicies;
  splits: SplitPolicy;
  strict: boolean;
  /** Whether a data set's own word that it shows no patients is taken. */
  trustSynthetic: boolean;
  signal?: AbortSignal | undefined;
}
