/**
 * Uniforms of kernels by name: their types, their places in the uniform buffer, and their bytes.
 *
 * @module
 */

/** Numbers that a kernel reads as `p.name`. A plain number is a `u32`. */
export type Uniform = number | TypedUniform;

/** A uniform of another type than `u32`; made by {@link f32} and the functions beside it. */
export interface TypedUniform {
  /** WGSL type of the field. */
  readonly type: UniformType;
  /** One number, or the elements of a vector or array. */
  readonly values: readonly number[];
}

/** Arrays hold vectors: WGSL wants the elements of a uniform array 16 bytes apart. */
export type UniformType = "u32" | "i32" | "f32" | "vec4i" | "array<vec4f>" | "array<vec4u>";

/** A kernel's uniforms in the order of the generated struct. */
export type Uniforms = Readonly<Record<string, Uniform>>;

/** A float. */
export function f32(value: number): TypedUniform {
  return { type: "f32", values: [value] };
}

/** A signed integer. */
export function i32(value: number): TypedUniform {
  return { type: "i32", values: [value] };
}

/** Four signed integers; zeros stand for those that are missing. */
export function vec4i(values: readonly number[]): TypedUniform {
  return { type: "vec4i", values: [0, 1, 2, 3].map((i) => values[i] ?? 0) };
}

/** Unsigned integers, four in each element of an `array<vec4u>`. */
export function vec4us(values: readonly number[]): TypedUniform {
  return { type: "array<vec4u>", values };
}

/** Floats, four in each element of an `array<vec4f>`. */
export function vec4fs(values: readonly number[]): TypedUniform {
  return { type: "array<vec4f>", values };
}

/** Where a uniform lies. */
interface Place {
  readonly name: string;
  readonly uniform: TypedUniform;
  /** 32-bit words from the start of the buffer. */
  readonly at: number;
}

function layOut(uniforms: Uniforms): { places: Place[]; words: number } {
  let at = 0;
  const places = Object.entries(uniforms).map(([name, value]): Place => {
    const uniform: TypedUniform = typeof value === "number" ? { type: "u32", values: [value] } : value;
    // Vectors and arrays of them begin at multiples of 16 bytes.
    if (isWide(uniform)) at = roundUp(at);
    const place = { name, uniform, at };
    at += isWide(uniform) ? roundUp(uniform.values.length) : 1;
    return place;
  });
  return { places, words: roundUp(at) };
}

function isWide({ type }: TypedUniform): boolean {
  return type !== "u32" && type !== "i32" && type !== "f32";
}

function roundUp(words: number): number {
  return Math.ceil(words / 4) * 4;
}

/** The WGSL of the struct that holds the uniforms. */
export function uniformStruct(name: string, uniforms: Uniforms): string {
  const members = layOut(uniforms).places.map(({ name, uniform: { type, values } }) =>
    `  ${name}: ${type.startsWith("array") ? type.replace(">", `, ${Math.ceil(values.length / 4)}>`) : type},`
  );
  return `struct ${name} {\n${members.join("\n")}\n}`;
}

/**
 * The contents of the uniform buffer, a multiple of 16 bytes.
 *
 * @throws {RangeError} for a number that its type cannot hold.
 */
export function uniformBytes(uniforms: Uniforms): Uint8Array<ArrayBuffer> {
  const { places, words } = layOut(uniforms);
  const view = new DataView(new ArrayBuffer(words * 4));
  for (const { name, uniform: { type, values }, at } of places) {
    values.forEach((value, i) => {
      const offset = 4 * (at + i);
      if (type === "f32" || type === "array<vec4f>") view.setFloat32(offset, value, true);
      else if (type === "i32" || type === "vec4i") {
        view.setInt32(offset, checked(name, { value, least: -(2 ** 31) }), true);
      } else view.setUint32(offset, checked(name, { value, least: 0 }), true);
    });
  }
  return new Uint8Array(view.buffer);
}

function checked(name: string, { value, least }: { value: number; least: number }): number {
  if (!Number.isInteger(value) || value < least || value >= least + 2 ** 32) {
    throw new RangeError(
      `uniform ${name} must be a whole number from ${least} to ${least + 2 ** 32 - 1}, got ${value}`,
    );
  }
  return value;
}
