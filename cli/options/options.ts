/**
 * The flags of a command, described once: from one table come the command line, its help, the checks of a configuration file and the
 * type of the values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { choice, integer, number, parseArguments } from "./options.ts";
 *
 * const options = {
 *   method: choice(["mmvm", "independent"], { help: "how the views share a posterior", default: "mmvm" }),
 *   lr: number({ above: 0, max: 1, help: "learning rate", default: 5e-5 }),
 *   epochs: integer({ min: 1, help: "passes over the training split" }),
 * };
 * const { values } = parseArguments({ name: "train", summary: "Trains.", options }, ["--lr", "1e-3"]);
 * assert.equal(values.lr, 1e-3);
 * assert.equal(values.method, "mmvm");
 * assert.equal(values.epochs, undefined);
 * ```
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { z } from "zod";
import { HelpShown, UsageError } from "../terminal/errors.ts";
import { userPath } from "../terminal/paths.ts";

/** One flag. `D` is the type of its value when it is not given: `T` where there is a default, else `undefined`. */
export interface OptionSpec<T, D extends T | undefined = T | undefined> {
  readonly help: string;
  /** What a value must be, to follow "must be". */
  readonly allowed: string;
  /** How the value is called in the help, or `null` for a flag without one. */
  readonly placeholder: string | null;
  readonly schema: z.ZodType<T>;
  /** Turns the text of the command line into what `schema` checks. */
  readonly parse: (text: string) => unknown;
  readonly default: D;
}

/** A table of flags; the key `imageSize` is the flag `--image-size`. */
export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

/** The values of a table of flags. */
export type OptionValues<O extends OptionTable> = { [K in keyof O]: z.output<O[K]["schema"]> | O[K]["default"] };

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
): OptionSpec<number, D> {
  return numeric(z.number(), { ...options, kind: "number" });
}

/** A whole number in a range. */
export function integer<D extends number | undefined = undefined>(
  options: Described<number, D> & Range,
): OptionSpec<number, D> {
  return numeric(z.int(), { ...options, kind: "whole number" });
}

function numeric<D extends number | undefined>(
  base: z.ZodNumber,
  options: Described<number, D> & Range & { kind: string },
): OptionSpec<number, D> {
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

/** One of a list of words. */
export function choice<const T extends string, const D extends T | undefined = undefined>(
  words: readonly [T, ...T[]],
  options: Described<T, D>,
): OptionSpec<T, D> {
  return {
    help: options.help,
    allowed: words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    placeholder: "word",
    schema: z.enum(words) as unknown as z.ZodType<T>,
    parse: (text) => text,
    default: options.default as D,
  };
}

/** A text that matches a pattern, anchored at both ends by the caller. */
export function text<D extends string | undefined = undefined>(
  options: Described<string, D> & { pattern: RegExp; allowed: string; placeholder?: string },
): OptionSpec<string, D> {
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
): OptionSpec<string, D> {
  return text({
    ...options,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    allowed: "1 to 100 letters, digits, dots, dashes or underscores, beginning with a letter or digit",
    placeholder: "name",
  });
}

/** A file or folder; relative paths count from where the user stands, see {@linkcode userPath}. */
export function path<D extends string | undefined = undefined>(
  options: Described<string, D> & { placeholder?: string },
): OptionSpec<string, D> {
  return {
    help: options.help,
    allowed: "a path",
    placeholder: options.placeholder ?? "path",
    // A NUL ends a path early in the operating system's eyes; no file has one in its name.
    // deno-lint-ignore no-control-regex
    schema: z.string().min(1).regex(/^[^\x00]*$/).transform(userPath) as unknown as z.ZodType<string>,
    parse: (given) => given,
    default: options.default as D,
  };
}

/** A flag without a value: true when given. */
export function flag(options: { help: string }): OptionSpec<boolean, false> {
  return {
    help: options.help,
    allowed: "true or false",
    placeholder: null,
    schema: z.boolean(),
    parse: (given) => given === "true",
    default: false,
  };
}

/** A command: its name as in `deno task NAME`, and what it takes. */
export interface CommandSpec<O extends OptionTable> {
  readonly name: string;
  /** A sentence for the head of the help. */
  readonly summary: string;
  readonly options: O;
  /** What may follow the flags. None unless given. */
  readonly operands?: { readonly name: string; readonly help: string; readonly min: number; readonly max: number };
}

/** A parsed command line. */
export interface Parsed<O extends OptionTable> {
  /** The value of every flag, defaults included. */
  readonly values: OptionValues<O>;
  /** Only what the user gave. */
  readonly given: Partial<OptionValues<O>>;
  readonly operands: readonly string[];
}

/**
 * Parses a command line. `--help` prints the help and throws {@linkcode HelpShown}.
 *
 * @throws {UsageError} naming the flag and what it must be.
 */
export function parseArguments<O extends OptionTable>(spec: CommandSpec<O>, args: readonly string[]): Parsed<O> {
  const command = createCommand(spec);
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    const sentence = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    throw new UsageError(`${sentence}; \`deno task ${spec.name} --help\` lists what there is`);
  }
  const raw = command.opts<Record<string, string | true>>();
  const given: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    const option = spec.options[key]!;
    given[key] = checked(option, value === true ? true : option.parse(value), { name: flagName(key), raw: value });
  }
  checkOperands(spec, command.args);
  return {
    values: { ...defaults(spec.options), ...given },
    given: given as Partial<OptionValues<O>>,
    operands: command.args,
  };
}

