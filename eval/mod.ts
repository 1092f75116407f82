/**
 * Metrics, probes on latents, and the evaluation protocol. Metrics, probes and protocol run on the CPU in float64, from
 * latents or probabilities; they need neither model nor GPU.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { auroc, bootstrapScores, delongVariance, percentileInterval } from "./mod.ts";
 *
 * const labels = [0, 0, 1, 1, 0, 1];
 * const scores = [0.1, 0.4, 0.35, 0.8, 0.2, 0.9];
 * const subjectIds = ["a", "a", "b", "c", "d", "e"];
 * const value = auroc(labels, scores);
 * const samples = await bootstrapScores({ subjectIds, labels: [labels] }, [scores], { resamples: 200, seed: 1 });
 * const { low, high } = percentileInterval(value, samples.auroc[0]!);
 * assert(value !== null && low !== null && high !== null && low <= value && value <= high);
 * assert(delongVariance(labels, scores).variance! > 0);
 * ```
 *
 * @module
 */
export type { DataRecord, TextCountRecord, TextRecord, TextViewRecord } from "./results/data_record.ts";
export {
  type Cases,
  type Comparison,
  type Evaluation,
  type Interval,
  type LabelCalibration,
  type LabelMetrics,
  type Pictures,
  type Projection,
  type Results,
  RESULTS_VERSION,
  type RunRecord,
  type SeedDifference,
  type TrainingSeries,
  type ValidationSeries,
} from "./results/results.ts";
export { readResults, writeResults } from "./results/results_file.ts";
export { type CompareOptions, compareResults, hasIndependentCases } from "./results/compare_results.ts";
export {
  evaluationsOf,
  EVIDENCE_VERSION,
  type EvidenceEvaluation,
  type EvidenceRecord,
  type EvidenceRun,
  type EvidenceTest,
  type TradeOffPoint,
} from "./evidence/evidence_record.ts";
export { readEvidence, writeEvidence } from "./evidence/evidence_file.ts";
export { includeEvidence, makeEvidence, mergeEvidence } from "./evidence/make_evidence.ts";
export { compareEvidence } from "./evidence/compare_evidence.ts";
export { tradeOff, tradeOffPoints } from "./evidence/trade_off.ts";
export { chooseGrouping, type GroupBy } from "./results/evaluation_groups.ts";
export { formatCalibrationTable } from "./results/calibration_table.ts";
export { type LabelSetOptions, type ScoredLabelSets, scoreLabelSets } from "./protocol/label_sets.ts";
export type { AugmentedPictures } from "./results/augmentation_record.ts";
export type { LabelAgreement, LabelSetPair, LabelSetScores } from "./results/label_set_record.ts";
export { formatLabelSetTable } from "./results/label_set_table.ts";
export { formatSubgroupTable } from "./results/subgroup_table.ts";
export type { SubgroupGap, SubgroupRecord, SubgroupScores } from "./results/subgroup_record.ts";
export { SUBGROUP_LIMITS, type SubgroupOptions, withSubgroups } from "./protocol/subgroups.ts";
export { formatGenerativeTable } from "./results/generative_table.ts";
export type {
  ClusterRecord,
  CoherenceRecord,
  DistanceRecord,
  Generative,
  MeanRecord,
  MixtureRecord,
  QualityRecord,
} from "./results/generative_record.ts";
export { formatMacroTable } from "./results/macro_table.ts";
export { formatAurocTable, formatComparisonTable } from "./results/tables.ts";
export { PUBLISHED_AUROC, type PublishedAuroc } from "./results/published_auroc.ts";
export { type VerifiedQuantity, verifyMetrics } from "./verify/verify_metrics.ts";

export type { BinaryLabel } from "./metrics/rank.ts";
export { auroc, type RocCurve, rocCurve, sensitivityAtSpecificity } from "./metrics/roc.ts";
export {
  averagePrecision,
  bestF1Threshold,
  type ChosenThreshold,
  f1Score,
  type PrecisionRecallCurve,
  precisionRecallCurve,
} from "./metrics/precision_recall.ts";
export {
  brierScore,
  equalMassReliability,
  expectedCalibrationError,
  type ReliabilityBin,
  reliabilityCurve,
} from "./metrics/calibration.ts";
export {
  atTemperature,
  classesAtTemperature,
  fitClassTemperature,
  fitTemperature,
  TEMPERATURES,
} from "./metrics/temperature.ts";
export {
  accuracy,
  type ClassProbabilities,
  type MacroAverage,
  macroAverage,
  oneVersusRestAuroc,
} from "./metrics/multiclass.ts";
export { delongMeanTest, type DelongTest, delongTest, delongVariance } from "./metrics/delong.ts";
export { holm } from "./metrics/holm.ts";
export {
  type BootstrapOptions,
  bootstrapP,
  bootstrapScores,
  macroSamples,
  percentileInterval,
  type ResampledMetrics,
  type ScoredCases,
} from "./metrics/bootstrap.ts";

