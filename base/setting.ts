/**
 * Declarations of settings: the allowed values, the default and the help. From a declaration follow the command-line
 * flag and its help (`cli/options/options.ts`), the check of a file's field and its type (`setting_group.ts`).
 *
 * @module
 */
import { z } from "zod";

/** One setting. `D` is the type of its value when it is not given: `T` where there is a default, else `undefined`. */
export interface Setting<T, D extends T | undefined = T | undefined> {
  readonly help: string;
  /** Describes the allowed values, to follow "must be". */
  readonly allowed: string;
  /** Name of the value in the help, or `null` for a flag without a value. */
  readonly placeholder: string | null;
  readonly schema: z.ZodType<T>;
  /** Turns the text of the command line into what `schema` checks. */
  readonly parse: (text: string) => unknown;
  readonly default: D;
  /** The text that the flag stands for when it is given without a value; it needs one if this is left out. */
  readonly implied?: string;
  /** The value is a file or folder: on the command line a relative one is relative to where the user is. */
  readonly isPath?: boolean;
  /** Values of a path that are words with a meaning of their own. */
  readonly words?: readonly string[];
}

/** Settings by the name of their flag in camel case: `imageSize` is `--image-size`. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The values of a table of settings. */
export type SettingValues<O extends SettingTable> = { [K in keyof O]: z.output<O[K]["schema"]> | O[K]["default"] };

interface Described<T, D extends T | undefined> {
  readonly help: string;
  readonly default?: D;
}

interface Range {
  /** Smallest value allowed. */
  readonly min?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** The value must be larger than this. */
  readonly above?: number;
  /** The value must be smaller than this. */
  readonly below?: number;
}

/** A finite number in a range. */
export function number<D extends number | undefined = undefined>(
  options: Described<number, D> & Range,
): Setting<number, D> {
  return numeric(z.number(), { ...options, kind: "number" });
}

/** A whole number in a range. */
export function integer<D extends number | undefined = undefined>(
  options: Described<number, D> & Range,
): Setting<number, D> {
  return numeric(z.int(), { ...options, kind: "whole number" });
}

function numeric<D extends number | undefined>(
  base: z.ZodNumber,
  options: Described<number, D> & Range & { kind: string },
): Setting<number, D> {
  const { min, max, above, below, kind } = options;
  let schema = base;
  if (min !== undefined) schema = schema.gte(min);
  if (max !== undefined) schema = schema.lte(max);
  if (above !== undefined) schema = schema.gt(above);
  if (below !== undefined) schema = schema.lt(below);
  const bounds: string[] = [];
  if (min !== undefined && max !== undefined) bounds.push(`from ${min} to ${max}`);
  else if (min !== undefined) bounds.push(`of at least ${min}`);
  if (above !== undefined) bounds.push(`above ${above}`);
  if (max !== undefined && min === undefined) bounds.push(`at most ${max}`);
  if (below !== undefined) bounds.push(`below ${below}`);
  return {
    help: options.help,
    allowed: `a ${kind} ${bounds.join(" and ")}`.trimEnd(),
    placeholder: kind === "number" ? "number" : "n",
    schema,
    // Number("") is 0 and Number("0x10") is 16: neither is meant.
    parse: (text) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text,
    default: options.default as D,
  };
}

/** One of a list of words, which is not empty. */
export function choice<const T extends string, const D extends T | undefined = undefined>(
  words: readonly T[],
  options: Described<T, D>,
): Setting<T, D> {
  return {
    help: options.help,
    allowed: words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    placeholder: "word",
    schema: z.enum(words) as unknown as z.ZodType<T>,
    parse: (text) => text,
    default: options.default as D,
  };
}

/** A text that matches a pattern, anchored at both ends by the caller. */
export function text<D extends string | undefined = undefined>(
  options: Described<string, D> & { pattern: RegExp; allowed: string; placeholder?: string },
): Setting<string, D> {
  return {
    help: options.help,
    allowed: options.allowed,
    placeholder: options.placeholder ?? "text",
    schema: z.string().regex(options.pattern),
    parse: (given) => given,
    default: options.default as D,
  };
}

/** The name of a run, safe as the name of a folder. */
export function runName<D extends string | undefined = undefined>(
  options: Described<string, D>,
): Setting<string, D> {
  return text({
    ...options,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    allowed: "1 to 100 letters, digits, dots, dashes or underscores, beginning with a letter or digit",
    placeholder: "name",
  });
}

/** Several values of one kind, separated by commas. */
export function list<T>(options: {
  item: z.ZodType<T>;
  parse: (word: string) => unknown;
  help: string;
  allowed: string;
}): Setting<T[], undefined> {
  return {
    help: options.help,
    allowed: options.allowed,
    placeholder: "list",
    schema: z.array(options.item).min(1),
    parse: (text) => text.split(",").map(options.parse),
    default: undefined,
  };
}

/** A file or folder. */
export function path<D extends string | undefined = undefined>(
  options: Described<string, D> & { placeholder?: string; words?: readonly string[] },
): Setting<string, D> {
  return {
    help: options.help,
    allowed: "a path",
    ...(options.words ? { words: options.words } : {}),
    placeholder: options.placeholder ?? "path",
    // A NUL would end the path early in the operating system; no file name contains one.
    // deno-lint-ignore no-control-regex
    schema: z.string().min(1).max(4096).regex(/^[^\x00]*$/, "no path has a NUL character"),
    parse: (given) => given,
    default: options.default as D,
    isPath: true,
  };
}

/** A flag without a value: true when given. */
export function flag(options: { help: string }): Setting<boolean, false> {
  return {
    help: options.help,
    allowed: "true or false",
    placeholder: null,
    schema: z.boolean(),
    parse: (given) => given === "true",
    default: false,
  };
}
