/**
 * A fake machine for the tests of set-up, on which nothing is run.
 *
 * @module
 */
import type { Finished, Host } from "../../../cli/setup/host.ts";

/** A machine to simulate. Programs that are not in `programs` are not installed. */
export interface FakeMachine {
  os?: Host["os"];
  release?: Record<string, string>;
  isRoot?: boolean;
  env?: Record<string, string>;
  /** The behaviour of each program, called with its arguments. */
  programs?: Record<string, (args: readonly string[]) => Finished>;
  /** The adapters found by successive calls; the last one repeats. */
  adapters?: (string | null)[];
}

/** A {@linkcode Host} that runs nothing and records commands and messages. */
export interface FakeHost extends Host {
  readonly ran: string[];
  readonly said: string[];
}

export const DEBIAN = { ID: "debian", PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)" };
export const UBUNTU = { ID: "ubuntu", ID_LIKE: "debian" };

export const OK: Finished = { code: 0, output: "" };

export function fakeHost(machine: FakeMachine): FakeHost {
  const ran: string[] = [];
  const said: string[] = [];
  const adapters = [...(machine.adapters ?? ["llvmpipe"])];
  return {
    os: machine.os ?? "linux",
    release: machine.release ?? DEBIAN,
    isRoot: machine.isRoot ?? true,
    env: (name) => machine.env?.[name],
    run(program, args) {
      const does = machine.programs?.[program];
      if (does === undefined) return Promise.resolve(null);
      ran.push([program, ...args].join(" "));
      return Promise.resolve(does(args));
    },
    probeAdapter: () => Promise.resolve((adapters.length > 1 ? adapters.shift() : adapters[0]) ?? null),
    say: (line) => void said.push(line),
    ran,
    said,
  };
}
