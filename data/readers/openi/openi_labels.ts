/**
 * Maps Open-i's MeSH headings to the 14 labels.
 *
 * @module
 */
import { CHEST_LABELS, LABEL_STATES, type LabelState } from "../../index/labels.ts";

/** A heading that means a label, if any of the qualifiers is there (or without qualifiers, always). */
export interface HeadingRule {
  /** The label. */
  readonly label: string;
  /** The heading, or the entry in the column Problems of the tables on Kaggle; in lower case. */
  readonly heading: string;
  /** Qualifiers of which one is required, in lower case. */
  readonly qualifiers?: readonly string[];
  /** True if the heading only suggests the finding. */
  readonly uncertain?: true;
}

/**
 * The table. It follows what the CheXpert labeller counts as mentions of a label: congestion as edema, infiltrates and
 * densities of the lung as opacities, nodules, masses and cavities as lesions. A blunted costophrenic angle may be an
 * effusion.
 */
export const OPENI_RULES: readonly HeadingRule[] = [
  { label: "Atelectasis", heading: "pulmonary atelectasis" },
  { label: "Cardiomegaly", heading: "cardiomegaly" },
  { label: "Cardiomegaly", heading: "cardiac shadow", qualifiers: ["enlarged"] },
  { label: "Consolidation", heading: "consolidation" },
  { label: "Edema", heading: "pulmonary edema" },
  { label: "Edema", heading: "pulmonary congestion" },
  { label: "Edema", heading: "heart failure" },
  { label: "Enlarged Cardiomediastinum", heading: "mediastinum", qualifiers: ["enlarged", "prominent"] },
  { label: "Fracture", heading: "fractures, bone" },
  { label: "Lung Lesion", heading: "nodule" },
  { label: "Lung Lesion", heading: "mass", qualifiers: ["lung", "hilum"] },
  { label: "Lung Lesion", heading: "cavitation" },
  { label: "Lung Lesion", heading: "opacity", qualifiers: ["round"] },
  { label: "Lung Lesion", heading: "density", qualifiers: ["round"] },
  { label: "Lung Opacity", heading: "opacity" },
  { label: "Lung Opacity", heading: "density", qualifiers: ["lung"] },
  { label: "Lung Opacity", heading: "infiltrate" },
  { label: "Lung Opacity", heading: "airspace disease" },
  { label: "Pleural Effusion", heading: "pleural effusion" },
  { label: "Pleural Effusion", heading: "hydropneumothorax" },
  { label: "Pleural Effusion", heading: "hemothorax" },
  { label: "Pleural Effusion", heading: "hemopneumothorax" },
  { label: "Pleural Effusion", heading: "costophrenic angle", qualifiers: ["blunted"], uncertain: true },
  { label: "Pleural Other", heading: "thickening", qualifiers: ["pleura"] },
  { label: "Pleural Other", heading: "calcinosis", qualifiers: ["pleura"] },
  { label: "Pleural Other", heading: "cicatrix", qualifiers: ["pleura"] },
  { label: "Pleural Other", heading: "pleura" },
  { label: "Pneumonia", heading: "pneumonia" },
  { label: "Pneumothorax", heading: "pneumothorax" },
  { label: "Pneumothorax", heading: "hydropneumothorax" },
  { label: "Pneumothorax", heading: "hemopneumothorax" },
  { label: "Support Devices", heading: "catheters, indwelling" },
  { label: "Support Devices", heading: "implanted medical device" },
  { label: "Support Devices", heading: "medical device" },
  { label: "Support Devices", heading: "tube, inserted" },
  { label: "Support Devices", heading: "stents" },
];

/** Reports that nobody indexed say nothing about any label. */
const NOT_INDEXED = "no indexing";

/**
 * The states of {@linkcode CHEST_LABELS} from a report's headings. Indexing is complete, so a label without a heading
 * is negative; without any heading, or if the report was not indexed, all labels are blank. `borderline` makes a
 * finding uncertain. `normal` means No Finding.
 */
export function openiLabels(headings: readonly string[]): LabelState[] {
  const parsed = headings.map((heading) => {
    const [name = "", ...qualifiers] = heading.toLowerCase().split("/").map((part) => part.replace(/\s+/g, " ").trim());
    return { name, qualifiers };
  }).filter(({ name }) => name !== "" && name !== "nan");
  const indexed = parsed.length > 0 && !parsed.some(({ name }) => name === NOT_INDEXED);
  return CHEST_LABELS.map((label) => {
    if (!indexed) return LABEL_STATES.blank;
    if (label === "No Finding") {
      return parsed.some(({ name }) => name === "normal") ? LABEL_STATES.positive : LABEL_STATES.negative;
    }
    const states = parsed.flatMap(({ name, qualifiers }) =>
      OPENI_RULES.filter((rule) =>
        rule.label === label && rule.heading === name &&
        (rule.qualifiers === undefined || rule.qualifiers.some((qualifier) => qualifiers.includes(qualifier)))
      ).map((rule) => rule.uncertain === true || qualifiers.includes("borderline"))
    );
    if (states.length === 0) return LABEL_STATES.negative;
    return states.every((uncertain) => uncertain) ? LABEL_STATES.uncertain : LABEL_STATES.positive;
  });
}
