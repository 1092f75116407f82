/**
 * Buffers of kernels by name: where each lies, what it holds, and how the kernel uses it.
 *
 * @module
 */

/**
 * A buffer of the op: its i-th input, i-th output or i-th scratch buffer, or `count` elements of it from element
 * `first` (a multiple of 64: WebGPU aligns bindings to 256 bytes), where the whole exceeds what one binding can hold.
 */
export type Binding =
  & ({ readonly input: number } | { readonly output: number } | { readonly scratch: number })
  & { readonly first?: number; readonly count?: number };

/** Elements that accessors read and write. */
export type ElementType = "f32" | "vec2f" | "vec4f" | "u32" | "vec2u" | "vec4u";

/** How a kernel uses an operand. */
export type Access = "read" | "write" | "read_write";

/** A buffer as a kernel sees it. */
export interface Operand {
  /** The buffer, or a part of it. */
  readonly buffer: Binding;
  /** How the kernel uses it. */
  readonly access: Access;
  /** Type of an element: any that WGSL can store for a raw operand, else an {@link ElementType}. */
  readonly type: string;
  /** Read through a texture, see `texels.ts`; needs the type `vec4f`. */
  readonly texels?: boolean;
  /** Bound as it is under its own name, without accessors; never stored as float16. */
  readonly raw?: boolean;
}

/** A kernel's operands by name, in the order in which they are bound. */
export type Operands = Readonly<Record<string, Operand>>;

/** An operand that the kernel reads by `NAME_at(i)`. */
export function reads(buffer: Binding, type: ElementType, options: { texels?: boolean } = {}): Operand {
  return { buffer, access: "read", type, ...(options.texels ? { texels: true } : {}) };
}

/** An operand that the kernel writes by `NAME_put(i, value)`. */
export function writes(buffer: Binding, type: ElementType): Operand {
  return { buffer, access: "write", type };
}

/** An operand that the kernel reads by `NAME_at(i)` and writes by `NAME_put(i, value)`: one that changes in place. */
export function updates(buffer: Binding, type: ElementType): Operand {
  return { buffer, access: "read_write", type };
}

/**
 * An operand without accessors, for atomics and pointers: the kernel uses the array `NAME` itself, always in float32.
 */
export function raw(buffer: Binding, type: string, access: Access): Operand {
  return { buffer, access, type, raw: true };
}

/** A dispatch, or anything else with operands, whose operands lie elsewhere. */
export function rebound<Kernel extends { readonly operands: Operands }>(
  kernel: Kernel,
  rebind: (buffer: Binding) => Binding,
): Kernel {
  const operands = Object.entries(kernel.operands).map(([name, operand]) =>
    [name, { ...operand, buffer: rebind(operand.buffer) }] as const
  );
  return { ...kernel, operands: Object.fromEntries(operands) };
}

/** The type of a vector of `width` floats. */
export function floats(width: 1 | 4): "f32" | "vec4f" {
  return width === 4 ? "vec4f" : "f32";
}

/** The type of a vector of `width` 32-bit words. */
export function words(width: 1 | 4): "u32" | "vec4u" {
  return width === 4 ? "vec4u" : "u32";
}
