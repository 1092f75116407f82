import {
  BLANK_POLICIES,
  DATASETS,
  LABEL_SOURCES,
  type OpenDatasetOptions,
  PAIR_POLICIES,
  type SplitPolicy,
  UNCERTAIN_POLICIES,
} from "../../data/mod.ts";
import { choice, flag, integer, type OptionValues, path } from "./options.ts";

/** The flags by which any task reads data; what is not given has the data set's published default. */
export const DATA_OPTIONS = {
  dataset: choice(words(DATASETS), { help: "what the data are; recognised from the files when not given" }),
  labels: choice(words(LABEL_SOURCES), { help: "label source of MIMIC-CXR-JPG", default: "chexpert" }),
  uncertain: choice(words(UNCERTAIN_POLICIES), { help: "how uncertain labels are read", default: "zeros" }),
  blank: choice(words(BLANK_POLICIES), { help: "how blank labels are read", default: "zeros" }),
  pairs: choice(words(PAIR_POLICIES), { help: "how images of a study form pairs", default: "all-combinations" }),
  split: choice(["official", "paper"], { help: "the data set's own split, or 80/10/10 by patient" }),
  splitSeed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed of the split `paper`", default: 0 }),
  splitFile: path({ help: "CSV file with the columns subject and split, instead of --split", placeholder: "file" }),
  strict: flag({ help: "make every skip of bad input an error" }),
};

/** The options of {@linkcode openDataset} from the flags. */
export function datasetOptions(
  values: OptionValues<typeof DATA_OPTIONS>,
  root: string | undefined,
): OpenDatasetOptions {
  const splits: SplitPolicy | undefined = values.splitFile === undefined ? values.split : { file: values.splitFile };
  return {
    ...(values.dataset === undefined ? {} : { dataset: values.dataset }),
    ...(root === undefined ? {} : { root }),
    ...(splits === undefined ? {} : { splits }),
    labelSource: values.labels,
    uncertain: values.uncertain,
    blank: values.blank,
    pairs: values.pairs,
    splitSeed: values.splitSeed,
    strict: values.strict,
  };
}

function words<const T extends string>(list: readonly T[]): [T, ...T[]] {
  return [...list] as [T, ...T[]];
}
