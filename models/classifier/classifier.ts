/**
 * Supervised classifiers: the VAEs' encoders with one linear head per view instead of posteriors.
 *
 * A view's scores are sigmoid(W dropout(features)) with no bias, and dropout 0.5. The three methods differ in how they
 * combine the views:
 *
 * - `supervised`: one classifier per view, trained side by side;
 * - `supervised-ensemble`: the same, with scores averaged over the present views at inference only;
 * - `supervised-joint`: trained on that average.
 *
 * @module
 */
import {
  add,
  bceWithLogits,
  div,
  logSoftmax,
  logsumexp,
  maximum,
  mul,
  neg,
  reshape,
  softplus,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  where,
} from "../../runtime/mod.ts";
import { dropout, linear } from "../layers/layers.ts";
import { type LatentKind, ViewEncoders } from "../encoder/view_encoders.ts";
import type { Scope } from "../layers/scope.ts";
import { type TextViews, type ViewTensors, viewTensors } from "../view_inputs.ts";
import { viewOf } from "../view_of.ts";

/** Names of the supervised methods. */
export const CLASSIFIER_NAMES: readonly string[] = ["supervised", "supervised-ensemble", "supervised-joint"];

/** Binary cross-entropy of each label, or the published softmax cross-entropy over multi-hot labels. */
export const CLASSIFICATION_LOSSES = ["bce", "softmax"] as const;

/** What fine-tuning trains besides the linear heads: nothing, the last block of each encoder, or all of it. */
export const FINETUNED_PARTS = ["frozen", "last-block", "all"] as const;

/** How encoders that were trained before are fine-tuned. */
export interface Finetuning {
  /** One of {@linkcode FINETUNED_PARTS}. */
  readonly train: typeof FINETUNED_PARTS[number];
  /** What of an encoder the heads see. */
  readonly latent: LatentKind;
  /**
   * Whether the heads see latents less a mean and over a deviation, which belong to the state (`classifiers.M.mean` and
   * `classifiers.M.deviation`): 0 and 1 unless they are written. Not in older runs.
   */
  readonly standardized?: true;
}

/** Rate of the dropout before the linear layer, as published. */
const HEAD_DROPOUT = 0.5;
/** Stands for log(0): large enough to vanish in a sum, small enough to be subtracted without overflow. */
const LOG_NOTHING = -1e30;

/** Everything that determines a classifier. */
export interface ClassifierConfig {
  /** One of {@linkcode CLASSIFIER_NAMES}. */
  readonly method: string;
  /** Names of the views, in the order of their encoders. */
  readonly views: readonly string[];
  /** Number of labels. */
  readonly labels: number;
  /** The views that are texts, with their sizes; the others are images. */
  readonly texts?: TextViews | undefined;
  /** Name of the network whose encoder extracts the features, see {@linkcode networkNames}. */
  readonly network: string;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Filters of the first layer. */
  readonly filterDim: number;
  /** Latent dimensions of the network; the classifier uses only its features, before the latent. */
  readonly latentDim: number;
  /** Rate of dropout2d in the residual blocks. */
  readonly dropout: number;
  /** `bce` by default. */
  readonly loss?: typeof CLASSIFICATION_LOSSES[number];
  /** Weight of each label's positive term in `bce`, 1 each by default. */
  readonly positiveWeights?: readonly number[];
  /**
   * Linear heads, with a bias and without dropout, on encoders that were trained before; by default the encoders are
   * trained from the start.
   */
  readonly finetune?: Finetuning;
}

/** A labelled batch. */
export interface ClassifierInputs {
  /** One per view: an image [N, S, S, 1] in [0, 1], or the tokens of a text. */
  readonly data: readonly ViewTensors[];
  /** 1 and 0, [N, labels]; any number where the label is unknown. */
  readonly targets: Tensor;
  /** 1 where a label is known and 0 where it is not, [N, labels]. */
  readonly known: Tensor;
  /** 1 where a view is present, [M, N]; undefined if views are never missing. */
  readonly present?: Tensor;
}

/** A classifier: functions over a scope with its parameters. */
export class Classifier {
  readonly #encoders: ViewEncoders;
  readonly #isTrained: ((name: string) => boolean) | undefined;

