/**
 * Which range of a DICOM image's values becomes black to white: `--window`.
 *
 * @module
 */

/**
 * `full`: the whole range of values, without any window. `file`: the file's own window or lookup table of this number,
 * from 1, tables first; the last one of a file that has fewer, and `full` for a file without. `fixed`: the same for
 * all.
 */
export type VoiWindow =
  | { kind: "full" }
  | { kind: "file"; number: number }
  | { kind: "fixed"; center: number; width: number };

/** What `--window` accepts, in words. */
export const WINDOW_FORMS = "full, file, file:2 (the second window of each file) or CENTER,WIDTH such as 2048,4096";

/** The windows of `--window`. */
export const WINDOW_PATTERN = /^(?:full|file(?::([1-9]\d{0,2}))?|([+-]?\d+(?:\.\d+)?),(0*[1-9]\d*(?:\.\d+)?))$/;

/** Parses a window; `undefined` for anything that is none. */
export function parseWindow(text: string): VoiWindow | undefined {
  const match = WINDOW_PATTERN.exec(text);
  if (match === null) return undefined;
  const [, number, center, width] = match;
  if (text === "full") return { kind: "full" };
  if (center === undefined) return { kind: "file", number: Number(number ?? 1) };
  return { kind: "fixed", center: Number(center), width: Number(width) };
}
