/**
 * Maps PadChest's labels to the 14 labels.
 *
 * @module
 */
import { CHEST_LABELS, LABEL_STATES, type LabelState } from "../../index/labels.ts";

/**
 * PadChest's labels by the label that they mean. It follows what the CheXpert labeller counts as mentions of a label:
 * congestion and Kerley lines as edema, infiltrates and patterns as opacities, nodules and masses of the lung as
 * lesions.
 */
export const PADCHEST_MEANINGS: Readonly<Record<string, readonly string[]>> = {
  "Atelectasis": [
    "atelectasis",
    "total atelectasis",
    "lobar atelectasis",
    "segmental atelectasis",
    "laminar atelectasis",
    "round atelectasis",
    "atelectasis basal",
  ],
  "Cardiomegaly": ["cardiomegaly"],
  "Consolidation": ["consolidation", "air bronchogram"],
  "Edema": [
    "pulmonary edema",
    "heart insufficiency",
    "hilar congestion",
    "vascular redistribution",
    "central vascular redistribution",
    "kerley lines",
    "pulmonary venous hypertension",
  ],
  "Enlarged Cardiomediastinum": [
    "mediastinal enlargement",
    "superior mediastinal enlargement",
    "mediastinal mass",
    "aortic aneurysm",
    "goiter",
    "mediastinic lipomatosis",
  ],
  "Fracture": [
    "fracture",
    "clavicle fracture",
    "humeral fracture",
    "vertebral fracture",
    "rib fracture",
    "callus rib fracture",
    "vertebral compression",
    "vertebral anterior compression",
  ],
  "Lung Lesion": [
    "nodule",
    "multiple nodules",
    "pulmonary mass",
    "mass",
    "cavitation",
    "abscess",
    "lung metastasis",
    "lepidic adenocarcinoma",
    "lymphangitis carcinomatosa",
  ],
  "Lung Opacity": [
    "infiltrates",
    "interstitial pattern",
    "ground glass pattern",
    "reticular interstitial pattern",
    "reticulonodular interstitial pattern",
    "miliary opacities",
    "alveolar pattern",
    "consolidation",
    "air bronchogram",
    "increased density",
  ],
  "Pleural Effusion": [
    "pleural effusion",
    "loculated pleural effusion",
    "loculated fissural effusion",
    "hydropneumothorax",
    "empyema",
    "hemothorax",
  ],
  "Pleural Other": [
    "pleural thickening",
    "apical pleural thickening",
    "calcified pleural thickening",
    "pleural plaques",
    "calcified pleural plaques",
    "pleural mass",
    "fissure thickening",
    "minor fissure thickening",
    "major fissure thickening",
    "asbestosis signs",
  ],
  "Pneumonia": ["pneumonia", "atypical pneumonia", "viral pneumonia", "covid 19"],
  "Pneumothorax": ["pneumothorax", "hydropneumothorax"],
  "Support Devices": [
    "tracheostomy tube",
    "endotracheal tube",
    "nsg tube",
    "chest drain tube",
    "ventriculoperitoneal drain tube",
    "gastrostomy tube",
    "nephrostomy tube",
    "double j stent",
    "catheter",
    "central venous catheter",
    "central venous catheter via subclavian vein",
    "central venous catheter via jugular vein",
    "central venous catheter via umbilical vein",
    "reservoir central venous catheter",
    "electrical device",
    "dual chamber device",
    "single chamber device",
    "pacemaker",
    "dai",
    "artificial heart valve",
    "artificial mitral heart valve",
    "artificial aortic heart valve",
    "osteosynthesis material",
    "endoprosthesis",
    "aortic endoprosthesis",
  ],
};

/** Labels that leave a finding open: a blunted angle may be an effusion. */
export const PADCHEST_UNCERTAIN: Readonly<Record<string, readonly string[]>> = {
  "Pleural Effusion": ["costophrenic angle blunting"],
  "Pneumonia": ["covid 19 uncertain"],
};

