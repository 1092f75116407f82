/**
 * Installs system packages: directly on Debian-based systems, elsewhere by printing the command.
 *
 * @module
 */
import { UserError } from "../terminal/errors.ts";
import type { Finished, Host } from "./host.ts";

/** A package to install, with its name on each system. */
export interface SystemPackage {
  /** Its name in messages. */
  readonly title: string;
  /** Space-separated package names on Debian, Ubuntu and derivatives. */
  readonly debian: string;
  /** The installation command by the `ID` in /etc/os-release. */
  readonly commands: Readonly<Record<string, string>>;
  /** Advice for all other systems. */
  readonly elsewhere: string;
}

/** The software Vulkan driver (lavapipe). */
export const SOFTWARE_DRIVER: SystemPackage = {
  title: "the software Vulkan driver",
  debian: "mesa-vulkan-drivers",
  commands: {
    fedora: "sudo dnf install mesa-vulkan-drivers vulkan-loader",
    rhel: "sudo dnf install mesa-vulkan-drivers vulkan-loader",
    arch: "sudo pacman -S vulkan-swrast vulkan-icd-loader",
    opensuse: "sudo zypper install libvulkan_lvp libvulkan1",
    suse: "sudo zypper install libvulkan_lvp libvulkan1",
    alpine: "sudo apk add mesa-vulkan-swrast vulkan-loader",
    void: "sudo xbps-install mesa-vulkan-lavapipe vulkan-loader",
    nixos: "add `hardware.graphics.enable = true;` to configuration.nix and run sudo nixos-rebuild switch",
  },
  elsewhere: "install your distribution's Mesa Vulkan drivers (with lavapipe) and Vulkan loader",
};

/** The browser for tests of the report and the engine. */
export const BROWSER: SystemPackage = {
  title: "Chromium",
  debian: "chromium",
  commands: {
    fedora: "sudo dnf install chromium",
    rhel: "sudo dnf install chromium",
    arch: "sudo pacman -S chromium",
    opensuse: "sudo zypper install chromium",
    suse: "sudo zypper install chromium",
    alpine: "sudo apk add chromium",
    void: "sudo xbps-install chromium",
    ubuntu: "sudo snap install chromium",
  },
  elsewhere: "install Chromium or Google Chrome",
};

/** The command, or else the advice, for installing a package on this machine. */
export function installCommand(what: SystemPackage, host: Host): string {
  // A distribution's own entry takes precedence: Ubuntu has no Debian package of Chromium.
  for (const id of families(host)) {
    const command = what.commands[id];
    if (command !== undefined) return command;
    if (id === "debian") return `sudo apt-get update && sudo apt-get install --no-install-recommends ${what.debian}`;
  }
  return what.elsewhere;
}

/** The distribution and those from which it is derived, nearest first. */
function families(host: Host): string[] {
  const ids = [host.release.ID ?? "", ...(host.release.ID_LIKE ?? "").split(" ")];
  return ids.map((id) => id.startsWith("opensuse") ? "opensuse" : id).filter((id) => id !== "");
}

/**
 * Installs a package if that is possible without interaction: with apt-get, as root or with password-less sudo.
 *
 * @throws {UserError} with the command to run if it is not possible, or with apt-get's error.
 */
export async function install(what: SystemPackage, host: Host): Promise<void> {
  const command = installCommand(what, host);
  const isDebian = host.os === "linux" && families(host).includes("debian");
  const apt = isDebian ? await privilegedApt(host) : null;
  if (apt === null) {
    const why = isDebian ? " (set-up does it by itself as root, or with a sudo that asks for no password)" : "";
    throw new UserError(`to install ${what.title}${why}, ${instruct(command)} and start again`);
  }
  host.say(`Installing ${what.title}: apt-get install --no-install-recommends ${what.debian} (a minute or two) ...`);
  const args = [
    "-y",
    "-q",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=120",
    "install",
    ...what.debian.split(" "),
  ];
  let done = await apt(args);
  if (done?.code !== 0 && !LOCKED.test(done?.output ?? "")) {
    // A new machine has no package lists, and an old one may have outdated lists.
    host.say("Refreshing the package lists: apt-get update ...");
    const updated = await apt(["-q", "-o", "DPkg::Lock::Timeout=120", "update"]);
    if (updated && updated.code !== 0) throw new UserError(explainApt(updated, { what, command }));
    done = await apt(args);
  }
  if (done?.code !== 0) throw new UserError(explainApt(done, { what, command }));
}

const APT_GET = "/usr/bin/apt-get";
const SUDO = "/usr/bin/sudo";
const LOCKED = /could not get lock|unable to (acquire|lock)/i;

type Apt = (args: readonly string[]) => Promise<Finished | null>;

/** A way to call apt-get with the privilege to install, or `null`. */
async function privilegedApt(host: Host): Promise<Apt | null> {
  if ((await host.run(APT_GET, ["--version"]))?.code !== 0) return null;
  if (host.isRoot) return (args) => host.run(APT_GET, args);
  const may = await host.run(SUDO, ["-n", "true"]);
  if (may?.code !== 0) return null;
  return (args) => host.run(SUDO, ["-n", "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", APT_GET, ...args]);
}

/** Explains a failed apt-get in one sentence. */
function explainApt(done: Finished | null, context: { what: SystemPackage; command: string }): string {
  const output = done?.output ?? "";
  const again = `${instruct(context.command)} and start again`;
  const reasons: [RegExp, string][] = [
    [LOCKED, "another program is using the package manager"],
    [/no space left|not enough free space|don't have enough/i, "the disk is full"],
    [
      /could not resolve|failure resolving|failed to fetch|(could not|unable to) connect|timed out|unreachable/i,
      "there is no network",
    ],
    [
      /unable to locate package|no installation candidate/i,
      `this system's package sources have no ${context.what.debian}`,
    ],
    [
      /dpkg was interrupted|dpkg --configure -a/i,
      "an earlier installation was interrupted (`sudo dpkg --configure -a` ends it)",
    ],
  ];
  const known = reasons.find(([pattern]) => pattern.test(output))?.[1];
  const lastError = output.split("\n").filter((line) => /^(E|dpkg|error):/i.test(line.trim())).at(-1)?.trim();
  const reason = known ??
    (lastError ? `apt-get said "${lastError}"` : `apt-get ended with code ${done?.code ?? "unknown"}`);
  return `${context.what.title} could not be installed: ${reason}; ${again}`;
}

function instruct(command: string): string {
  return command.startsWith("sudo ") ? `run \`${command}\`` : command;
}
