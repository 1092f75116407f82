/**
 * What is laid out in one buffer while a program is planned: uniforms, constants, inputs.
 *
 * @module
 */
import { ALIGNMENT } from "./memory_plan.ts";

/** A buffer that grows by aligned pieces. */
export class Region {
  readonly #pieces: { offset: number; data: Uint8Array }[] = [];
  readonly #shared = new Map<string, number>();
  /** What it takes so far. */
  bytes = 0;

  /** Leaves room, and tells where. */
  reserve(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil(Math.max(4, bytes) / ALIGNMENT) * ALIGNMENT;
    return offset;
  }

  /** Adds data, and tells where it lies. */
  add(data: Uint8Array): number {
    const offset = this.reserve(data.byteLength);
    this.#pieces.push({ offset, data });
    return offset;
  }

  /** Adds data, once for equal contents. */
  addShared(data: Uint8Array): number {
    const key = data.join(",");
    let offset = this.#shared.get(key);
    if (offset === undefined) {
      offset = this.add(data);
      this.#shared.set(key, offset);
    }
    return offset;
  }

  /** Everything that was added, zeros elsewhere. */
  contents(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    for (const { offset, data } of this.#pieces) all.set(data, offset);
    return all;
  }
}
