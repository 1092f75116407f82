/**
 * The machine as seen by set-up. All access goes through {@linkcode Host}, so that tests can simulate any machine.
 *
 * @module
 */

/** A finished program: its exit code and output. */
export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** The machine to set up. */
export interface Host {
  readonly os: typeof Deno.build.os;
  /** Fields of /etc/os-release, such as `ID` and `PRETTY_NAME`; empty on systems other than Linux. */
  readonly release: Readonly<Record<string, string>>;
  readonly isRoot: boolean;
  /** Reads an environment variable. */
  env(name: string): string | undefined;
  /** Runs a program and waits for it; `null` if it is not installed. */
  run(program: string, args: readonly string[]): Promise<Finished | null>;
  /** The name of the WebGPU adapter, or `null` if there is none. Detects drivers installed since the last call. */
  probeAdapter(): Promise<string | null>;
  /** Prints a line for the user. */
  say(line: string): void;
}

/** Environment variables passed to installers; all others are withheld. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "TMPDIR",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
] as const;

/** This machine. */
export async function thisHost(): Promise<Host> {
  const os = Deno.build.os;
  return {
    os,
    release: os === "linux" ? parseRelease(await readRelease()) : {},
    isRoot: os !== "windows" && Deno.uid() === 0,
    env: (name) => Deno.env.get(name),
    run,
    probeAdapter,
    say: (line) => console.error(line),
  };
}

/** Parses an os-release file: `NAME=value` lines, values optionally quoted. */
export function parseRelease(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Z_]+)=["']?(.*?)["']?\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields[name] = value;
  }
  return fields;
}

async function readRelease(): Promise<string> {
  try {
    return await Deno.readTextFile("/etc/os-release");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function run(program: string, args: readonly string[]): Promise<Finished | null> {
  const env: Record<string, string> = {
    DEBIAN_FRONTEND: "noninteractive",
    // Set-up parses apt-get's messages.
    LC_ALL: "C.UTF-8",
  };
  for (const name of PASSED_ON) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  try {
    // Deno does not pass on LD_LIBRARY_PATH, which clusters often set, without permission to run all programs.
    const command = new Deno.Command(program, { args: [...args], clearEnv: true, env, stdin: "null" });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

/**
 * Probes in a worker, because an instance of the Vulkan loader caches the drivers it found and every worker has its
 * own. The worker is not terminated: unloading its driver while the process exits sometimes crashes lavapipe (Mesa
 * 22.3.6).
 */
function probeAdapter(): Promise<string | null> {
  const worker = new Worker(new URL("./adapter_worker.ts", import.meta.url), { type: "module" });
  return new Promise<string | null>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<string | null>) => resolve(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`asking for the WebGPU adapter failed: ${event.message}`));
    };
  });
}
