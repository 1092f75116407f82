/**
 * Cells of tables: missing values and identifiers, as programs write them.
 *
 * @module
 */
import { isNumericId } from "../../base/safe_path.ts";

/** Cells that stand for a missing value. */
const MISSING = new Set(["", "nan", "na", "n/a", "<na>", "none", "null", "nat"]);

/** True for an empty cell and for the words that programs write in its place: `nan`, `NA`, `None`, `NULL`. */
export function isMissing(cell: string): boolean {
  return MISSING.has(cell.trim().toLowerCase());
}

/**
 * A whole number without the decimals that programs add to a column with missing values: `10000032.0` and `10000032,00`
 * are `10000032`. Any other text is given back as it is.
 */
export function withoutDecimals(cell: string): string {
  return /^([0-9]+)[.,]0*$/.exec(cell)?.[1] ?? cell;
}

/**
 * The number of a patient or study of MIMIC-CXR: `10000032`, also written as a float (`10000032.0`, `1.0000032e+07`
 * with all of its digits) or as its folder's name (`p10000032`). `undefined` for anything else, such as a number that
 * was rounded.
 */
export function numericId(cell: string): string | undefined {
  const text = withoutDecimals(cell.trim().replace(/^[ps](?=[0-9])/i, ""));
  if (isNumericId(text)) return text;
  const scientific = /^([0-9])[.,]([0-9]+)e\+?0*([0-9]{1,2})$/i.exec(text);
  if (scientific === null) return undefined;
  const [, first, decimals, exponent] = scientific;
  // With fewer digits than the number has, several patients would become one.
  if (decimals!.length < Number(exponent)) return undefined;
  const digits = first! + decimals!.slice(0, Number(exponent));
  const rest = decimals!.slice(Number(exponent));
  return /^0*$/.test(rest) && isNumericId(digits) ? digits : undefined;
}
