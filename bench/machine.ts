/**
 * Describes the machine on which a benchmark runs, to be stored with its results.
 *
 * @module
 */
import { cpus, loadavg } from "node:os";
import { SOFTWARE_DRIVER } from "../cli/setup/install.ts";

/** What measurements depend on. */
export interface Machine {
  readonly adapter: string;
  /** Version of the Vulkan driver, if known. */
  readonly driver: string | null;
  readonly cpu: string;
  readonly cores: number;
  readonly deno: string;
  /** The checked-out commit, followed by `+` if files were modified. */
  readonly commit: string | null;
}

/**
 * Describes this machine. Needs `--allow-sys=cpus`; commit and driver are `null` without `--allow-run=git,dpkg-query`.
 */
export async function describeMachine(adapter: string): Promise<Machine> {
  const version = await mesaVersion();
  const software = /llvmpipe|lavapipe/i.test(adapter);
  return {
    adapter,
    driver: software && version ? `Mesa ${version}` : null,
    cpu: cpus()[0]?.model ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    commit: await commit(),
  };
}

/** Debian's version of Mesa's Vulkan drivers; `null` without the package or `--allow-run=dpkg-query`. */
export async function mesaVersion(): Promise<string | null> {
  return await output("dpkg-query", ["-W", "-f", "${Version}", SOFTWARE_DRIVER.debian]);
}

/** The name of the WebGPU adapter, or `null` if there is none. */
export async function adapterName(): Promise<string | null> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  return adapter ? adapter.info.description || adapter.info.vendor || "unnamed adapter" : null;
}

/** Load average of the last minute; 0 if the system does not report it. */
export function machineLoad(): number {
  return loadavg()[0] ?? 0;
}

/** Formats a machine as one line, to head a table. */
export function machineLine(machine: Machine): string {
  const { adapter, driver, cpu, cores, deno, commit } = machine;
  const parts = [adapter, driver, `${cores} x ${cpu}`, `Deno ${deno}`, commit && `commit ${commit}`];
  return parts.filter((part) => part).join(", ");
}

async function commit(): Promise<string | null> {
  const hash = await output("git", ["rev-parse", "--short", "HEAD"]);
  if (!hash) return null;
  const changed = await output("git", ["status", "--porcelain", "--untracked-files=no"]);
  return changed ? `${hash}+` : hash;
}

/** The output of a program, or `null` if it cannot be run or fails. */
async function output(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args: [...args], stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}
