/**
 * Processes that tests start: every one goes through this module, so that all get the same environment and none
 * downloads anything.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";

/** The folder of this checkout. */
export const ROOT = join(import.meta.dirname!, "..");

/** Exit status and output of a process. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options for starting a process. */
export interface ProcessOptions {
  /** Environment variables to set; `null` removes one. The rest is inherited. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Working directory; by default the checkout's root. */
  readonly cwd?: string;
  /** Standard input; nothing by default. */
  readonly input?: string;
}

/** A process whose standard error can be watched while it runs. */
export class RunningProcess {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  #stderr = "";
  #over = false;
  #wake: () => void = () => {};

  constructor([program, ...args]: readonly string[], options: ProcessOptions = {}) {
    const stdin = options.input === undefined ? "null" as const : "piped" as const;
    const stdio = { stdin, stdout: "piped", stderr: "piped" } as const;
    const cwd = options.cwd ?? ROOT;
    const env = environment(options.env);
    this.#child = new Deno.Command(program!, { args, cwd, clearEnv: true, env, ...stdio }).spawn();
    if (options.input !== undefined) void new Blob([options.input]).stream().pipeTo(this.#child.stdin);
    this.ended = this.#follow();
  }

  /**
   * Waits until standard error contains a text, or matches a pattern. One wait at a time.
   *
   * @throws {AssertionError} If the process ends without it.
   */
  async until(text: string | RegExp): Promise<void> {
    const said = () => typeof text === "string" ? this.#stderr.includes(text) : text.test(this.#stderr);
    while (!said()) {
      assert.ok(!this.#over, `ended before it said ${text}:\n${this.#stderr}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** What the process has written to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Sends a signal; does nothing if the process has already ended. */
  kill(signal: "SIGKILL" | "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR2" | "SIGSTOP" | "SIGCONT"): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #follow(): Promise<Ended> {
    const decoder = new TextDecoder();
    const reading = (async () => {
      for await (const chunk of this.#child.stderr) {
        this.#stderr += decoder.decode(chunk, { stream: true });
        this.#wake();
      }
    })();
    const [stdout, { code, signal }] = await Promise.all([
      new Response(this.#child.stdout).text(),
      this.#child.status,
      reading,
    ]);
    this.#over = true;
    this.#wake();
    return { code, signal, stdout, stderr: this.#stderr };
  }
}

/** Runs a command to its end. */
export function runProcess(command: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return new RunningProcess(command, options).ended;
}

/** Runs `deno` with these arguments to its end. */
export function runDeno(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return runProcess([Deno.execPath(), ...args], options);
}

/** Runs `deno task ...` to its end, as a user does, with the task's own permissions. */
export function runTask(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return runDeno(["task", "--quiet", ...args], options);
}

/**
 * The last command of a task, with the task's own permissions: for tests that send signals, which `deno task` would
 * otherwise receive, or that preload a module.
 */
export function taskCommand(name: string, options: { preload?: readonly string[] } = {}): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json"))) as {
    tasks: Record<string, { command: string }>;
  };
  const [, flags, file] = /deno run ([^&]*) (\S+\.ts)$/.exec(tasks[name]!.command) ?? [];
  assert.ok(flags !== undefined && file !== undefined, `the task ${name} does not end in deno run`);
  const preload = (options.preload ?? []).map((module) => `--preload=${module}`);
  return [
    Deno.execPath(),
    "run",
    ...preload,
    "--config",
    join(ROOT, "deno.json"),
    ...flags.split(" "),
    join(ROOT, file),
  ];
}

/** Runs a command to its end, its output discarded. Returns whether it is installed and succeeded. */
export function succeeds(command: readonly string[]): boolean {
  return outputOf(command) !== undefined;
}

/** Runs a command to its end. Returns its standard output; `undefined` if it is not installed or failed. */
export function outputOf([program, ...args]: readonly string[]): string | undefined {
  try {
    const { success, stdout } = new Deno.Command(program!, { args, stdin: "null", stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function environment(changes: ProcessOptions["env"] = {}): Record<string, string> {
  const env: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  // INIT_CWD is where the tests were started, not where the child's user would be.
  delete env.INIT_CWD;
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Makes a named pipe. */
export async function makePipe(path: string): Promise<void> {
  const { code, stderr } = await runProcess(["mkfifo", path]);
  assert.equal(code, 0, stderr);
}
