/**
 * A setting of several numbers, each with a name: `--augment shift=0.05,rotate=7`, and an object in files.
 *
 * @module
 */
import { z } from "zod";
import type { Setting } from "./setting.ts";

/**
 * Numbers from 0 to a limit by name; those left out are 0. Zeros are dropped, and the others come in the limits' order,
 * so that equal settings are equal values.
 *
 * @param limits The largest number of each name.
 * @param options.implied What the flag stands for without a value.
 */
export function namedNumbers<N extends string>(
  limits: Readonly<Record<N, number>>,
  options: { help: string; implied: Readonly<Partial<Record<N, number>>> },
): Setting<Partial<Record<N, number>>, undefined> {
  const names = Object.keys(limits) as N[];
  const fields = names.map((name) => [name, z.number().gte(0).lte(limits[name]).exactOptional()] as const);
  const schema = z.strictObject(Object.fromEntries(fields)).transform((given) => {
    const kept = names.filter((name) => (given[name] ?? 0) > 0).map((name) => [name, given[name]]);
    return Object.fromEntries(kept) as Partial<Record<N, number>>;
  });
  const implied = Object.entries(options.implied).map(([name, number]) => `${name}=${number}`).join(",");
  return {
    help: options.help,
    allowed: `comma-separated amounts, such as ${names[0]}=${limits[names[0]!] / 10}, each from 0 to: ` +
      `${names.map((name) => `${name} ${limits[name]}`).join(", ")}; without a value ${implied}`,
    placeholder: "amounts",
    schema,
    parse: parseNumbers,
    default: undefined,
    implied,
  };
}

/** NAME=NUMBER, separated by commas, as an object; the text itself where it is something else or repeats a name. */
function parseNumbers(text: string): unknown {
  const pairs = text.split(",").map((part) => /^\s*(\w+)=(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)\s*$/i.exec(part));
  const found = pairs.flatMap((pair) => pair ? [[pair[1]!, Number(pair[2])] as const] : []);
  const distinct = new Set(found.map(([name]) => name));
  return distinct.size === pairs.length ? Object.fromEntries(found) : text;
}
