/**
 * What set-up needs to know of the machine and to do on it. Everything goes through {@linkcode Host}, so that the tests
 * can play any machine.
 *
 * @module
 */

/** A finished program: its exit code, and what it printed on both streams. */
export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** The machine that is set up. */
export interface Host {
  readonly os: typeof Deno.build.os;
  /** Fields of /etc/os-release, such as `ID` and `PRETTY_NAME`; empty elsewhere than on Linux. */
  readonly release: Readonly<Record<string, string>>;
  readonly isRoot: boolean;
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /** Runs a program to its end; `null` when it is not installed. */
  run(program: string, args: readonly string[]): Promise<Finished | null>;
  /**
   * What the WebGPU adapter calls itself, or `null` when there is none. Sees drivers that were installed since the last
   * call.
   */
  probeAdapter(): Promise<string | null>;
  /** Tells the user. */
  say(line: string): void;
}

/** Variables that the installers need; the rest of the environment stays away from them. */
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

/** The fields of an os-release file: `NAME=value` lines, the value bare or quoted. */
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
    // What apt-get says is read by set-up.
    LC_ALL: "C.UTF-8",
  };
  for (const name of PASSED_ON) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  try {
    // Deno refuses to pass LD_LIBRARY_PATH on without the permission to run anything, and clusters often set it.
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
 * Asks in a worker: an instance of the Vulkan loader keeps the drivers it found first, and every worker has its own.
 * The worker ends with the process: terminated, it would take its driver down while the process exits, and lavapipe
 * (Mesa 22.3.6) crashes then at times.
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
