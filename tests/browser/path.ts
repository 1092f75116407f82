/**
 * A subset of `node:path` for browsers: what the engine's tests use.
 *
 * @module
 */

/** Joins parts of a path; does not resolve `..`. */
export function join(...parts: string[]): string {
  return parts.join("/").replaceAll(/\/+/g, "/");
}
