/**
 * The steps of set-up. Each looks first and does nothing where all is well, so that set-up needs no network once it is
 * done.
 *
 * @module
 */
import { UserError } from "../terminal/errors.ts";
import { findBrowser } from "./find_browser.ts";
import type { Host } from "./host.ts";
import { BROWSER, install, installCommand, SOFTWARE_DRIVER } from "./install.ts";

/** Variables with which the Vulkan loader sees only the drivers they name. */
const DRIVER_VARIABLES = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/** What to do where WebGPU does not run on Vulkan. */
const ADVICE: Partial<Record<Host["os"], string>> = {
  darwin: "update macOS (WebGPU runs on Metal, which every Mac since 2012 has, but not every virtual machine)",
  windows:
    "update Windows and the graphics driver (WebGPU runs on Direct3D 12, for which Windows brings a software device)",
};

/**
 * Makes sure that there is a WebGPU adapter, and returns what it calls itself.
 *
 * @throws {UserError} with the command to run where none could be had.
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
    "There is no WebGPU adapter. Mesa's software Vulkan driver runs everything on the CPU; for a GPU, install its own driver instead.",
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
 * Makes sure that there is a browser for the browser tests, and returns its version; `null`, having said what is
 * skipped, where there is none to be had.
 */
export async function ensureBrowser(host: Host): Promise<string | null> {
  const found = await findBrowser(host);
  if (found !== null) return found.version;
  const skipped = "the browser tests will be skipped";
  // Ubuntu's own entry says that its Debian package will not do.
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
