/**
 * The chest X-ray findings, their label states, and the policies for uncertain and blank labels.
 *
 * @module
 */
import { isMissing } from "./cells.ts";

/** The 14 findings of MIMIC-CXR-JPG and CheXpert, in the order of MIMIC-CXR-JPG's files. */
export const CHEST_LABELS: readonly string[] = [
  "Atelectasis",
  "Cardiomegaly",
  "Consolidation",
  "Edema",
  "Enlarged Cardiomediastinum",
  "Fracture",
  "Lung Lesion",
  "Lung Opacity",
  "No Finding",
  "Pleural Effusion",
  "Pleural Other",
  "Pneumonia",
  "Pneumothorax",
  "Support Devices",
];

/** Other spellings of a label's column: MIMIC-CXR-JPG's test-set file says "Airspace Opacity". */
export const LABEL_ALIASES: Readonly<Record<string, string>> = { "Airspace Opacity": "Lung Opacity" };

/** The state of a finding in a label file. */
export const LABEL_STATES = { blank: 0, positive: 1, negative: 2, uncertain: 3 } as const;
/** One of {@linkcode LABEL_STATES}: 0 blank, 1 positive, 2 negative, 3 uncertain. */
export type LabelState = (typeof LABEL_STATES)[keyof typeof LABEL_STATES];

/**
 * How uncertain labels (-1) are treated: as negative (`zeros`, as published), positive (`ones`) or missing (`ignore`).
 */
export type UncertainPolicy = "zeros" | "ones" | "ignore";
/** How blank labels are treated: as negative (`zeros`, as published) or missing (`ignore`). */
export type BlankPolicy = "zeros" | "ignore";

/** The policies for uncertain labels. */
export const UNCERTAIN_POLICIES: readonly UncertainPolicy[] = ["zeros", "ones", "ignore"];
/** The policies for blank labels. */
export const BLANK_POLICIES: readonly BlankPolicy[] = ["zeros", "ignore"];

const WORDS: Readonly<Record<string, LabelState>> = {
  true: LABEL_STATES.positive,
  t: LABEL_STATES.positive,
  yes: LABEL_STATES.positive,
  y: LABEL_STATES.positive,
  positive: LABEL_STATES.positive,
  false: LABEL_STATES.negative,
  f: LABEL_STATES.negative,
  no: LABEL_STATES.negative,
  n: LABEL_STATES.negative,
  negative: LABEL_STATES.negative,
  uncertain: LABEL_STATES.uncertain,
};

/**
 * Parses a cell of a label file: the numbers 1, 0 and -1 in any notation (`1`, `1.0`, `+1`, `1e0`, `1,00`), `True`,
 * `False`, `yes`, `no` and the like in any case, or nothing (also written `nan`, `NA`, `None`). Returns `undefined` for
 * anything else.
 */
export function parseLabelState(cell: string): LabelState | undefined {
  const text = cell.trim().toLowerCase();
  if (isMissing(text)) return LABEL_STATES.blank;
  if (Object.hasOwn(WORDS, text)) return WORDS[text];
  // A decimal comma, and the minus sign that word processors write.
  const number = text.replace(",", ".").replace("\u2212", "-");
  if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?$/.test(number)) return undefined;
  switch (Number(number)) {
    case 1:
      return LABEL_STATES.positive;
    case 0:
      return LABEL_STATES.negative;
    case -1:
      return LABEL_STATES.uncertain;
    default:
      return undefined;
  }
}

/** The target value for a classifier: 1, 0, or `null` if the policy ignores the label. */
export function labelValue(
  state: number,
  policies: { uncertain: UncertainPolicy; blank: BlankPolicy },
): 0 | 1 | null {
  if (state === LABEL_STATES.positive) return 1;
  if (state === LABEL_STATES.negative) return 0;
  if (state === LABEL_STATES.blank) return policies.blank === "zeros" ? 0 : null;
  return policies.uncertain === "zeros" ? 0 : policies.uncertain === "ones" ? 1 : null;
}

/** Labels of some studies besides those of the index. */
export interface TestLabels {
  /** `radiologists`, or the name of the file without its folder. */
  readonly source: string;
  /** 1 for the studies that have them. */
  readonly labelled: Uint8Array;
  /** Label states, study-major, as those of an index. */
  readonly states: Uint8Array;
}
