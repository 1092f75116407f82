/**
 * The model of a page, as the exporter writes it and the page's script reads it: everything but the weights' bytes.
 *
 * @module
 */
import type { Preprocessing } from "../../data/image/image_source.ts";
import type { ViewEncodersConfig } from "../../models/encoder/view_encoders.ts";
import type { VaeConfig } from "../../models/vae/vae.ts";
import type { ModelStorage, StoredTensor } from "./stored_weights.ts";

/** A trained model with all that is needed to use it. */
export interface PageModel {
  /** Kind of the content. */
  readonly format: "mmvm-page-model";
  /** Version of the format. */
  readonly version: 1;
  /** Name of the run. */
  readonly run: string;
  /** The architecture: of a VAE, or of the encoders of a model without decoders. */
  readonly config: VaeConfig | ViewEncodersConfig;
  /** How the weights are stored. */
  readonly storage: ModelStorage;
  /** The weights' tensors, in the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
  /** How pictures are prepared. */
  readonly preprocessing: Preprocessing;
  /** The window of DICOM images, as `--window` takes it. */
  readonly window: string;
  /** The word of every token, if the model has a text view. */
  readonly words?: readonly string[];
  /** The probes of each image view, or its head of a classifier; none if the run has no labels. */
  readonly probes: readonly ViewProbes[];
  /** The average of the views' probabilities, of a classifier that is defined by it. */
  readonly combined?: CombinedScores;
  /** Studies to compare with, if they were exported. */
  readonly neighbours?: Neighbours;
  /** The run's card: terms and what is said of them. */
  readonly card: readonly (readonly [term: string, text: string])[];
}

/** The probes of one view's latents. */
export interface ViewProbes {
  /** Name of the view. */
  readonly view: string;
  /** Whether exactly one label holds for a study, so that the probabilities sum to 1. */
  readonly exclusive: boolean;
  /** One entry for each label, in the data's order. */
  readonly labels: readonly LabelProbe[];
}

/** A classifier whose score is the average of the probabilities of the views that are there. */
export interface CombinedScores {
  /** `ensemble` if each view was trained alone, `joint` if the average was trained. */
  readonly name: string;
  /** One entry for each label, in the data's order. */
  readonly labels: readonly LabelMeasures[];
}

/** What is known of the scores of one label. */
export interface LabelMeasures {
  /** Name of the label. */
  readonly label: string;
  /** The threshold chosen on the validation studies. */
  readonly threshold: number | null;
  /** AUROC on the test studies. */
  readonly auroc: number | null;
  /** Reliability on the test studies, by bins of a tenth. */
  readonly reliability: readonly { readonly predicted: number; readonly observed: number; readonly count: number }[];
}

/** A label's probe and what is known of its scores. */
export interface LabelProbe extends LabelMeasures {
  /** The fitted probe; `null` if the training studies have one class only. */
  readonly probe: LinearProbe | null;
}

/** A linear classifier: its score is `coefficients . mu + intercept`, the log-odds of a probe of one label. */
export interface LinearProbe {
  /** Weight of each latent dimension. */
  readonly coefficients: readonly number[];
  /** Intercept. */
  readonly intercept: number;
  /** Where the slider moves a latent, if not along the coefficients. */
  readonly direction?: readonly number[];
  /** Standard deviation of the training latents along the slider's direction. */
  readonly spread: number;
}

/** Whether a model has decoders, beside its encoders. */
export function hasDecoders(config: PageModel["config"]): config is VaeConfig {
  return !("latent" in config);
}

/** Studies that pictures are compared with. */
export interface Neighbours {
  /** Side of the stored pictures in pixels. */
  readonly side: number;
  /** The image views, in the order of each study's latents and pictures. */
  readonly views: readonly string[];
  /** The labels that each study has, by number; the studies' identifiers are left out. */
  readonly positives: readonly (readonly number[])[];
}

/** Ids of the page's data blocks. */
export const BLOCKS = {
  /** The {@linkcode PageModel}, as JSON. */
  model: "model-data",
  /** The weights, base64. */
  weights: "model-weights",
  /** Latents [views, studies, D] as float32, then pictures [views, studies, side, side] as bytes; gzip, base64. */
  neighbours: "model-neighbours",
  /** The JPEG decoder, gzip, base64. */
  jpeg: "codec-jpeg",
  /** The JPEG 2000 decoder, gzip, base64. */
  jpeg2000: "codec-jpeg2000",
} as const;