/** PadChest's other labels, which mean none of the 14. */
export const PADCHEST_OTHER: readonly string[] = [
  "abnormal foreign body",
  "adenopathy",
  "air fluid level",
  "air trapping",
  "aortic atheromatosis",
  "aortic button enlargement",
  "aortic elongation",
  "ascendent aortic elongation",
  "axial hyperostosis",
  "azygoesophageal recess shift",
  "azygos lobe",
  "blastic bone lesion",
  "bone cement",
  "bone metastasis",
  "breast mass",
  "bronchiectasis",
  "bronchovascular markings",
  "bullas",
  "calcified adenopathy",
  "calcified densities",
  "calcified fibroadenoma",
  "calcified granuloma",
  "calcified mediastinal adenopathy",
  "cervical rib",
  "chilaiditi sign",
  "chronic changes",
  "copd signs",
  "costochondral junction hypertrophy",
  "cyst",
  "descendent aortic elongation",
  "dextrocardia",
  "diaphragmatic eventration",
  "emphysema",
  "end on vessel",
  "esophagic dilatation",
  "external foreign body",
  "fibrotic band",
  "flattened diaphragm",
  "granuloma",
  "gynecomastia",
  "heart valve calcified",
  "hemidiaphragm elevation",
  "hiatal hernia",
  "hilar enlargement",
  "humeral prosthesis",
  "hyperinflated lung",
  "hypoexpansion",
  "hypoexpansion basal",
  "kyphosis",
  "lipomatosis",
  "lung vascular paucity",
  "lytic bone lesion",
  "mammary prosthesis",
  "mastectomy",
  "mediastinal shift",
  "metal",
  "nipple shadow",
  "non axial articular degenerative changes",
  "obesity",
  "osteopenia",
  "osteoporosis",
  "pectum carinatum",
  "pectum excavatum",
  "pericardial effusion",
  "pneumomediastinum",
  "pneumoperitoneo",
  "post radiotherapy changes",
  "prosthesis",
  "pseudonodule",
  "pulmonary artery enlargement",
  "pulmonary artery hypertension",
  "pulmonary fibrosis",
  "pulmonary hypertension",
  "respiratory distress",
  "right sided aortic arch",
  "sclerotic bone lesion",
  "scoliosis",
  "soft tissue mass",
  "sternoclavicular junction hypertrophy",
  "sternotomy",
  "subacromial space narrowing",
  "subcutaneous emphysema",
  "suboptimal study",
  "supra aortic elongation",
  "surgery",
  "surgery breast",
  "surgery heart",
  "surgery humeral",
  "surgery lung",
  "surgery neck",
  "suture material",
  "thoracic cage deformation",
  "tracheal shift",
  "tuberculosis",
  "tuberculosis sequelae",
  "vascular hilar enlargement",
  "vertebral degenerative changes",
  "volume loss",
];

/** Labels that say nothing about the findings. */
const SILENT: readonly string[] = ["unchanged", "suboptimal study", ""];
/** The label of studies that PadChest's authors exclude. */
export const PADCHEST_EXCLUDED = "exclude";
const NORMAL = "normal";

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values(PADCHEST_MEANINGS).flat(),
  ...Object.values(PADCHEST_UNCERTAIN).flat(),
  ...PADCHEST_OTHER,
  ...SILENT,
  PADCHEST_EXCLUDED,
  NORMAL,
]);

/** True for PadChest's 174 findings, 19 differential diagnoses and the labels about the report itself. */
export function isPadchestLabel(label: string): boolean {
  return KNOWN.has(label);
}

/**
 * The states of {@linkcode CHEST_LABELS} from a report's labels, in lower case. Reports were labelled completely, so
 * what is not listed is negative; if nothing is said about findings (`unchanged` alone), all labels are blank. `normal`
 * means No Finding.
 */
export function padchestLabels(labels: readonly string[]): LabelState[] {
  const said = labels.filter((label) => !SILENT.includes(label));
  return CHEST_LABELS.map((label) => {
    if (said.length === 0) return LABEL_STATES.blank;
    const meant = label === "No Finding" ? [NORMAL] : PADCHEST_MEANINGS[label] ?? [];
    if (said.some((word) => meant.includes(word))) return LABEL_STATES.positive;
    if (said.some((word) => PADCHEST_UNCERTAIN[label]?.includes(word))) return LABEL_STATES.uncertain;
    return LABEL_STATES.negative;
  });
}

/**
 * The texts of a Python list of strings, such as `['pleural effusion', "kerley's lines"]`, trimmed and in lower case.
 * Returns `undefined` for anything else. An empty cell and `nan` are an empty list.
 */
export function parsePythonList(cell: string): string[] | undefined {
  const text = cell.trim();
  if (text === "" || text.toLowerCase() === "nan") return [];
  if (!text.startsWith("[") || !text.endsWith("]")) return undefined;
  const items: string[] = [];
  const item = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|nan|None)\s*(,|$)/gy;
  const inside = text.slice(1, -1).trim();
  while (item.lastIndex < inside.length) {
    const match = item.exec(inside);
    if (match === null) return undefined;
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined) items.push(quoted.replace(/\\(.)/g, "$1").replace(/\s+/g, " ").trim().toLowerCase());
  }
  return items;
}
