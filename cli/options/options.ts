/**
 * Command lines from declared settings: one table determines the flags, their help, the checks of configuration files
 * and the types of values.
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
import process from "node:process";
import { Command, CommanderError, Option } from "commander";
import type { Setting, SettingTable, SettingValues } from "../../base/setting.ts";
import { HelpShown, UsageError } from "../terminal/errors.ts";
import { invocation, reworded } from "../terminal/invocation.ts";
import { userPath } from "../terminal/paths.ts";

export { choice, flag, integer, number, path, runName, text } from "../../base/setting.ts";
export type { SettingValues as OptionValues } from "../../base/setting.ts";

/** A command: its name, as in `deno task NAME`, its options and its operands. */
export interface CommandSpec<O extends SettingTable> {
  readonly name: string;
  /** A sentence shown at the top of the help. */
  readonly summary: string;
  readonly options: O;
  /** Headings of the help, in order, with the options below each; other options follow under `Options`. */
  readonly groups?: readonly HelpGroup[];
  /** Operands after the flags; none by default. */
  readonly operands?: { readonly name: string; readonly help: string; readonly min: number; readonly max: number };
}

/** A heading of the help and the options below it, by their names in the table. */
export interface HelpGroup {
  readonly heading: string;
  readonly options: readonly string[];
}

/** A parsed command line. */
export interface Parsed<O extends SettingTable> {
  /** The value of every flag, defaults included. */
  readonly values: SettingValues<O>;
  /** Only the flags given by the user. */
  readonly given: Partial<SettingValues<O>>;
  readonly operands: readonly string[];
}

/**
 * Parses a command line. `--help` prints the help and throws {@linkcode HelpShown}.
 *
 * @throws {UsageError} naming the flag and what it must be.
 */
export function parseArguments<O extends SettingTable>(spec: CommandSpec<O>, args: readonly string[]): Parsed<O> {
  if (args === DESCRIBE) throw new CommandDescribed(spec);
  const command = createCommand(spec);
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    const sentence = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    throw new UsageError(`${sentence}; \`deno task ${spec.name} --help\` lists the options`);
  }
  const raw = command.opts<Record<string, string | true>>();
  const given: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    const option = spec.options[key]!;
    const text = value === true ? option.implied : value;
    given[key] = checked(option, text === undefined ? true : option.parse(text), { name: flagName(key), raw: value });
  }
  checkOperands(spec, command.args);
  return {
    values: { ...defaults(spec.options), ...given },
    given: given as Partial<SettingValues<O>>,
    operands: command.args,
  };
}

/** The arguments with which {@linkcode specOf} calls a command. */
const DESCRIBE: readonly string[] = ["--help"];

/** Thrown instead of parsing {@linkcode DESCRIBE}. */
class CommandDescribed extends Error {
  constructor(readonly spec: CommandSpec<SettingTable>) {
    super(`${spec.name} is described by its specification`);
  }
}

/**
 * The specification with which a command parses its arguments, for shell completions. The command is called, but must
 * parse its arguments before it does anything else.
 */
export async function specOf(
  main: (args: readonly string[]) => Promise<unknown>,
): Promise<CommandSpec<SettingTable>> {
  try {
    await main(DESCRIBE);
  } catch (error) {
    if (error instanceof CommandDescribed) return error.spec;
    throw error;
  }
  throw new TypeError("the command does not parse its arguments");
}

/**
 * Checks the fields of a configuration file against a table of flags. Fields are named like the flags, in camel case.
 *
 * @param options.source File name for error messages.
 * @param options.ignore Fields to ignore that are not flags.
 *
 * @throws {UsageError} naming the field and what it must be, or the unknown field.
 */
export function parseConfig<O extends SettingTable>(
  table: O,
  config: unknown,
  options: { source: string; ignore?: readonly string[] },
): Partial<SettingValues<O>> {
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
  return values as Partial<SettingValues<O>>;
}