  /**
   * Checks the configuration.
   *
   * @throws {RangeError} for an unknown method or network, or sizes or weights that do not fit.
   */
  constructor(readonly config: ClassifierConfig) {
    const { method, views, labels, positiveWeights } = config;
    if (!CLASSIFIER_NAMES.includes(method)) {
      throw new RangeError(`there is no supervised method ${method}; there are ${CLASSIFIER_NAMES.join(", ")}`);
    }
    if (views.length === 0 || !Number.isInteger(labels) || labels < 1) {
      throw new RangeError(`a classifier needs views and labels, got ${views.length} and ${labels}`);
    }
    const bad = positiveWeights?.find((weight) => !(weight > 0 && Number.isFinite(weight)));
    if (positiveWeights && (positiveWeights.length !== labels || bad !== undefined)) {
      throw new RangeError(`${labels} labels need one positive weight each, got ${positiveWeights.join(", ")}`);
    }
    const { finetune } = config;
    this.#encoders = new ViewEncoders({ ...config, latent: finetune?.latent ?? "features" });
    if (finetune && finetune.train !== "all") {
      const trained = ["classifiers.", ...(finetune.train === "last-block" ? this.#encoders.lastBlocks : [])];
      this.#isTrained = (name) => trained.some((part) => name.startsWith(part));
    }
  }

  /** Whether the views' scores are averaged, in training (`supervised-joint`) or at inference only. */
  get combines(): boolean {
    return this.config.method !== "supervised";
  }

  /** Each view's features [N, features], from which its logits are computed. */
  features(scope: Scope, data: readonly ViewTensors[]): Tensor[] {
    return this.#encoders.encode(scope, data);
  }

  /** Each view's logits [N, labels]. */
  logits(scope: Scope, data: readonly ViewTensors[]): Tensor[] {
    const at = this.#isTrained ? scope.withTrained(this.#isTrained) : scope;
    const outputs = this.config.labels;
    return this.features(at, data).map((features, m) => {
      const head = at.child(`classifiers.${m}`);
      const { finetune } = this.config;
      if (finetune) return linear(head, finetune.standardized ? standardized(head, features) : features, { outputs });
      const kept = dropout(head, features, { rate: HEAD_DROPOUT, name: "dropout" });
      return linear(head, kept, { outputs, bias: false });
    });
  }

  /** The logits of the scores: of each view, [N, labels], and of the average score of the views that are there. */
  scoreLogits(
    scope: Scope,
    inputs: Pick<ClassifierInputs, "data" | "present">,
  ): { views: Tensor[]; combined: Tensor } {
    const views = this.logits(scope, inputs.data);
    return { views, combined: averageLogit(views, inputs.present) };
  }

  /** The training objective of a batch: a scalar. */
  loss(scope: Scope, { data, targets, known, present }: ClassifierInputs): Tensor {
    const logits = this.logits(scope, data);
    if (this.config.method === "supervised-joint") {
      return this.#lossOf(averageLogit(logits, present), { targets, known });
    }
    return logits
      .map((own, m) => this.#lossOf(own, { targets, known: present ? mul(known, column(viewOf(present, m))) : known }))
      .reduce((a, b) => add(a, b));
  }

  /** Requests every parameter from a declaring scope. */
  declare(scope: Scope): void {
    this.logits(scope, viewTensors({ ...this.config, batchSize: 1 }));
  }

  #lossOf(logits: Tensor, { targets, known }: { targets: Tensor; known: Tensor }): Tensor {
    const { loss = "bce", positiveWeights } = this.config;
    if (loss === "softmax") return multiHotCrossEntropy(logits, { targets, known });
    return bceWithLogits(logits, targets, {
      mask: known,
      ...(positiveWeights ? { positiveWeight: tensor(positiveWeights) } : {}),
    });
  }
}

/** Latents less their mean, over their deviation, [N, D] as given: a fixed part of the state. */
function standardized(scope: Scope, latents: Tensor): Tensor {
  const spec = { shape: [latents.shape.at(-1)!], layout: "same" } as const;
  const mean = scope.buffer("mean", { ...spec, initializer: { kind: "zeros" } });
  return div(sub(latents, mean), scope.buffer("deviation", { ...spec, initializer: { kind: "ones" } }));
}

/**
 * The logit of the views' average score, log(mean of sigmoid(l_m)) - log(mean of sigmoid(-l_m)), in log space, so that
 * scores near 0 and 1 keep their precision. With it, any loss on logits applies to the averaged score.
 *
 * @param logits Of each view, [N, labels].
 * @param present 1 where a view is there, [M, N].
 * @returns [N, labels]; 0 for a sample without any view.
 */
function averageLogit(logits: readonly Tensor[], present?: Tensor): Tensor {
  if (logits.length === 1 && !present) return logits[0]!;
  const logMean = (sign: 1 | -1) => {
    const each = logits.map((own, m) => {
      const logScore = neg(softplus(mul(own, -sign)));
      return present ? where(column(viewOf(present, m)), { then: logScore, otherwise: LOG_NOTHING }) : logScore;
    });
    return logsumexp(stack(each), { axes: 0 });
  };
  return sub(logMean(1), logMean(-1));
}

/**
 * The softmax cross-entropy with multi-hot targets, averaged over the samples that have a known label. Unknown labels
 * are neither targets nor among the softmax's classes.
 */
function multiHotCrossEntropy(logits: Tensor, { targets, known }: { targets: Tensor; known: Tensor }): Tensor {
  const seen = where(known, { then: logits, otherwise: LOG_NOTHING });
  const wanted = where(known, { then: mul(targets, logSoftmax(seen, { axes: -1 })), otherwise: 0 });
  const samples = sum(where(sum(known, { axes: -1 }), { then: 1, otherwise: 0 }));
  return div(neg(sum(wanted)), maximum(samples, 1));
}

/** [N] as [N, 1], for all labels of a sample. */
function column(values: Tensor): Tensor {
  return reshape(values, [values.shape[0]!, 1]);
}
