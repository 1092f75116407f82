/**
 * Networks, posteriors and objectives: the multimodal VAEs of the papers on the tensor engine.
 *
 * @module
 */
export { type LatentContext, type Latents, type Method } from "./method.ts";
export { METHOD_NAMES, methodOf } from "./methods/registry.ts";
export type { Network, Posterior } from "./network.ts";
export { networkNames, networkOf, type NetworkOptions, registerNetwork } from "./networks/registry.ts";
export { RESIDUAL_SIZES } from "./networks/residual.ts";
export { type Likelihood, LIKELIHOODS, negativeLogLikelihood } from "./likelihoods.ts";
export { declareParameters, type HostTensor, Parameters } from "./parameters.ts";
export { type FileLayout, type Initializer, type ParameterSpec, Scope } from "./scope.ts";
export { Vae, type VaeConfig, type VaeInputs, type VaeTerms } from "./vae.ts";
export {
  type EncodedBatch,
  type ImageBatch,
  METRICS,
  type StepSettings,
  VaeTrainer,
  type VaeTrainerOptions,
} from "./vae_trainer.ts";
