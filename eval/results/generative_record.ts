/**
 * What `results.json` records of the images that a run generates.
 *
 * @module
 */
import type { Interval } from "./interval.ts";

/** A mean over images. */
export interface MeanRecord {
  /** The mean. */
  mean: number;
  /** Its standard error over images; `null` for a single one. */
  standardError: number | null;
}

/** How near decoded images are to the true ones. */
export interface QualityRecord {
  /** View that is encoded. */
  from: string;
  /** View that is decoded. */
  to: string;
  /** Number of images. */
  images: number;
  /** Mean squared error of pixels in [0, 1]. */
  mse: MeanRecord;
  /** Structural similarity; `null` for images smaller than its window of 11 pixels. */
  ssim: MeanRecord | null;
}

/** How well the judge recognises the studies' labels in images of a view. */
export interface CoherenceRecord {
  /** View of the images, judged by the classifier of this view. */
  view: string;
  /** The true images, or those decoded from this or another view. */
  source: "real" | "reconstruction" | "translation";
  /** View that was encoded; absent for true images. */
  from?: string | undefined;
  /** Mean over the labels with both classes. */
  auroc: Interval;
  /** By label. */
  labels: { label: string; auroc: Interval }[];
  /** Share of studies whose class is recognised; only for mutually exclusive labels. */
  accuracy?: Interval | undefined;
}

/** The Fréchet distance of images from the true test images, in the judge's features. */
export interface DistanceRecord {
  /** View of the images. */
  view: string;
  /** `real` are true images of the training split, whose distance a perfect generator would have. */
  source: "real" | "reconstruction" | "translation" | "mixture" | "prior";
  /** View that was encoded; absent for samples and true images. */
  from?: string | undefined;
  /** Number of images. */
  images: number;
  /** The distance; biased upwards for few images. */
  distance: number;
}

/** A clustering of the test studies' latents. */
export interface ClusterRecord {
  /** Name of the view. */
  view: string;
  /** Number of studies. */
  studies: number;
  /** Number of clusters: the classes, or the number with the highest silhouette. */
  clusters: number;
  /** Adjusted Rand index of clusters and classes; `null` unless labels are mutually exclusive. */
  ari: number | null;
  /** Normalised mutual information of clusters and classes; `null` unless labels are mutually exclusive. */
  nmi: number | null;
  /** Mean silhouette coefficient. */
  silhouette: number | null;
}

/** A mixture of normal distributions fitted to the aggregate posterior. */
export interface MixtureRecord {
  /** View whose own latents it describes: of independent VAEs, or private ones; absent if all views share them. */
  view?: string | undefined;
  /** Number of latent dimensions. */
  dimensions: number;
  /** Kind of covariance. */
  covariance: "diagonal" | "full";
  /** Number of components. */
  components: number;
  /** Number of training latents to which it was fitted. */
  latents: number;
  /** Mean log-likelihood of held-out latents in nats. */
  heldOut: number;
  /** Bayesian information criterion on the held-out latents. */
  bic: number;
}

/** What a run generates, and how good it is. */
export interface Generative {
  /** The run. */
  run: string;
  /** The classifiers that judge its images: their run, and the number of features in which distances are measured. */
  judge: { run: string; features: number };
  /** Number of test pairs, all with all views. */
  pairs: number;
  /** Reconstructions and translations beside the true images. */
  quality: QualityRecord[];
  /** What the judge recognises. */
  coherence: CoherenceRecord[];
  /** Share of samples in which the judge sees the same class in all views; only for mutually exclusive labels. */
  agreement: { source: "mixture" | "prior"; samples: number; share: number }[];
  /** Fréchet distances. */
  distances: DistanceRecord[];
  /** Clusters of latents. */
  clusters: ClusterRecord[];
  /** The mixtures from which samples are drawn: one, or one per view. */
  mixtures: MixtureRecord[];
  /** Pictures of samples as PNG files in base64; sample i of one view belongs to sample i of the others. */
  samples: { view: string; size: number; items: string[] }[];
  /** What is not measured, and why: one sentence each. */
  leftOut: string[];
}
