/**
 * A GPU driver without a GPU: Mesa's RADV on its null device, which compiles every pipeline for real, behind a small
 * Vulkan layer that reports the features WebGPU requires (memory, no timeline semaphores) and drops all commands.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../cli/terminal/errors.ts";
import { thisHost } from "../../cli/setup/host.ts";
import { install, SOFTWARE_DRIVER, type SystemPackage } from "../../cli/setup/install.ts";

const COMPILER: SystemPackage = {
  title: "a C compiler",
  debian: "gcc libc6-dev",
  commands: { fedora: "sudo dnf install gcc", arch: "sudo pacman -S gcc" },
  elsewhere: "install gcc",
};

const HEADERS: SystemPackage = {
  title: "Vulkan's headers",
  debian: "libvulkan-dev",
  commands: { fedora: "sudo dnf install vulkan-headers vulkan-loader-devel", arch: "sudo pacman -S vulkan-headers" },
  elsewhere: "install Vulkan's headers, with vulkan/vk_layer.h",
};

/** Where distributions register Mesa's driver for AMD GPUs. */
const DRIVERS = ["/usr/share/vulkan/icd.d/radeon_icd.x86_64.json", "/usr/share/vulkan/icd.d/radeon_icd.json"];

const SOURCE = fileURLToPath(new URL("./null_layer.c", import.meta.url));
const MANIFEST = fileURLToPath(new URL("./null_layer.json", import.meta.url));

/**
 * Builds the layer, and installs what that needs, where it was not done before.
 *
 * @param folder Where the layer is kept.
 * @returns environment variables for the process that compiles kernels.
 * @throws {UserError} with the command to run where something cannot be had.
 */
export async function prepareNullDevice(folder: string): Promise<Record<string, string>> {
  const host = await thisHost();
  if (host.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new UserError(
      `kernels are compiled for AMD GPUs by Mesa on Linux on x86-64, not on ${host.os} on ${Deno.build.arch}: ` +
        "run it there, in a container for example",
    );
  }
  let driver = await firstFile(DRIVERS);
  if (driver === undefined) {
    await install(SOFTWARE_DRIVER, host);
    driver = await firstFile(DRIVERS);
  }
  if (driver === undefined) throw new UserError(`Mesa's driver for AMD GPUs is not there: install it as ${DRIVERS[0]}`);
  await buildLayer(folder);
  return {
    VK_LAYER_PATH: folder,
    VK_INSTANCE_LAYERS: "VK_LAYER_MMVM_null",
    NODEVICE_SELECT: "1",
    VK_ICD_FILENAMES: driver,
    MESA_SHADER_CACHE_DISABLE: "true",
    RADV_DEBUG: "shaders,shaderstats,nocache",
  };
}

async function buildLayer(folder: string): Promise<void> {
  const library = join(folder, "libnull_layer.so");
  const source = await Deno.readTextFile(SOURCE);
  const made = await Deno.readTextFile(join(folder, "null_layer.c")).catch(() => undefined);
  if (made === source && await firstFile([library])) return;
  const host = await thisHost();
  if ((await host.run("gcc", ["--version"]))?.code !== 0) await install(COMPILER, host);
  if (!await firstFile(["/usr/include/vulkan/vk_layer.h"])) await install(HEADERS, host);
  await Deno.mkdir(folder, { recursive: true });
  const built = await host.run("gcc", ["-O1", "-Wall", "-shared", "-fPIC", "-o", library, SOURCE]);
  if (built?.code !== 0) {
    throw new UserError(`the Vulkan layer could not be compiled: ${built?.output.trim().split("\n")[0] ?? "no gcc"}`);
  }
  await Deno.copyFile(MANIFEST, join(folder, "null_layer.json"));
  // Last, so that an interrupted build is done again.
  await Deno.writeTextFile(join(folder, "null_layer.c"), source);
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return undefined;
}
