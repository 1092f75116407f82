/**
 * Models that align the embeddings of a study's views: one encoder and one projector per view, and an objective on
 * pairs of views. The latents are the encoders' features, before the projectors.
 *
 *     loss = mean over the pairs of views of the method's loss
 *
 * @module
 */
import { add, mul, type Tensor } from "../../runtime/mod.ts";
import { ViewEncoders } from "../encoder/view_encoders.ts";
import type { Scope } from "../layers/scope.ts";
import type { TextViews, ViewTensors } from "../view_inputs.ts";
import { viewTensors } from "../view_inputs.ts";
import { viewOf } from "../view_of.ts";
import type { AlignmentMethod, AlignmentSettings } from "./method.ts";
import { project } from "./projector.ts";
import { alignmentOf } from "./registry.ts";

/** Everything that determines a model. */
export interface AlignmentConfig extends AlignmentSettings {
  /** One of {@linkcode ALIGNMENT_NAMES}. */
  readonly method: string;
  /** Names of the views, in the order of their encoders; two or more. */
  readonly views: readonly string[];
  /** The views that are texts, with their sizes; the others are images. */
  readonly texts?: TextViews | undefined;
  /** Name of the network whose encoder extracts the features, see {@linkcode networkNames}. */
  readonly network: string;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Filters of the first layer. */
  readonly filterDim: number;
  /** Latent dimensions of the network; only its features are used, before the latent. */
  readonly latentDim: number;
  /** Rate of dropout2d in the residual blocks. */
  readonly dropout: number;
  /** Widths of the projectors' layers, the method's by default. */
  readonly projector?: readonly number[];
}

/** A model: functions over a scope with its parameters. */
export class AlignmentModel {
  /** The objective. */
  readonly method: AlignmentMethod;
  readonly #encoders: ViewEncoders;

  /**
   * Checks the configuration.
   *
   * @throws {RangeError} for an unknown method or network, a single view, or sizes or weights that do not fit.
   */
  constructor(readonly config: AlignmentConfig) {
    this.method = alignmentOf(config.method);
    this.#encoders = new ViewEncoders({ ...config, latent: "features" });
    requireAlignable(config);
  }

  /** The training objective of a batch: a scalar. */
  loss(scope: Scope, inputs: { data: readonly ViewTensors[]; present?: Tensor }): Tensor {
    return this.terms(scope, inputs).loss;
  }

  /** The objective, and each view's features, [N, features]. */
  terms(
    scope: Scope,
    { data, present }: { data: readonly ViewTensors[]; present?: Tensor },
  ): { loss: Tensor; features: Tensor[] } {
    const features = this.#encoders.encode(scope, data);
    const { projector: widths = this.method.projector } = this.config;
    const each = features.map((own, m) => project(scope.child(`projectors.${m}`), own, { widths }));
    const context = { scope: scope.child("objective"), settings: this.config };
    const losses = each.flatMap((a, m) =>
      each.slice(m + 1).map((b, k) => {
        const mask = present ? { mask: mul(viewOf(present, m), viewOf(present, m + 1 + k)) } : {};
        return this.method.loss({ a, b, ...mask }, context);
      })
    );
    const total = losses.reduce((sum, loss) => add(sum, loss));
    return { loss: losses.length === 1 ? total : mul(total, 1 / losses.length), features };
  }

  /** Requests every parameter from a declaring scope. */
  declare(scope: Scope): void {
    this.loss(scope, { data: viewTensors({ ...this.config, batchSize: 2 }) });
  }
}

function requireAlignable(config: AlignmentConfig): void {
  const { method, views, projector, vicregWeights, redundancyWeight, temperature } = config;
  if (views.length < 2) {
    throw new RangeError(`${method} aligns the views of a study and needs two or more, got ${views.join(", ")}`);
  }
  const isWeight = (value: number) => value >= 0 && Number.isFinite(value);
  if (projector && (projector.length === 0 || projector.some((width) => !Number.isInteger(width) || width < 1))) {
    throw new RangeError(`a projector needs one or more positive widths, got ${projector.join(", ") || "none"}`);
  }
  if (vicregWeights && (vicregWeights.length !== 3 || !vicregWeights.every(isWeight))) {
    throw new RangeError(
      `vicreg needs three weights of at least 0, for invariance, variance and covariance, got ${
        vicregWeights.join(", ") || "none"
      }`,
    );
  }
  if (redundancyWeight !== undefined && !isWeight(redundancyWeight)) {
    throw new RangeError(`barlow-twins needs a redundancy weight of at least 0, got ${redundancyWeight}`);
  }
  if (temperature !== undefined && !(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`clip needs a positive temperature, got ${temperature}`);
  }
}
