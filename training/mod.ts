/**
 * Training runs: configuration, run directory, locks, the training loop, and recovery from failures.
 *
 * @module
 */
export {
  checkRunConfig,
  type DataConfig,
  type ModelConfig,
  RUN_CONFIG_VERSION,
  type RunConfig,
  type TrainingConfig,
} from "./run/run_config.ts";
export { RUN_METHODS } from "./run/run_settings.ts";
export { ALPHA_SCHEDULES, alphaSchedule, alphaShareOf, type Annealing, betaSchedule } from "./annealing.ts";
export { requireEvaluable } from "./data/require_evaluable.ts";
export { type NeededData, neededData, pairHasView, type RunViews, viewsOfRun, wantsText } from "./data/run_views.ts";
export { TEXT_VIEW } from "./data/text_view.ts";
export { withTexts, type WithTextsOptions } from "./data/run_texts.ts";
export { isAlignment, isSupervised, trainingPairs, withAnnealing } from "./run_trainer.ts";
export { withTestSet } from "./data/with_test_set.ts";
export {
  alterRunData,
  datasetOptionsOf,
  openRunData,
  type OpenRunDataOptions,
  type RunData,
  type RunTexts,
} from "./data/run_data.ts";
export {
  type MetricsLine,
  readMetricsFile,
  readRunConfig,
  readValidations,
  type RunPaths,
  runPaths,
  sweepTemporary,
} from "./run/run_directory.ts";
export { type CheckpointChoice, CHECKPOINTS } from "./run/run_checkpoint.ts";
export type { SharedPair, SharingLine, ValidationLine } from "./run/validation_line.ts";
export type { BestValidation, EarlyStop } from "./validation/validation.ts";
export { BEST_BY, type BestBy } from "./validation/validation_history.ts";
export type { AurocMeasures, LabelledRows } from "./validation/validation_auroc.ts";
export { readRunDraft, removeRunDraft, type RunDraft, writeRunConfig, writeRunDraft } from "./run/run_draft.ts";
export { type AcceptedChange, acceptedChanges } from "./run/run_data_record.ts";
export { isLocked, type LockOptions, lockRun } from "./run/run_lock.ts";
export { MetricsTail, totalSteps } from "./run/run_progress.ts";
export { openRunTuner, type RunTuningOptions } from "./run/run_tuning.ts";
export { type DeviceRecovery, ReplaceableDevice, throughDeviceFailures } from "./replaceable_device.ts";
export type { LoggedEvaluation, LoggedImage, LoggedLatents, LoggedLine } from "./loggers/logger.ts";
export { logEvaluation, type LoggerOptions } from "./loggers/create_loggers.ts";
export { LOG_FORMATS, type LogFormat } from "./loggers/log_formats.ts";
export { trainRun } from "./train_run.ts";
export type { TrainedRun, TrainProgress, TrainRunOptions } from "./train_run_options.ts";
export { trainThroughFaults, type TrainThroughFaultsOptions } from "./train_through_faults.ts";
export { requireOptimization } from "./optimization.ts";
export { requireRanks, type RunRanks, shareVocabulary } from "./ranks.ts";
export type { DegradedView } from "./data/degraded_view.ts";
export { digestOf } from "./data/data_fingerprint.ts";
