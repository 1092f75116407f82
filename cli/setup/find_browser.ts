/**
 * Finds an installed Chromium for the browser tests.
 *
 * @module
 */
import type { Host } from "./host.ts";

/** Chromium-based browsers in order of preference. Set-up may run only these programs. */
export const BROWSER_PROGRAMS: readonly string[] = [
  // By its full path, because Deno resolves bare names at start-up, before set-up has installed it.
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
 * Finds the first browser that starts. Existence is not sufficient: Ubuntu's `chromium-browser` only prints a note
 * about snap.
 */
export async function findBrowser(host: Pick<Host, "run">): Promise<{ program: string; version: string } | null> {
  for (const program of BROWSER_PROGRAMS) {
    const done = await host.run(program, ["--version"]);
    const version = /(?:chromium|chrome|edge)\S* [\d.]+/i.exec(done?.output ?? "")?.[0];
    if (done?.code === 0 && version !== undefined) return { program, version };
  }
  return null;
}
