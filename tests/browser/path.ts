/** The part of `node:path` that the engine's tests use, for browsers. */

/** Joins parts of a path that does not go up. */
export function join(...parts: string[]): string {
  return parts.join("/").replaceAll(/\/+/g, "/");
}
