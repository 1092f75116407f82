/**
 * The steps of set-up. Each one checks first and does nothing if all is well, so that set-up is idempotent and then
 * needs no network.
 *
 * @module
 */
import { UserError } from "../terminal/errors.ts";
import { findBrowser } from "./find_browser.ts";
import type { Host } from "./host.ts";
import { BROWSER, install, installCommand, SOFTWARE_DRIVER } from "./install.ts";

/** Environment variables that restrict the Vulkan loader to certain drivers. */
const DRIVER_VARIABLES = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/** Advice for systems on which WebGPU does not use Vulkan. */
const ADVICE: Partial<Record<Host["os"], string>> = {
  darwin: "update macOS (WebGPU runs on Metal, which every Mac since 2012 has, but not every virtual machine)",
  windows:
    "update Windows and the graphics driver (WebGPU runs on Direct3D 12, for which Windows brings a software device)",
};

/**
 * Ensures that there is a WebGPU adapter and returns its name.
 *
 * @throws {UserError} with the command to run if there is none.
 */
export async function ensureAdapter(host: Host): Promise<string> {
  const found = await host.probeAdapter();
  if (found !== null) return found;
  const variable = DRIVER_VARIABLES.find((name) => host.env(name));
  if (variable !== undefined) {
    throw new UserError(
      `there is no WebGPU adapter, and ${variable}=${host.env(variable)} keeps Vulkan from finding other drivers: ` +
        `unset it, or let it name a driver that works`,
    );
  }
  const advice = ADVICE[host.os];
  if (advice !== undefined) throw new UserError(`there is no WebGPU adapter: ${advice}`);
  host.say(
    "There is no WebGPU adapter. Mesa's software Vulkan driver runs everything on the CPU; for a GPU, install its " +
      "own driver instead.",
  );
  await install(SOFTWARE_DRIVER, host);
  const installed = await host.probeAdapter();
  if (installed !== null) return installed;
  throw new UserError(
    `${SOFTWARE_DRIVER.debian} is installed, but there is still no WebGPU adapter: see what \`vulkaninfo --summary\` ` +
      `(from vulkan-tools) says, and whether /usr/share/vulkan/icd.d can be read`,
  );
}

/**
 * Ensures that there is a browser for the browser tests and returns its version; otherwise reports what is skipped and
 * returns `null`.
 */
export async function ensureBrowser(host: Host): Promise<string | null> {
  const found = await findBrowser(host);
  if (found !== null) return found.version;
  const skipped = "the browser tests will be skipped";
  // On Ubuntu, the Debian package is only a stub.
  if (!installCommand(BROWSER, host).includes(`apt-get install`)) {
    host.say(`There is no Chromium, and ${skipped}. To run them: ${installCommand(BROWSER, host)}`);
    return null;
  }
  try {
    await install(BROWSER, host);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    host.say(`There is no Chromium, and ${skipped}: ${error.message}.`);
    return null;
  }
  const installed = await findBrowser(host);
  if (installed === null) host.say(`Chromium is installed but does not start, and ${skipped}.`);
  return installed?.version ?? null;
}
