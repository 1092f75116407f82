/**
 * What is generated around the body of a kernel: constants, the struct of its uniforms, its bindings, an accessor for
 * each operand, and the entry point. It is generated when a pipeline is made, because only then three things are known:
 * how buffers are bound (`read` or `read_write`), which of them hold float16, and which are read as texels. The body is
 * the same for all of these.
 *
 * @module
 */
import type { Dispatch } from "./kernel.ts";
import { expand } from "./expand.ts";
import type { Operand, Operands } from "./operands.ts";
import { subgroupsDirective } from "../device/platform.ts";
import { TEXEL_ROW } from "./texels.ts";
import { uniformBytes, type Uniforms, uniformStruct } from "./uniforms.ts";

/** Invocations of a workgroup, where a dispatch does not say. */
export const DEFAULT_LANES = 64;

/** How a storage buffer is bound. */
export type BoundAccess = "read" | "read_write";

/** Which of a dispatch's storage buffers, and of its operands that are read as texels, hold float16. */
export interface HalfOperands {
  readonly storage: readonly boolean[];
  readonly texels: readonly boolean[];
}

/** True where a dispatch has a float16 operand. */
export function hasHalf({ storage, texels }: HalfOperands): boolean {
  return storage.includes(true) || texels.includes(true);
}

/** Formats of textures that operands are read from. */
export type TexelFormat = "rgba32float" | "rgba16float";

/** A named operand. */
export type NamedOperand = readonly [name: string, operand: Operand];

/** The operands that are bound as storage buffers, in order. */
export function storageOperands({ operands }: { readonly operands: Operands }): NamedOperand[] {
  return Object.entries(operands).filter(([, { texels }]) => !texels);
}

/** The operands that are read as texels, in order. */
export function texelOperands({ operands }: { readonly operands: Operands }): NamedOperand[] {
  return Object.entries(operands).filter(([, { texels }]) => texels);
}

/** The textures that a dispatch with texels binds after its buffers, in order. */
export function texelFormats(halves: HalfOperands): TexelFormat[] {
  const formats: TexelFormat[] = [];
  if (halves.texels.includes(false)) formats.push("rgba32float");
  if (halves.texels.includes(true)) formats.push("rgba16float");
  return formats;
}

/**
 * The bytes of a dispatch's uniforms; undefined where it has none.
 *
 * @param texelRows For each operand that is read as texels, the row of the texture where it begins.
 */
export function uniformsOf(dispatch: Dispatch, texelRows: readonly number[]): Uint8Array<ArrayBuffer> | undefined {
  const uniforms = allUniforms(dispatch, texelRows);
  return Object.keys(uniforms).length ? uniformBytes(uniforms) : undefined;
}

/** A dispatch's own uniforms, and the first texel of each operand that is read as texels. */
function allUniforms(dispatch: Dispatch, texelRows: readonly number[] = []): Uniforms {
  const places = texelOperands(dispatch).map(([name], i) => [`${name}_first`, (texelRows[i] ?? 0) * TEXEL_ROW]);
  return { ...dispatch.uniforms, ...Object.fromEntries(places) };
}

/**
 * The whole WGSL of a dispatch for the way in which its operands are bound. The body comes first: lines of errors are
 * its own.
 */
export function kernelText(
  dispatch: Dispatch,
  bound: { readonly access: readonly BoundAccess[]; readonly halves: HalfOperands },
): string {
  const { code, values = {}, lanes = DEFAULT_LANES } = dispatch;
  const { access, halves } = bound;
  const storage = storageOperands(dispatch);
  const texels = texelOperands(dispatch);
  const uniforms = allUniforms(dispatch);
  const hasUniforms = Object.keys(uniforms).length > 0;
  const textures = texelFormats(halves);
  let binding = 0;
  const body = expand(code, values);
  const lines = [
    (halves.storage.includes(true) || dispatch.half ? "enable f16; " : "") +
    (dispatch.subgroups ? subgroupsDirective() : "") + body,
    `const LANES = ${lanes}u;`,
    ...Object.entries(values).flatMap(([name, value]) => constant(name, value)),
    ...storage.map(([name, operand], i) => {
      const type = halves.storage[i] ? HALF_TYPES[operand.type] : operand.type;
      const variable = operand.raw ? name : `${name}_buffer`;
      return `@group(0) @binding(${binding++}) var<storage, ${access[i]}> ${variable}: array<${type}>;`;
    }),
    ...(hasUniforms
      ? [uniformStruct("Params", uniforms), `@group(0) @binding(${binding++}) var<uniform> p: Params;`]
      : []),
    ...textures.map((format) =>
      `@group(0) @binding(${binding++}) var ${textureName(format)}: texture_storage_2d<${format}, read>;`
    ),
    ...storage.flatMap(([name, operand], i) => {
      if (operand.raw) return [];
      const half = halves.storage[i] ?? false;
      return [
        ...(dispatch.twins ? twinAccessors(name, operand, half) : accessors(name, operand, half)),
        ...(body.includes(`${name}_stored`) ? storedAccessor(name, operand, half) : []),
      ];
    }),
    ...texels.map(([name], i) => texelAccessor(name, halves.texels[i] ? "rgba16float" : "rgba32float")),
    ...entryPoint(dispatch),
  ];
  return lines.join("\n");
}

