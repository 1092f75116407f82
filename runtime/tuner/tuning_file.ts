/**
 * Serialises tuning choices for files.
 *
 * @module
 */
import type { TuningChoices } from "./kernel_tuner.ts";

/** Incremented when kernels change so much that old measurements are meaningless. */
const TUNING_VERSION = 1;

/** Encodes choices as JSON, one work per line. */
export function encodeTuning(choices: TuningChoices, { adapter }: { adapter: string }): string {
  const sorted = Object.fromEntries([...choices].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ version: TUNING_VERSION, adapter, choices: sorted }, null, 2)}\n`;
}

/**
 * Decodes choices; those of another version or adapter are ignored.
 *
 * @throws {TypeError} naming what is missing or malformed.
 */
export function decodeTuning(text: string, { adapter }: { adapter: string }): Map<string, string> {
  const wrong = (what: string) => new TypeError(`not a file of choices between kernels: ${what}; delete it`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("it is not JSON");
  }
  if (typeof value !== "object" || value === null) throw wrong("it holds no object");
  const { version, adapter: measuredOn, choices } = value as Record<string, unknown>;
  if (!Number.isInteger(version)) throw wrong("`version` is no whole number");
  if (typeof measuredOn !== "string") throw wrong("`adapter` is no text");
  if (typeof choices !== "object" || choices === null) throw wrong("`choices` is no object");
  const entries = Object.entries(choices);
  const bad = entries.find(([, name]) => typeof name !== "string");
  if (bad) throw wrong(`the choice for ${bad[0]} is no text`);
  return new Map(version === TUNING_VERSION && measuredOn === adapter ? entries : []);
}
