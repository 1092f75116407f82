import assert from "node:assert/strict";
import { UserError } from "../../../cli/terminal/errors.ts";
import { ensureAdapter } from "../../../cli/setup/ensure.ts";
import type { Finished, Host } from "../../../cli/setup/host.ts";
import { DEBIAN, fakeHost, type FakeMachine, OK, UBUNTU } from "./fake_host.ts";

const INSTALL = "/usr/bin/apt-get -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 install mesa-vulkan-drivers";
const UPDATE = "/usr/bin/apt-get -q -o DPkg::Lock::Timeout=120 update";
const COMMAND = "`sudo apt-get update && sudo apt-get install --no-install-recommends mesa-vulkan-drivers`";

/** A fake apt-get that prints its version and then plays back results in order. */
function apt(...answers: Finished[]): (args: readonly string[]) => Finished {
  return (args) => args.includes("--version") ? OK : answers.shift() ?? OK;
}

async function refusal(host: Host): Promise<string> {
  try {
    await ensureAdapter(host);
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  throw new Error("ensureAdapter() found an adapter where there is none");
}

Deno.test("ensureAdapter() runs nothing if there is an adapter", async () => {
  const host = fakeHost({ programs: { "/usr/bin/apt-get": () => OK } });
  assert.equal(await ensureAdapter(host), "llvmpipe");
  assert.deepEqual(host.ran, []);
  assert.deepEqual(host.said, []);
});

Deno.test("ensureAdapter() installs the software driver as root on Debian and on Ubuntu", async () => {
  for (const release of [DEBIAN, UBUNTU]) {
    const host = fakeHost({ release, adapters: [null, "llvmpipe"], programs: { "/usr/bin/apt-get": apt(OK) } });
    assert.equal(await ensureAdapter(host), "llvmpipe");
    assert.deepEqual(host.ran, ["/usr/bin/apt-get --version", INSTALL]);
    assert.match(host.said.join("\n"), /Installing the software Vulkan driver: apt-get install/);
  }
});

Deno.test("ensureAdapter() refreshes the package lists if the first attempt fails", async () => {
  const missing = { code: 100, output: "E: Unable to locate package mesa-vulkan-drivers" };
  const host = fakeHost({ adapters: [null, "llvmpipe"], programs: { "/usr/bin/apt-get": apt(missing, OK, OK) } });
  assert.equal(await ensureAdapter(host), "llvmpipe");
  assert.deepEqual(host.ran, ["/usr/bin/apt-get --version", INSTALL, UPDATE, INSTALL]);
});

Deno.test("ensureAdapter() uses sudo if it needs no password", async () => {
  const sudo = () => OK;
  const host = fakeHost({
    isRoot: false,
    adapters: [null, "llvmpipe"],
    programs: { "/usr/bin/apt-get": () => OK, "/usr/bin/sudo": sudo },
  });
  assert.equal(await ensureAdapter(host), "llvmpipe");
  assert.deepEqual(host.ran.slice(1), [
    "/usr/bin/sudo -n true",
    `/usr/bin/sudo -n env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 ${INSTALL}`,
  ]);
});

Deno.test("ensureAdapter() prints the command if it may not install", async () => {
  const denied = () => ({ code: 1, output: "sudo: a password is required" });
  const withSudo = fakeHost({
    isRoot: false,
    adapters: [null],
    programs: { "/usr/bin/apt-get": () => OK, "/usr/bin/sudo": denied },
  });
  assert.ok((await refusal(withSudo)).includes(COMMAND));
  const without = fakeHost({ isRoot: false, adapters: [null], programs: { "/usr/bin/apt-get": () => OK } });
  assert.ok((await refusal(without)).includes(COMMAND));
  const noApt = fakeHost({ adapters: [null] });
  assert.ok((await refusal(noApt)).includes(COMMAND));
  for (const host of [withSudo, without, noApt]) assert.ok(!host.ran.some((line) => line.includes("install")));
});

Deno.test("ensureAdapter() prints each other system's own command and installs nothing", async () => {
  const cases: [FakeMachine, RegExp][] = [
    [{ release: { ID: "fedora" } }, /run `sudo dnf install mesa-vulkan-drivers /],
    [{ release: { ID: "rocky", ID_LIKE: "rhel centos fedora" } }, /run `sudo dnf install /],
    [{ release: { ID: "arch" } }, /run `sudo pacman -S vulkan-swrast /],
    [{ release: { ID: "manjaro", ID_LIKE: "arch" } }, /run `sudo pacman -S vulkan-swrast /],
    [{ release: { ID: "opensuse-tumbleweed", ID_LIKE: "opensuse suse" } }, /run `sudo zypper install libvulkan_lvp /],
    [{ release: { ID: "alpine" } }, /run `sudo apk add mesa-vulkan-swrast /],
    [{ release: { ID: "slackware" } }, /install your distribution's Mesa Vulkan drivers/],
    [{ release: {} }, /install your distribution's Mesa Vulkan drivers/],
    [{ os: "darwin", release: {} }, /update macOS/],
    [{ os: "windows", release: {} }, /update Windows and the graphics driver/],
  ];
  for (const [machine, expected] of cases) {
    const host = fakeHost({
      ...machine,
      adapters: [null],
      programs: { "/usr/bin/apt-get": () => OK },
    });
    assert.match(await refusal(host), expected);
    assert.deepEqual(host.ran, []);
  }
});

Deno.test("ensureAdapter() reports why apt-get failed in one sentence, with the command to run", async () => {
  const cases: [string, RegExp][] = [
    ["E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12 (apt)", /another program is using/],
    ["Err:1 mirror\nE: Temporary failure resolving 'mirror'", /there is no network/],
    ["E: Failed to fetch x  Could not connect to mirror:80", /there is no network/],
    ["E: You don't have enough free space in /var/cache/apt/archives/.", /the disk is full/],
    ["E: Unable to locate package mesa-vulkan-drivers", /package sources have no mesa-vulkan-drivers/],
    ["E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", /an earlier installation was interrupted/],
    ["Reading lists\nE: Something new is wrong", /apt-get said "E: Something new is wrong"/],
    ["", /apt-get ended with code 100/],
  ];
  for (const [output, expected] of cases) {
    const failed = { code: 100, output };
    const host = fakeHost({ adapters: [null], programs: { "/usr/bin/apt-get": apt(failed, OK, failed) } });
    const message = await refusal(host);
    assert.match(message, expected);
    assert.ok(message.includes(COMMAND));
  }
});

Deno.test("ensureAdapter() does not touch the package lists while another program holds the lock", async () => {
  const locked = { code: 100, output: "E: Unable to acquire the dpkg frontend lock" };
  const host = fakeHost({ adapters: [null], programs: { "/usr/bin/apt-get": apt(locked) } });
  await refusal(host);
  assert.deepEqual(host.ran, ["/usr/bin/apt-get --version", INSTALL]);
});

Deno.test("ensureAdapter() names the variable that hides the drivers, and installs nothing", async () => {
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) {
    const host = fakeHost({
      adapters: [null],
      env: { [name]: "/nowhere.json" },
      programs: { "/usr/bin/apt-get": () => OK },
    });
    assert.match(await refusal(host), new RegExp(`${name}=/nowhere.json .* unset it`));
    assert.deepEqual(host.ran, []);
  }
});

Deno.test("ensureAdapter() reports a driver that is installed but not found", async () => {
  const host = fakeHost({ adapters: [null], programs: { "/usr/bin/apt-get": () => OK } });
  assert.match(await refusal(host), /mesa-vulkan-drivers is installed, but there is still no WebGPU adapter/);
});
