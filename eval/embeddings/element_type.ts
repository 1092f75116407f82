/**
 * The floating-point types in which embeddings are stored.
 *
 * @module
 */

/** A floating-point type: IEEE half, bfloat16, single or double precision. */
export type ElementType = "f16" | "bf16" | "f32" | "f64";

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { f16: 2, bf16: 2, f32: 4, f64: 8 };

/** How elements are stored. */
export interface ElementLayout {
  /** Type of the elements. */
  readonly type: ElementType;
  /** Whether the most significant byte comes first. */
  readonly bigEndian: boolean;
}

/**
 * Decodes elements to float32: exactly for all types but f64, which is rounded.
 *
 * @param bytes The bytes of `into.length` elements.
 * @param into Receives the values.
 */
export function decodeElements(bytes: Uint8Array, { type, bigEndian }: ElementLayout, into: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, into.length * ELEMENT_BYTES[type]);
  const little = !bigEndian;
  switch (type) {
    case "f16":
      for (let i = 0; i < into.length; i++) into[i] = view.getFloat16(2 * i, little);
      return;
    case "bf16": {
      // A bfloat16 is the upper half of a float32.
      const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
      for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(2 * i, little) << 16;
      return;
    }
    case "f32":
      for (let i = 0; i < into.length; i++) into[i] = view.getFloat32(4 * i, little);
      return;
    case "f64":
      for (let i = 0; i < into.length; i++) into[i] = view.getFloat64(8 * i, little);
  }
}
