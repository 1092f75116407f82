/**
 * The tensor engine: symbolic tensors, reverse-mode autodiff, and programs of WGSL kernels that are compiled once and
 * replayed.
 *
 * Standard WebGPU only; checkpoints on disk are in `checkpoint.ts`, which needs Deno's files.
 *
 * @module
 */
export { Device, type DeviceOptions, type DeviceTuner } from "./device/device.ts";
export {
  DeviceLostError,
  EngineError,
  NoAdapterError,
  NonFiniteError,
  OutOfMemoryError,
  UnsupportedError,
  ValidationError,
} from "./device/errors.ts";
export type { BindingKind, PipelineSource } from "./device/pipeline.ts";
export type {
  Access,
  Binding,
  Candidates,
  ComputeType,
  Dispatch,
  ElementType,
  Grid,
  KernelVariant,
  Lowering,
  Operand,
  Operands,
  ProductTile,
  Profile,
  Target,
  Tuner,
  TypedUniform,
  Uniform,
  Uniforms,
} from "./kernels/kernel.ts";
export type { UniformType } from "./kernels/uniforms.ts";
export type { KernelValues } from "./kernels/expand.ts";
export type { Epilogue, Expression, Reference, Step } from "./kernels/pointwise/expression.ts";
export type { ColumnPartials, ColumnSums, ColumnSumsInputs, ColumnSumsRequest } from "./kernels/norm/column_sums.ts";
export type { NormalizedInput } from "./kernels/conv/normalized_input.ts";
export { COMPUTE_TYPES, f32, gridFor, i32, raw, reads, updates, writes } from "./kernels/kernel.ts";
export { KernelTuner, type KernelTunerOptions, type TuningChoices } from "./tuner/kernel_tuner.ts";
export { decodeTuning, encodeTuning } from "./tuner/tuning_file.ts";
export { type LoweringSizes, timeLowering, type TimingOptions } from "./tuner/time_lowering.ts";

export { Tensor } from "./graph/tensor.ts";
export { type DType, formatShape, type Shape, sizeOf, type TensorSpec } from "./graph/shape.ts";
export { apply, defineOp } from "./graph/op.ts";
export type { LowerContext, Node, Op, PackLayout, PointwiseContext, VjpContext } from "./graph/tensor.ts";
export { input, randomCounters, tensor } from "./graph/leaf.ts";
export { createSlab, createState, type Slab, slabLayout, State } from "./graph/state.ts";
export { gradients } from "./graph/autodiff.ts";
export { compile, type CompileOptions, type ProgramResults } from "./program/compile.ts";
export { type Precision, PRECISIONS } from "./plan/half_storage.ts";
export { type BufferPart, Readback } from "./device/readback.ts";
export { type InputData, type MetricsEntry, type ProfileEntry, Program, type RunOptions } from "./program/program.ts";
export type { ProgramMemory } from "./plan/program_plan.ts";
export { type KernelSummary, summarizeProfile, type Trace, type TraceEvent, traceOf } from "./program/profile.ts";
export { ProgramCache, type ProgramVariants, programVariants, type Variant } from "./program/program_cache.ts";
export { closeDefaultDevice, defaultDevice, read } from "./program/eager.ts";

export { full, ones, zeros } from "./ops/fill.ts";
export * from "./ops/pointwise.ts";
export { logSoftmax, logsumexp, max, mean, min, type ReduceOptions, softmax, sum, sumTo } from "./ops/reduce.ts";
export { flatten, reshape } from "./ops/view.ts";
export { concat, pad, permute, slice, type SliceOptions, stack, transpose } from "./ops/movement.ts";
export { gather } from "./ops/gather.ts";
export { pack } from "./ops/pack.ts";
export { unpackBytes } from "./ops/unpack.ts";
export {
  type AugmentAmounts,
  AUGMENTATIONS,
  augmentImages,
  type AugmentOptions,
  MOST_AUGMENTED,
} from "./ops/augment.ts";
export { categoricalMode, categoricalNll } from "./ops/categorical.ts";
export * from "./ops/conv.ts";
export type { Pair } from "./kernels/conv/conv_geometry.ts";
export { averagePool2d, maxPool2d, type PoolOptions } from "./ops/pool.ts";
export { conv1d, type Conv1dOptions, convTranspose1d, type ConvTranspose1dOptions } from "./ops/conv1d.ts";
export * from "./ops/matmul.ts";
export { batchNorm2d, type BatchNormOptions, groupNorm, layerNorm } from "./ops/norm.ts";
export {
  dropout,
  dropout2d,
  type DropoutOptions,
  randomBernoulli,
  randomNormal,
  randomUniform,
  type StreamOptions,
} from "./ops/random.ts";
export {
  type DiagonalNormal,
  klDiagonalNormals,
  klStandardNormal,
  logMixtureDensity,
  logMixtureRatio,
  mmvmKl,
  reparameterize,
  reparameterizeKl,
} from "./ops/latent.ts";
export { aggregate, type AggregateMethod, mixtureComponents } from "./ops/latent_aggregate.ts";
export {
  type AlignmentOptions,
  barlowTwinsLoss,
  contrastiveLoss,
  cosineSimilarity,
  type VicregTerms,
  vicregTerms,
} from "./ops/alignment.ts";
export { bceWithLogits, bernoulliNll, crossEntropy, gaussianNll, laplaceNll } from "./ops/losses.ts";

export { philox, type RandomKey, randomNormalData, randomUniformData, randomWords } from "../base/philox.ts";
export { accumulate, accumulateInput } from "./optimizers/accumulate.ts";
export {
  adam,
  type AdamFactory,
  type AdamOptions,
  type AdamSettings,
  type AdamSlabs,
  adamw,
} from "./optimizers/adam.ts";
export { createLossScale, LEAST_LOSS_SCALE, type LossScale, type LossScaleOptions } from "./optimizers/loss_scale.ts";
export type { ClippingSettings } from "./optimizers/gradient_norm.ts";
export { averageInto, averageRate, type AverageSettings } from "./optimizers/moving_average.ts";
export type { LearningRate, Optimizer, OptimizerOperands } from "./optimizers/optimizer.ts";
export { sgd, type SgdFactory, type SgdOptions, type SgdSettings, type SgdSlabs } from "./optimizers/sgd.ts";
export { type DecayFilter, weightsOnly } from "./optimizers/weight_decay.ts";
export { type PlateauOptions, plateauReductions } from "./optimizers/plateau.ts";
export * as schedules from "./optimizers/schedules.ts";
export type { Schedule } from "./optimizers/schedules.ts";
export {
  decodeSafetensors,
  type Dtype,
  encodeSafetensors,
  type RawTensor,
  SafetensorsError,
  type SafetensorsFile,
  type TensorData,
  toFloat32,
  toIntegers,
} from "./files/safetensors.ts";
