/**
 * Checks of identifiers and paths from CSV files and zip directories: as untrusted data, they must not lead outside the
 * data set's own directory.
 *
 * @module
 */

/** Longest path segment that common file systems accept, in bytes. */
const MAX_SEGMENT = 255;
/** Longest identifier, which leaves room for a file extension. */
const MAX_ID = 200;
const MAX_PATH = 4096;

/** True for an identifier that is safe as one path segment: letters, digits, `.`, `_`, `-`, not starting with a dot. */
export function isSafeId(id: string): boolean {
  return id.length <= MAX_ID && /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(id);
}

/** True for a decimal identifier as in MIMIC-CXR (`10000032`, `50414267`): 3 to 15 digits. */
export function isNumericId(id: string): boolean {
  return /^[0-9]{3,15}$/.test(id);
}

/**
 * The reason why a relative path could leave the directory that it is joined to; `undefined` if it is safe. Refused:
 * empty or overlong paths, absolute ones, drive letters, backslashes, control characters, and the segments ``, `.` and
 * `..`.
 */
export function unsafePathReason(path: string): string | undefined {
  if (path.length === 0) return "the path is empty";
  if (path.length > MAX_PATH) return `the path has ${path.length} characters, more than ${MAX_PATH}`;
  // deno-lint-ignore no-control-regex -- matches control characters on purpose
  if (/[\u0000-\u001f\u007f]/.test(path)) return "the path has a control character";
  if (path.includes("\\")) return "the path has a backslash";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "the path is absolute";
  for (const segment of path.split("/")) {
    if (segment === "" || segment === "." || segment === "..") return `the path has the segment "${segment}"`;
    if (segment.length > MAX_SEGMENT) return `a segment of the path has more than ${MAX_SEGMENT} characters`;
  }
  return undefined;
}

/** Quotes a string from the data for a message: control characters escaped, truncated to 80 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
