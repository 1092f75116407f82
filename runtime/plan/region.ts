/**
 * A buffer that is laid out while a program is planned: for uniforms, constants or inputs.
 *
 * @module
 */
import { ALIGNMENT } from "./memory_plan.ts";

/** A buffer that grows in aligned pieces. */
export class Region {
  readonly #pieces: { offset: number; data: Uint8Array }[] = [];
  readonly #shared = new Map<string, number>();
  /** Size in bytes so far. */
  bytes = 0;

  /** Reserves space and returns its offset. */
  reserve(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil(Math.max(4, bytes) / ALIGNMENT) * ALIGNMENT;
    return offset;
  }

  /** Adds data and returns its offset. */
  add(data: Uint8Array): number {
    const offset = this.reserve(data.byteLength);
    this.#pieces.push({ offset, data });
    return offset;
  }

  /** Adds data unless equal data was added before, and returns its offset. */
  addShared(data: Uint8Array): number {
    const key = data.join(",");
    let offset = this.#shared.get(key);
    if (offset === undefined) {
      offset = this.add(data);
      this.#shared.set(key, offset);
    }
    return offset;
  }

  /** The buffer's contents: all data added, and zeros elsewhere. */
  contents(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    for (const { offset, data } of this.#pieces) all.set(data, offset);
    return all;
  }
}
