/**
 * A subset of `node:path` for browsers: what the engine's tests use.
 *
 * @module
 */

/** Joins parts of a path; does not resolve `..`. */
export function join(...parts: string[]): string {
  return parts.join("/").replaceAll(/\/+/g, "/");
}

/** The last part of a path. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path without its last part. */
export function dirname(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || ".";
}
