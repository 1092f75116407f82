/**
 * The formats of `--log`.
 *
 * @module
 */

/** The formats of `--log`, beside `metrics.jsonl`. */
export const LOG_FORMATS = ["tensorboard", "mlflow"] as const;

/** Name of a format in which a run is logged. */
export type LogFormat = typeof LOG_FORMATS[number];
