/**
 * Finds an installed Chromium for the browser tests.
 *
 * @module
 */
import type { Host } from "./host.ts";

/** Programs that are Chromium underneath, the most expected first. Set-up may run these and no others. */
export const BROWSER_PROGRAMS: readonly string[] = [
  // By its full path: Deno looks for bare names when it starts, before set-up has installed this one.
  "/usr/bin/chromium",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/**
 * The first browser that starts. Merely being there is not enough: Ubuntu's `chromium-browser` is a note that says to
 * use snap.
 */
export async function findBrowser(host: Pick<Host, "run">): Promise<{ program: string; version: string } | null> {
  for (const program of BROWSER_PROGRAMS) {
    const done = await host.run(program, ["--version"]);
    const version = /(?:chromium|chrome|edge)\S* [\d.]+/i.exec(done?.output ?? "")?.[0];
    if (done?.code === 0 && version !== undefined) return { program, version };
  }
  return null;
}
