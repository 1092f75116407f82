/**
 * Parses table cells: missing values and identifiers, in the spellings that common programs produce.
 *
 * @module
 */
import { isNumericId } from "../../base/safe_path.ts";

/** Spellings of a missing value, in lower case. */
const MISSING = new Set(["", "nan", "na", "n/a", "<na>", "none", "null", "nat"]);

/** True for an empty cell and for common placeholders such as `nan`, `NA`, `None` and `NULL`. */
export function isMissing(cell: string): boolean {
  return MISSING.has(cell.trim().toLowerCase());
}

/**
 * Strips the decimals that some programs add to integer columns with missing values: `10000032.0` and `10000032,00`
 * become `10000032`. Any other text is returned unchanged.
 */
export function withoutDecimals(cell: string): string {
  return /^([0-9]+)[.,]0*$/.exec(cell)?.[1] ?? cell;
}

/**
 * Parses the number of a MIMIC-CXR patient or study: `10000032`, a float (`10000032.0`, `1.0000032e+07` with all
 * digits) or the folder name (`p10000032`). Returns `undefined` for anything else, including rounded numbers.
 */
export function numericId(cell: string): string | undefined {
  const text = withoutDecimals(cell.trim().replace(/^[ps](?=[0-9])/i, ""));
  if (isNumericId(text)) return text;
  const scientific = /^([0-9])[.,]([0-9]+)e\+?0*([0-9]{1,2})$/i.exec(text);
  if (scientific === null) return undefined;
  const [, first, decimals, exponent] = scientific;
  // A number rounded to fewer digits would merge several patients into one.
  if (decimals!.length < Number(exponent)) return undefined;
  const digits = first! + decimals!.slice(0, Number(exponent));
  const rest = decimals!.slice(Number(exponent));
  return /^0*$/.test(rest) && isNumericId(digits) ? digits : undefined;
}
