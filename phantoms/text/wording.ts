/**
 * How reports word each finding.
 *
 * @module
 */
import type { Finding } from "../findings.ts";

/** Words for a finding. In the texts, `[size]` and `[side]` stand for its size and side; both may be empty. */
export interface Wording {
  /** Sizes, from mild to severe. */
  readonly sizes: readonly [string, string, string];
  /** The finding on one side, and on both; equal for words without a plural. */
  readonly noun: readonly [one: string, both: string];
  /** Whether the singular takes an article. */
  readonly counted: boolean;
  /** Sentences that are only used for this finding. */
  readonly present: readonly string[];
  /** Sentences that leave it open whether it is present. */
  readonly possible: readonly string[];
  /** The finding in a list of what is absent. */
  readonly absent: string;
  /** Sentences that deny it. */
  readonly denied: readonly string[];
}

const EXTENT = ["mild", "moderate", "severe"] as const;
const AMOUNT = ["small", "moderate", "large"] as const;

/** The words of each finding, in the order in which reports describe them. */
export const WORDINGS: Readonly<Record<Exclude<Finding, "Support Devices">, Wording>> = {
  "Lung Opacity": {
    sizes: ["faint", "hazy", "dense"],
    noun: ["opacity", "opacities"],
    counted: true,
    present: ["[Size] ground-glass [side] opacification is seen.", "There is a [size] opacity in the [side] lung."],
    possible: [
      "A [size] [side] opacity is questioned.",
      "There may be a [size] [side] opacity, versus overlapping tissue.",
    ],
    absent: "focal opacity",
    denied: ["The lungs are clear of focal opacities."],
  },
  "Consolidation": {
    sizes: ["patchy", "focal", "dense lobar"],
    noun: ["consolidation", "consolidations"],
    counted: false,
    present: ["The [side] lung shows [size] airspace consolidation with air bronchograms."],
    possible: ["[Size] [side] opacification could represent early consolidation."],
    absent: "focal consolidation",
    denied: ["No focal consolidation is seen."],
  },
  "Pneumonia": {
    sizes: ["subtle", "multifocal", "extensive"],
    noun: ["pneumonia", "pneumonia"],
    counted: false,
    present: ["[Size] patches in the [side] lower zone are consistent with pneumonia."],
    possible: [
      "Pneumonia in the [side] lung cannot be excluded.",
      "[Size] [side] basilar opacity may represent pneumonia in the appropriate setting.",
    ],
    absent: "pneumonia",
    denied: ["There is no evidence of pneumonia."],
  },
  "Atelectasis": {
    sizes: ["minimal", "moderate", "substantial"],
    noun: ["basilar atelectasis", "basilar atelectasis"],
    counted: false,
    present: [
      "Linear bands at the [side] base reflect [size] atelectasis.",
      "[Size] [side] volume loss with elevation of the hemidiaphragm is due to atelectasis.",
    ],
    possible: ["[Size] [side] basilar opacity likely reflects atelectasis.", "Possible [size] [side] atelectasis."],
    absent: "atelectasis",
    denied: ["There is no atelectasis."],
  },
  "Edema": {
    sizes: EXTENT,
    noun: ["pulmonary edema", "pulmonary edema"],
    counted: false,
    present: ["Perihilar haze is consistent with [size] pulmonary edema.", "[Size] interstitial edema is present."],
    possible: ["There may be [size] pulmonary vascular congestion or edema."],
    absent: "pulmonary edema",
    denied: ["There is no pulmonary edema.", "There is no overt edema."],
  },
  "Lung Lesion": {
    sizes: ["small", "2 cm", "4 cm"],
    noun: ["lung mass", "lung masses"],
    counted: true,
    present: [
      "A [size] rounded mass projects over the [side] upper lung.",
      "[Size] [side] pulmonary nodule; CT is recommended.",
    ],
    possible: ["A [size] nodular density over the [side] lung may be a nodule or a vessel on end."],
    absent: "suspicious pulmonary nodule",
    denied: ["No lung mass is identified."],
  },
  "Pleural Effusion": {
    sizes: AMOUNT,
    noun: ["pleural effusion", "pleural effusions"],
    counted: true,
    present: [
      "Blunting of the [side] costophrenic angle is due to a [size] effusion.",
      "[Size] [side] pleural effusion, unchanged.",
    ],
    possible: ["A [size] [side] effusion is difficult to exclude.", "Possible trace [side] pleural effusion."],
    absent: "pleural effusion",
    denied: ["There is no pleural effusion.", "No effusion is seen."],
  },
  "Pleural Other": {
    sizes: EXTENT,
    noun: ["pleural thickening", "pleural thickening"],
    counted: false,
    present: ["Calcified [side] pleural plaques with [size] thickening are noted."],
    possible: ["[Size] [side] pleural thickening is suspected."],
    absent: "pleural thickening",
    denied: ["No pleural plaques are seen."],
  },
  "Pneumothorax": {
    sizes: AMOUNT,
    noun: ["pneumothorax", "pneumothoraces"],
    counted: true,
    present: ["A visceral pleural line indicates a [size] [side] apical pneumothorax."],
    possible: ["A [size] [side] apical pneumothorax is possible."],
    absent: "pneumothorax",
    denied: ["There is no pneumothorax.", "No pneumothorax is identified."],
  },
  "Cardiomegaly": {
    sizes: EXTENT,
    noun: ["cardiomegaly", "cardiomegaly"],
    counted: false,
    present: ["The heart is [sizely] enlarged.", "The cardiac silhouette is [sizely] enlarged."],
    possible: [
      "The heart is possibly [sizely] enlarged, although accentuated by projection.",
      "Heart size is borderline.",
    ],
    absent: "cardiomegaly",
    denied: ["The heart is normal in size.", "Heart size is within normal limits."],
  },
  "Enlarged Cardiomediastinum": {
    sizes: EXTENT,
    noun: ["mediastinal widening", "mediastinal widening"],
    counted: false,
    present: ["The mediastinum is [sizely] widened.", "The aorta is tortuous, with [size] mediastinal widening."],
    possible: ["The mediastinum may be [sizely] widened."],
    absent: "mediastinal widening",
    denied: ["The mediastinal contours are normal."],
  },
  "Fracture": {
    sizes: ["nondisplaced", "minimally displaced", "displaced"],
    noun: ["rib fracture", "rib fractures"],
    counted: true,
    present: ["There are [size] fractures of several [side] ribs."],
    possible: ["A [size] [side] rib fracture is suspected."],
    absent: "fracture",
    denied: ["No acute osseous abnormality or fracture is seen.", "There is no fracture."],
  },
};

