/**
 * Arrays of embeddings, one row per id, read from a file in bounded memory.
 *
 * @module
 */
import { readExactly } from "../../base/atomic_file.ts";
import { DataError, nameFile } from "../../base/errors.ts";
import { decodeElements, ELEMENT_BYTES, type ElementLayout } from "./element_type.ts";

/** An array of embeddings in a file. */
export interface EmbeddingArray {
  /** Name of the array in its file; empty if the format has none. */
  readonly name: string;
  /** Number of rows. */
  readonly rows: number;
  /** Number of dimensions. */
  readonly dimension: number;
  /**
   * Copies rows.
   *
   * @param slots Per row, the row of `into` to copy it to, or -1 to skip it.
   * @param into Row-major values.
   */
  gather(slots: Int32Array, into: Float32Array): Promise<void>;
}

/** Memory for the bytes that are decoded at a time. */
const BLOCK_BYTES = 2 ** 23;

/** Where a dense array is stored. */
export interface StoredArrayOptions {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly name: string;
  readonly rows: number;
  readonly dimension: number;
  readonly layout: ElementLayout;
  /** First byte of the data. */
  readonly offset: number;
  /** Whether columns, not rows, are contiguous. */
  readonly fortran: boolean;
}

/** An array whose elements are stored one after the other, by rows or by columns. */
export class StoredArray implements EmbeddingArray {
  readonly name: string;
  readonly rows: number;
  readonly dimension: number;
  readonly #stored: StoredArrayOptions;

  constructor(stored: StoredArrayOptions) {
    this.name = stored.name;
    this.rows = stored.rows;
    this.dimension = stored.dimension;
    this.#stored = stored;
  }

  gather(slots: Int32Array, into: Float32Array): Promise<void> {
    if (this.#stored.fortran) this.#gatherColumns(slots, into);
    else this.#gatherRows(slots, into);
    return Promise.resolve();
  }

  #gatherRows(slots: Int32Array, into: Float32Array): void {
    const { rows, dimension } = this;
    const most = Math.max(1, Math.floor(BLOCK_BYTES / (dimension * this.#itemBytes)));
    for (let first = 0; first < rows; first += most) {
      const count = Math.min(most, rows - first);
      if (slots.subarray(first, first + count).every((slot) => slot < 0)) continue;
      const block = this.#read(first * dimension, count * dimension);
      for (let row = 0; row < count; row++) {
        const slot = slots[first + row]!;
        if (slot >= 0) into.set(block.subarray(row * dimension, (row + 1) * dimension), slot * dimension);
      }
    }
  }

  #gatherColumns(slots: Int32Array, into: Float32Array): void {
    const { rows, dimension } = this;
    const most = Math.floor(BLOCK_BYTES / this.#itemBytes);
    for (let column = 0; column < dimension; column++) {
      for (let first = 0; first < rows; first += most) {
        const block = this.#read(column * rows + first, Math.min(most, rows - first));
        for (let row = 0; row < block.length; row++) {
          const slot = slots[first + row]!;
          if (slot >= 0) into[slot * dimension + column] = block[row]!;
        }
      }
    }
  }

  get #itemBytes(): number {
    return ELEMENT_BYTES[this.#stored.layout.type];
  }

  #read(element: number, count: number): Float32Array {
    const { file, path, offset, layout } = this.#stored;
    const bytes = new Uint8Array(count * this.#itemBytes);
    try {
      if (!readExactly(file, bytes, offset + element * this.#itemBytes)) {
        throw new DataError("the file became shorter while it was read", { file: path });
      }
    } catch (error) {
      throw nameFile(error, path);
    }
    const values = new Float32Array(count);
    decodeElements(bytes, layout, values);
    return values;
  }
}