/**
 * Checks the fields of a configuration file against a table of flags. Its fields are called as the flags, in camel case.
 *
 * @param options.source Names the file in errors.
 * @param options.ignore Fields that may be there and are not flags.
 *
 * @throws {UsageError} naming the field and what it must be, or the unknown field.
 */
export function parseConfig<O extends OptionTable>(
  table: O,
  config: unknown,
  options: { source: string; ignore?: readonly string[] },
): Partial<OptionValues<O>> {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new UsageError(`${options.source} must hold one JSON object with the flags as fields`);
  }
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (options.ignore?.includes(key)) continue;
    const option = Object.hasOwn(table, key) ? table[key] : undefined;
    if (option === undefined) {
      throw new UsageError(
        `${options.source}: unknown field ${JSON.stringify(key)}; known are ${Object.keys(table).join(", ")}`,
      );
    }
    values[key] = checked(option, value, { name: `${options.source}: ${key}`, raw: value });
  }
  return values as Partial<OptionValues<O>>;
}

/** The defaults of a table, overridden from left to right. */
export function mergeValues<O extends OptionTable>(
  table: O,
  ...layers: readonly Partial<OptionValues<O>>[]
): OptionValues<O> {
  return Object.assign(defaults(table), ...layers);
}

function createCommand(spec: CommandSpec<OptionTable>): Command {
  const command = new Command(`deno task ${spec.name}`)
    .description(spec.summary)
    .allowExcessArguments()
    .exitOverride()
    // Errors come back as exceptions; only the help is printed from here.
    .configureOutput({ outputError: () => {} });
  for (const [key, option] of Object.entries(spec.options)) {
    const value = option.placeholder === null ? "" : ` <${option.placeholder}>`;
    const made = new Option(`${flagName(key)}${value}`, `${option.help}${describeAllowed(option)}`);
    // `--no-tune` is a flag of that name, not the opposite of another.
    made.negate = false;
    command.addOption(made);
  }
  const { operands } = spec;
  if (operands) {
    const name = operands.max > 1 ? `${operands.name}...` : operands.name;
    command.argument(operands.min > 0 ? `<${name}>` : `[${name}]`, operands.help);
  }
  return command;
}

function describeAllowed(option: OptionSpec<unknown>): string {
  if (option.placeholder === null) return "";
  const parts = option.allowed === "a path" ? [] : [option.allowed];
  if (option.default !== undefined) parts.push(`default ${option.default}`);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function checkOperands(spec: CommandSpec<OptionTable>, given: readonly string[]): void {
  const { min, max, name } = spec.operands ?? { min: 0, max: 0, name: "" };
  if (given.length >= min && given.length <= max) return;
  const wanted = max === 0
    ? "takes no operand"
    : `takes ${min === max ? min : max === Infinity ? `at least ${min}` : `${min} to ${max}`} ${name}`;
  const extra = given.length > max ? `, and ${JSON.stringify(given[max])} is one too many` : "";
  throw new UsageError(`deno task ${spec.name} ${wanted}${extra}; \`deno task ${spec.name} --help\` says more`);
}

function checked(option: OptionSpec<unknown>, value: unknown, place: { name: string; raw: unknown }): unknown {
  const result = option.schema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(`${place.name} must be ${option.allowed}, not ${JSON.stringify(place.raw)}`);
}

function defaults<O extends OptionTable>(table: O): OptionValues<O> {
  const values = Object.entries(table).map(([key, option]) => [key, option.default]);
  return Object.fromEntries(values) as OptionValues<O>;
}

function flagName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
