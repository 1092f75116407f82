/**
 * Shell completions of `mmvm`, derived from the options that its commands declare.
 *
 * @module
 */
import { type CommandSpec, flagName } from "../options/options.ts";
import type { Setting, SettingTable } from "../../base/setting.ts";

/** The shells that {@linkcode completionScript} supports. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A supported shell. */
export type Shell = typeof SHELLS[number];

/** A command with its options, and its description in the help. */
export interface CompletedCommand {
  readonly spec: CommandSpec<SettingTable>;
  readonly description: string;
}

/** A script that defines the completions of `mmvm`: of commands, options, and the words that an option takes. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  if (shell === "fish") return fishScript(commands);
  // zsh runs completion functions of bash.
  const prefix = shell === "zsh" ? ["autoload -U +X compinit bashcompinit && compinit && bashcompinit"] : [];
  return [...prefix, ...bashLines(commands)].join("\n");
}

function bashLines(commands: readonly CompletedCommand[]): string[] {
  const reply = (words: readonly string[]) => `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur"))`;
  const options = commands.map(({ spec }) => {
    const flags = [...Object.keys(spec.options).map(flagName), "--help"];
    return `    ${spec.name}) ${reply(flags)} ;;`;
  });
  const values = commands.flatMap(({ spec }) =>
    Object.entries(spec.options).filter(([, option]) => wordsOf(option).length > 0)
      .map(([key, option]) => `    "${spec.name} ${flagName(key)}") ${reply(wordsOf(option))}; return ;;`)
  );
  return [
    "_mmvm() {",
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
    "  COMPREPLY=()",
    `  if [ "$COMP_CWORD" -eq 1 ]; then ${reply(commands.map(({ spec }) => spec.name))}; return; fi`,
    '  case "${COMP_WORDS[1]} $prev" in',
    ...values,
    "  esac",
    "  # File names are completed by default.",
    '  case "$cur" in -*) ;; *) return ;; esac',
    '  case "${COMP_WORDS[1]}" in',
    ...options,
    "  esac",
    "}",
    "complete -o default -F _mmvm mmvm",
  ];
}

function fishScript(commands: readonly CompletedCommand[]): string {
  return commands.flatMap(({ spec, description }) => [
    `complete -c mmvm -n __fish_use_subcommand -f -a ${spec.name} -d ${quoted(description)}`,
    ...Object.entries(spec.options).map(([key, option]) => {
      const words = wordsOf(option);
      const value = option.placeholder === null ? "" : option.isPath ? " -r" : " -x";
      const choices = words.length > 0 ? ` -a ${quoted(words.join(" "))}` : "";
      const name = flagName(key).slice(2);
      return `complete -c mmvm -n '__fish_seen_subcommand_from ${spec.name}' -l ${name}${value}${choices} -d ${
        quoted(option.help)
      }`;
    }),
  ]).join("\n");
}

/** The words that a choice allows; none for other settings. */
function wordsOf({ schema }: Setting<unknown>): readonly string[] {
  return "options" in schema && Array.isArray(schema.options)
    ? schema.options.filter((word) => typeof word === "string")
    : [];
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
