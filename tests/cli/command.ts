import { join } from "node:path";

/** The folder of this checkout. */
export const ROOT = join(import.meta.dirname!, "../..");

/** What a process left. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a command. */
export interface CommandOptions {
  /** Variables to set; `null` takes one away. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Folder to start in; the checkout's unless given. */
  readonly cwd?: string;
}

/** Runs `deno task ...` to its end in a process of its own, as a user does, with the task's own permissions. */
export async function runTask(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const env: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1" };
  // Where the tests were started from is not where the user of this command stands.
  delete env.INIT_CWD;
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: options.cwd ?? ROOT,
    clearEnv: true,
    env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
