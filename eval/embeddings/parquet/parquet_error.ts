/**
 * What is wrong with a Parquet file.
 *
 * @module
 */

/** The file is damaged, or uses a part of the format that is not read; the message says which. */
export class ParquetError extends Error {
  /** Name of the class. */
  override name = "ParquetError";
}

/** The error for a file that contradicts itself or the format. */
export function damaged(what: string): ParquetError {
  return new ParquetError(`the Parquet file is damaged: ${what}`);
}
