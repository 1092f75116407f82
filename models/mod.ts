/**
 * Networks, posteriors and objectives: the multimodal VAEs of the papers on the tensor engine.
 *
 * @module
 */
export {
  type AggregateContext,
  type Decoding,
  type FixedPrior,
  type LatentContext,
  type Latents,
  type Method,
  type MethodPaper,
  type PrivateLatents,
} from "./methods/method.ts";
export { privateDimOf } from "./methods/private_latents.ts";
export { METHOD_NAMES, methodOf, registerMethod } from "./methods/registry.ts";
export { JOINT_KLS, MOE_ASSIGNMENTS, type Objective, PRIORS, PUBLISHED_OBJECTIVE } from "./methods/objective.ts";
export { type MethodKind, methodKind, methodTitle } from "./method_kind.ts";
export type { Network, Posterior } from "./networks/network.ts";
export {
  networkNames,
  networkOf,
  type NetworkOptions,
  registerNetwork,
  type ViewNetworkOptions,
  viewNetworks,
} from "./networks/registry.ts";
export { RESIDUAL_SIZES } from "./networks/residual.ts";
export { TEXT_LENGTHS, textNetwork, type TextNetworkOptions } from "./networks/text.ts";
export * as initializers from "./layers/initializers.ts";
export type { Fans, Initialization } from "./layers/initializers.ts";
export * as layers from "./layers/layers.ts";
export { type Likelihood, LIKELIHOODS, negativeLogLikelihood } from "./layers/likelihoods.ts";
export { declareParameters, fileShape, type HostTensor, Parameters } from "./layers/parameters.ts";
export { type FileLayout, type Initializer, type ParameterSource, type ParameterSpec, Scope } from "./layers/scope.ts";
export { augmentView, augmentViews, type ViewAugmentation } from "./augment_views.ts";
export type { BatchViews, Pixels, TokenBatch, ViewBatch } from "./view_batch.ts";
export type { BatchShape, TextSizes, TextTensors, TextViews, ViewTensors } from "./view_inputs.ts";
export type { InputSpec, InputSpecs } from "./model_inputs.ts";
export {
  createTrainer,
  type ModelOutput,
  type OutputValues,
  type StepMetrics,
  Trainer,
  type TrainerOptions,
} from "./model_trainer.ts";
export type { EvaluationResults, StepInputs, StepSettings, StepTrainerOptions, Trainable } from "./trainable.ts";
export { createStepTrainer, StepTrainer } from "./trainer.ts";
export { BatchEvaluator, type BatchEvaluatorOptions, type EvaluatedBatch } from "./batch_evaluator.ts";
export { evaluatedState } from "./training_state.ts";
export { createParallelTrainer, ParallelTrainer, type Ranks } from "./parallel_trainer.ts";
export { type AlignmentConfig, AlignmentModel } from "./alignment/alignment.ts";
export {
  type AlignmentBatch,
  type AlignmentTrainerOptions,
  createAlignmentTrainer,
  TrainableAlignment,
} from "./alignment/alignment_trainer.ts";
export type { AlignedPair, AlignmentMethod, AlignmentSettings } from "./alignment/method.ts";
export { ALIGNMENT_NAMES, alignmentOf } from "./alignment/registry.ts";
export { EncoderInference, type EncoderInferenceOptions } from "./encoder/encoder_inference.ts";
export { type LatentKind, ViewEncoders, type ViewEncodersConfig } from "./encoder/view_encoders.ts";
export { Vae, type VaeConfig, type VaeInputs, type VaeTerms } from "./vae/vae.ts";
export type { BatchPart } from "./methods/component_draw.ts";
export { createVaeTrainer, lossOf, TrainableVae, type VaeBatch, type VaeTrainerOptions } from "./vae/vae_trainer.ts";
export {
  type DrawOptions,
  type EncodedBatch,
  VaeInference,
  type VaeInferenceOptions,
  type ViewSelection,
} from "./vae/vae_inference.ts";
export { ANCHORING_ALPHA, requireAnchor, samplePosterior, samplePrior } from "./vae/samples.ts";
export { logLikelihood, type LogLikelihoodOptions } from "./vae/log_likelihood.ts";
export {
  CLASSIFICATION_LOSSES,
  Classifier,
  CLASSIFIER_NAMES,
  type ClassifierConfig,
  type ClassifierInputs,
  FINETUNED_PARTS,
  type Finetuning,
} from "./classifier/classifier.ts";
export {
  ClassifierInference,
  type ClassifierInferenceOptions,
  type ScoredBatch,
} from "./classifier/classifier_inference.ts";
export {
  type ClassifierTrainerOptions,
  createClassifierTrainer,
  type LabelledBatch,
  TrainableClassifier,
} from "./classifier/classifier_trainer.ts";
