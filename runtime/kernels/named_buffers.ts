/**
 * Buffers of a kernel by name, for texts with several variants: each variant binds some of them, numbered in order.
 *
 * @module
 */
import type { Binding } from "./kernel.ts";
import type { TemplateValues } from "./template.ts";

/** A kernel's buffers by the names its text uses, in the order of their bindings. */
export type NamedBuffers = Readonly<Record<string, Binding>>;

/**
 * Binding numbers as template values (`@binding({{name}})`), with `uniforms` for the uniform buffer that comes last, and the list for the
 * dispatch.
 */
export function numberBuffers(buffers: NamedBuffers): { values: TemplateValues; bindings: Binding[] } {
  const names = Object.keys(buffers);
  const values = Object.fromEntries(names.map((name, number) => [name, number]));
  return { values: { ...values, uniforms: names.length }, bindings: Object.values(buffers) };
}
