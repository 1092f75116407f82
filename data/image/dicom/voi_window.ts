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

const NUMBER = String.raw`([+-]?\d+(?:\.\d+)?)`;
const FIXED = new RegExp(`^${NUMBER},${NUMBER}$`);

/** Parses a window; `undefined` for anything that is none. */
export function parseWindow(text: string): VoiWindow | undefined {
  if (text === "full") return { kind: "full" };
  const numbered = /^file(?::([1-9]\d{0,2}))?$/.exec(text);
  if (numbered !== null) return { kind: "file", number: Number(numbered[1] ?? 1) };
  const fixed = FIXED.exec(text);
  if (fixed === null || Number(fixed[2]) < 1) return undefined;
  return { kind: "fixed", center: Number(fixed[1]), width: Number(fixed[2]) };
}