/** What the name of a twin's operand ends with. */
export const TWIN = "_twin";

/** The upper half of the workgroups of twins do the second one's work. */
function entryPoint({ twins, subgroups }: Dispatch): string[] {
  return [
    ...(twins ? ["var<private> is_twin: bool;"] : []),
    ...(subgroups ? ["var<private> subgroup_lane: u32;"] : []),
    "@compute @workgroup_size(LANES)",
    "fn main(",
    "  @builtin(workgroup_id) group: vec3u,",
    "  @builtin(num_workgroups) groups: vec3u,",
    "  @builtin(local_invocation_index) lane: u32,",
    ...(subgroups ? ["  @builtin(subgroup_invocation_id) place: u32,"] : []),
    ") {",
    ...(subgroups ? ["  subgroup_lane = place;"] : []),
    "  let number = group.x + group.y * groups.x;",
    ...(twins
      ? ["  is_twin = number >= p.twin_groups;", "  kernel(number - select(0u, p.twin_groups, is_twin), lane);"]
      : ["  kernel(number, lane);"]),
    "}",
  ];
}

function constant(name: string, value: string | number | boolean): string[] {
  if (typeof value === "number") return [`const ${name} = ${value}u;`];
  return typeof value === "string" ? [`alias ${name} = ${value};`] : [];
}

/** What is stored for a float, or for words that are the bits of floats. */
const HALF_TYPES: Readonly<Record<string, string>> = {
  f32: "f16",
  vec2f: "vec2h",
  vec4f: "vec4h",
  u32: "f16",
  vec2u: "vec2h",
  vec4u: "vec4h",
};

/** The floats that a type of words is the bits of. */
const FLOATS: Readonly<Record<string, string>> = { u32: "f32", vec2u: "vec2f", vec4u: "vec4f" };

/** Functions that read and write an element: what is stored as float16 is widened, and rounded to nearest even. */
function accessors(name: string, { type, access }: Operand, half: boolean, buffer = `${name}_buffer`): string[] {
  const element = `${buffer}[i]`;
  const floats = FLOATS[type];
  const widened = floats ? `bitcast<${type}>(${floats}(${element}))` : `${type}(${element})`;
  const rounded = `${HALF_TYPES[type]}(${floats ? `bitcast<${floats}>(value)` : "value"})`;
  const at = `fn ${name}_at(i: u32) -> ${type} { return ${half ? widened : element}; }`;
  const put = `fn ${name}_put(i: u32, value: ${type}) { ${element} = ${half ? rounded : "value"}; }`;
  return [...(access === "write" ? [] : [at]), ...(access === "read" ? [] : [put])];
}

/** The accessors of an operand that has a twin choose between the two buffers; a twin itself has ordinary ones. */
function twinAccessors(name: string, operand: Operand, half: boolean): string[] {
  if (name.endsWith(TWIN)) return accessors(name, operand, half);
  const { type, access } = operand;
  const at =
    `fn ${name}_at(i: u32) -> ${type} { if (is_twin) { return ${name}${TWIN}_at(i); } return ${name}_own_at(i); }`;
  const put = `fn ${name}_put(i: u32, value: ${type}) { ` +
    `if (is_twin) { ${name}${TWIN}_put(i, value); } else { ${name}_own_put(i, value); } }`;
  return [
    ...accessors(`${name}_own`, operand, half, `${name}_buffer`),
    ...(access === "write" ? [] : [at]),
    ...(access === "read" ? [] : [put]),
  ];
}

/** For a vector operand, a read without widening, and a type that holds four such vectors. */
function storedAccessor(name: string, { type }: Operand, half: boolean): string[] {
  return [
    `alias ${name}_stored = ${half ? HALF_TYPES[type] : type};`,
    `alias ${name}_stored4 = ${half ? "mat4x4h" : "mat4x4f"};`,
    `fn ${name}_stored_at(i: u32) -> ${name}_stored { return ${name}_buffer[i]; }`,
  ];
}

function texelAccessor(name: string, format: TexelFormat): string {
  const place = `let t = p.${name}_first + i;`;
  return `fn ${name}_at(i: u32) -> vec4f { ${place} return textureLoad(${textureName(format)}, ` +
    `vec2u(t % ${TEXEL_ROW}u, t / ${TEXEL_ROW}u)); }`;
}

function textureName(format: TexelFormat): string {
  return format === "rgba16float" ? "half_texels" : "texels";
}