/** The flags that give these values, as words of a command line. */
export function wordsOf(given: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(given).flatMap(([key, value]) => {
    if (value === undefined || value === false) return [];
    return [value === true ? flagName(key) : `${flagName(key)}=${textOf(value)}`];
  });
}

/** A value as a command line has it. */
export function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${value}`;
  return Object.entries(value).map(([name, each]) => `${name}=${each}`).join(",");
}

/** The defaults of a table, overridden from left to right. */
export function mergeValues<O extends SettingTable>(
  table: O,
  ...layers: readonly Partial<SettingValues<O>>[]
): SettingValues<O> {
  return Object.assign(defaults(table), ...layers);
}

function createCommand(spec: CommandSpec<SettingTable>): Command {
  const command = new Command(invocation(spec.name))
    .description(spec.summary)
    .allowExcessArguments()
    .exitOverride()
    // Errors are thrown as exceptions; only the help is printed here.
    .configureOutput({ outputError: () => {}, writeOut: (text) => process.stdout.write(reworded(text)) });
  for (const { key, option, heading } of helpOrder(spec)) {
    const value = option.placeholder === null
      ? ""
      : option.implied === undefined
      ? ` <${option.placeholder}>`
      : ` [${option.placeholder}]`;
    const made = new Option(`${flagName(key)}${value}`, `${option.help}${describeAllowed(option)}`);
    // `--no-tune` is a flag of its own, not the negation of another.
    made.negate = false;
    if (heading !== undefined) made.helpGroup(`${heading}:`);
    command.addOption(made);
  }
  const last = spec.groups?.at(-1);
  if (last) command.addHelpOption(new Option("-h, --help", "print this help").helpGroup(`${last.heading}:`));
  const { operands } = spec;
  if (operands) {
    const name = operands.max > 1 ? `${operands.name}...` : operands.name;
    command.argument(operands.min > 0 ? `<${name}>` : `[${name}]`, operands.help);
  }
  return command;
}

/** The options in the order of the help: an option is listed in the first group that names it. */
function helpOrder({ options, groups = [] }: CommandSpec<SettingTable>) {
  const rest = new Map(Object.entries(options));
  const grouped = groups.flatMap(({ heading, options: keys }) =>
    keys.flatMap((key) => {
      const option = rest.get(key);
      rest.delete(key);
      return option === undefined ? [] : [{ key, option, heading }];
    })
  );
  return [...grouped, ...[...rest].map(([key, option]) => ({ key, option, heading: undefined }))];
}

function describeAllowed(option: Setting<unknown>): string {
  if (option.placeholder === null) return "";
  const parts = option.allowed === "a path" ? [] : [option.allowed];
  if (option.default !== undefined) parts.push(`default ${option.default}`);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function checkOperands(spec: CommandSpec<SettingTable>, given: readonly string[]): void {
  const { min, max, name } = spec.operands ?? { min: 0, max: 0, name: "" };
  if (given.length >= min && given.length <= max) return;
  const wanted = max === 0
    ? "takes no operand"
    : `takes ${min === max ? min : max === Infinity ? `at least ${min}` : `${min} to ${max}`} ${name}`;
  const extra = given.length > max ? `, and ${JSON.stringify(given[max])} is one too many` : "";
  throw new UsageError(`deno task ${spec.name} ${wanted}${extra}; \`deno task ${spec.name} --help\` says more`);
}

function checked(option: Setting<unknown>, value: unknown, place: { name: string; raw: unknown }): unknown {
  const result = option.schema.safeParse(value);
  if (result.success) {
    const isPath = option.isPath && !option.words?.includes(result.data as string);
    return isPath ? userPath(result.data as string) : result.data;
  }
  throw new UsageError(`${place.name} must be ${option.allowed}, not ${JSON.stringify(place.raw)}`);
}

function defaults<O extends SettingTable>(table: O): SettingValues<O> {
  const values = Object.entries(table).map(([key, option]) => [key, option.default]);
  return Object.fromEntries(values) as SettingValues<O>;
}

/** The flag of a setting: `--image-size` for `imageSize`. */
export function flagName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