export { meanSquaredError, structuralSimilarity } from "./metrics/generative/structural_similarity.ts";
export { frechetDistance, frechetOfMoments } from "./metrics/generative/frechet_distance.ts";
export { type KMeans, kMeans, type KMeansOptions } from "./metrics/generative/k_means.ts";
export { adjustedRandIndex, normalizedMutualInformation } from "./metrics/generative/cluster_agreement.ts";
export { silhouette } from "./metrics/generative/silhouette.ts";
export {
  type CovarianceKind,
  COVARIANCES,
  fitGaussianMixture,
  type GaussianMixture,
  meanLogLikelihood,
  mixtureBic,
  type MixtureOptions,
  mixtureParameters,
  sampleMixture,
} from "./metrics/generative/gaussian_mixture.ts";
export { type Moments, momentsOf } from "./linear/covariance.ts";
export { type PrincipalSubspace, principalSubspace, type SubspaceOptions } from "./linear/principal_subspace.ts";
export { type SymmetricEigen, symmetricEigen } from "./linear/symmetric_eigen.ts";

export type { Gram } from "./probes/gram_preconditioner.ts";
export type { Matrix } from "./probes/matrix.ts";
export {
  fitLogisticRegression,
  type LogisticModel,
  type LogisticOptions,
  logisticProbabilities,
} from "./probes/logistic_regression.ts";
export { fitSoftmaxRegression, type SoftmaxModel, softmaxProbabilities } from "./probes/softmax_regression.ts";
export { type ForestOptions, forestProbabilities } from "./probes/random_forest.ts";

export { meanByStudy } from "./protocol/aggregate.ts";
export {
  type EvaluatedLatents,
  type EvaluatedRun,
  evaluateLatents,
  type LatentEvaluation,
  type StudyAggregation,
} from "./protocol/evaluate_latents.ts";
export { type Floor, FLOORS, isFloor } from "./floors/floors.ts";
export type { Probe } from "./protocol/probe.ts";
export { casesOf, studiesWithLatents, type StudyTable, studyTable, type ViewLatents } from "./protocol/study_table.ts";
export { type SupervisedClassifier, supervisedEvaluation } from "./protocol/supervised_evaluation.ts";

export {
  type Embeddings,
  findIdTable,
  readEmbeddings,
  type ReadEmbeddingsOptions,
} from "./embeddings/read_embeddings.ts";
export { evaluateEmbeddings, type EvaluateEmbeddingsOptions } from "./embeddings/evaluate_embeddings.ts";
export { encodePng } from "./runs/encode_png.ts";
export {
  type OpenEncoders,
  openEncoders,
  type OpenModel,
  openModel,
  type OpenModelOptions,
  viewNumbers,
} from "./runs/open_model.ts";
export { finetuneConfig, type FinetuneOptions, type FinetuneSource, prepareFinetuning } from "./runs/finetune_run.ts";
export { loggedEvaluation, type LoggedEvaluationOptions } from "./runs/logged_evaluation.ts";
export { encodeRun, type EncodeRunOptions, idsFile, latentsFile, type RunLatents } from "./runs/encode_run.ts";
export { SAMPLE_SOURCES, translateRun, type TranslateRunOptions, type TranslationFile } from "./runs/translate_run.ts";
export { type LikelihoodRow, likelihoodRun, type LikelihoodRunOptions } from "./runs/likelihood_run.ts";
export { type ExportedFile, exportPytorch } from "./runs/export_pytorch.ts";
export { validationAuroc } from "./runs/validation_auroc.ts";
export { type EncodedFrom, type EncoderState, LatentsMemory } from "./runs/latents_memory.ts";
export { evaluateRun, measureRun } from "./runs/evaluate_run.ts";
export type { EvaluateRunOptions } from "./runs/evaluate_run_options.ts";
export { sampleRun, type SampleRunOptions } from "./generative/sample_run.ts";
export type { FittedMixture } from "./generative/aggregate_posterior.ts";
export { verifyOps } from "./verify/verify_ops.ts";
export { verifyModels, type VerifyModelsOptions, verifyTexts } from "./verify/verify_models.ts";
export {
  classifyViews,
  type ClassifyViewsOptions,
  VIEW_PARTS,
  type ViewImages,
  viewImages,
  type ViewPart,
} from "./views/classify_views.ts";
export {
  CONFIDENT,
  type Share,
  type ViewAccuracy,
  viewAccuracy,
  viewsTable,
  wilsonInterval,
} from "./views/view_accuracy.ts";
