/**
 * A bound on the work that a Parquet file can cause.
 *
 * @module
 */
import { ParquetError } from "./parquet_error.ts";

/** How many times its own size a file may expand to. Floats are hardly compressible; constant columns are. */
const MAX_EXPANSION = 100;
/** What any file may expand to. */
const SMALL_BYTES = 2 ** 27;

/**
 * Counts bytes that are read and made. A few bytes can claim billions of equal values, or many columns the same bytes,
 * and so make work out of proportion to the file without contradicting themselves.
 */
export class WorkBudget {
  #left: number;

  constructor(fileBytes: number) {
    this.#left = SMALL_BYTES + MAX_EXPANSION * fileBytes;
  }

  /**
   * Takes bytes from the budget, before the work is done.
   *
   * @throws {ParquetError} if it is spent.
   */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new ParquetError(
      `the Parquet file expands to more than ${MAX_EXPANSION} times its size, which embeddings do not: it is ` +
        "damaged, or its vectors are all equal",
    );
  }
}
