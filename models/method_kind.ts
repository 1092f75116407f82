/**
 * The kinds of methods that a run can train.
 *
 * @module
 */
import { ALIGNMENT_NAMES, alignmentOf } from "./alignment/registry.ts";
import { CLASSIFIER_NAMES } from "./classifier/classifier.ts";
import { methodOf } from "./methods/registry.ts";

/** Autoencoders of any kind, methods that align embeddings without decoders, and supervised classifiers. */
export type MethodKind = "vae" | "alignment" | "classifier";

/** The kind of a method; names that are not known are taken for VAEs. */
export function methodKind(name: string): MethodKind {
  if (CLASSIFIER_NAMES.includes(name)) return "classifier";
  return ALIGNMENT_NAMES.includes(name) ? "alignment" : "vae";
}

/**
 * A method's title in reports.
 *
 * @throws {RangeError} for an unknown name, listing the known ones.
 */
export function methodTitle(name: string): string {
  const kind = methodKind(name);
  if (kind === "classifier") return "supervised classifier";
  return kind === "alignment" ? alignmentOf(name).title : methodOf(name).title;
}
