/**
 * Number formatting. Shared with the client script, so that a number reads the same wherever it appears.
 *
 * @module
 */

/** Shown in place of an undefined value, such as the AUROC of a label with only one class. */
export const MISSING = "n/a";

/** Rounds to the three decimals that the report shows. Rounding first does not change how the value is formatted. */
export function toThreeDecimals(value: number): number {
  return Number(value.toFixed(3));
}

/**
 * Formats a metric in [0, 1] with three decimals.
 *
 * @example
 * ```ts
 * import { formatScore } from "./format.ts";
 * formatScore(0.81249); // "0.812"
 * formatScore(null); // "n/a"
 * ```
 */
export function formatScore(value: number | null | undefined): string {
  return value === null || value === undefined ? MISSING : signed(value, "");
}

/** Formats a difference with its sign: `+0.021`, `−0.004`. */
export function formatDifference(value: number | null | undefined): string {
  return value === null || value === undefined ? MISSING : signed(value, "+");
}

/** Formats an interval of metrics: `0.785–0.838`. */
export function formatInterval(low: number | null | undefined, high: number | null | undefined): string {
  if (low === null || low === undefined || high === null || high === undefined) return MISSING;
  return `${formatScore(low)}–${formatScore(high)}`;
}

/**
 * Formats an interval of differences, with "to" because a dash next to a minus sign is hard to read: `−0.004 to 0.031`.
 */
export function formatDifferenceInterval(low: number | null | undefined, high: number | null | undefined): string {
  if (low === null || low === undefined || high === null || high === undefined) return MISSING;
  return `${signed(low, "")} to ${signed(high, "")}`;
}

/** Formats a p-value with three decimals, or as `<0.001`. */
export function formatP(value: number | null | undefined): string {
  if (value === null || value === undefined) return MISSING;
  return value < 0.001 ? "<0.001" : value.toFixed(3);
}

/** Formats a count with thousands separators: `227,835`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Formats a count with its noun: `1 study`, `1,200 studies`. */
export function formatNumberOf(value: number, forms: { one: string; many: string }): string {
  return `${formatCount(value)} ${value === 1 ? forms.one : forms.many}`;
}

/** Formats a fraction in [0, 1] as a percentage with up to three significant digits: `10%`, `0.5%`. */
export function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))}%`;
}

/** Formats a duration in seconds: `0.4 s`, `3 min 20 s`, `45 h 10 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 59.5) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Joins names as in a sentence: `a`, `a and b`, `a, b and c`. */
export function formatList(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** Capitalises the first letter. */
export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function signed(value: number, plus: string): string {
  const digits = Math.abs(value).toFixed(3);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? "−" : plus}${digits}`;
}