/** Sentences about a fracture of the spine. */
export const SPINE_FRACTURES: readonly string[] = [
  "There is a compression deformity of a lower thoracic vertebral body.",
  "Loss of height of a thoracic vertebral body indicates a compression fracture.",
];

/** Sentences about each device, and about devices that are not named. */
export const DEVICES: Readonly<Record<string, readonly string[]>> = {
  pacemaker: ["A pacemaker with its leads is in place.", "Pacemaker leads end in the right heart."],
  tubes: [
    "The endotracheal tube ends 4 cm above the carina, and an enteric tube courses below the diaphragm.",
    "Endotracheal and nasogastric tubes are in standard position.",
  ],
  catheter: ["A central venous catheter ends in the SVC.", "The tip of a central line projects over the mid SVC."],
  wires: ["Median sternotomy wires are intact, and there is a prosthetic valve."],
  electrodes: ["Monitoring leads overlie the chest."],
  unnamed: ["Support lines and tubes are unchanged in position."],
};
/** Sentences that leave open whether there is a device, and that deny it. */
export const DEVICES_POSSIBLE = "A linear density could be a catheter external to the patient.";
export const DEVICES_DENIED = "The previously seen line has been removed.";

/** Sentences that say nothing about any finding. */
export const FILLERS: readonly string[] = [
  "Comparison is made to the study of ___.",
  "PA and lateral views of the chest were provided.",
  "Lung volumes are normal.",
  "The upper abdomen is unremarkable.",
  "The patient is slightly rotated.",
  "Degenerative changes are noted in the spine.",
];
/** Impressions of studies without a finding. */
export const NORMAL_IMPRESSIONS: readonly string[] = [
  "No acute cardiopulmonary process.",
  "No acute cardiopulmonary abnormality.",
  "Normal chest radiographs.",
  "No evidence of acute disease.",
];
export const UNCHANGED = "No relevant change since the study of ___.";
