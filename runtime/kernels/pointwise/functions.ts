/**
 * WGSL functions that pointwise expressions and reductions call, over the aliases of {@link typeAliases}.
 *
 * @module
 */
import extremesText from "../../../shaders/pointwise/extremes.wgsl" with { type: "text" };
import nanText from "../../../shaders/pointwise/nan.wgsl" with { type: "text" };
import powerText from "../../../shaders/pointwise/power.wgsl" with { type: "text" };
import softplusText from "../../../shaders/pointwise/softplus.wgsl" with { type: "text" };
import tanhText from "../../../shaders/pointwise/tanh.wgsl" with { type: "text" };

/** `is_nan(x)`. */
export const NAN_TEST: readonly string[] = [nanText];
/** `larger(a, b)` and `smaller(a, b)`, which pass NaN on. */
export const EXTREMES: readonly string[] = [nanText, extremesText];
/** `power(a, b)`. */
export const POWER: readonly string[] = [nanText, powerText];
/** `softplus_of(x)`. */
export const SOFTPLUS: readonly string[] = [softplusText];
/** `tanh_of(x)`. */
export const TANH: readonly string[] = [tanhText];

/** The types of a kernel that computes 1 or 4 elements at a time: T of values, U of their bits, B of conditions. */
export function typeAliases(width: 1 | 4): { T: string; U: string; B: string } {
  return width === 4 ? { T: "vec4f", U: "vec4u", B: "vec4<bool>" } : { T: "f32", U: "u32", B: "bool" };
}

/** Each text once, in the order given. */
export function distinctFunctions(lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))];
}
