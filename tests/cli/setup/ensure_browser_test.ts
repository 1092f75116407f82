import assert from "node:assert/strict";
import { ensureBrowser } from "../../../cli/setup/ensure.ts";
import type { Finished } from "../../../cli/setup/host.ts";
import { fakeHost, OK, UBUNTU } from "./fake_host.ts";

const VERSION: Finished = { code: 0, output: "Chromium 150.0.1 built on Debian\n" };

Deno.test("ensureBrowser() uses the first browser that starts and installs nothing", async () => {
  const host = fakeHost({
    programs: {
      // Ubuntu's chromium-browser without snap.
      "chromium-browser": () => ({ code: 1, output: "Command '/usr/bin/chromium-browser' requires the chromium snap" }),
      "google-chrome": () => ({ code: 0, output: "Google Chrome 150.0.2\n" }),
      "/usr/bin/apt-get": () => OK,
    },
  });
  assert.equal(await ensureBrowser(host), "Chrome 150.0.2");
  assert.deepEqual(host.ran, ["chromium-browser --version", "google-chrome --version"]);
  assert.deepEqual(host.said, []);
});

Deno.test("ensureBrowser() installs Chromium on Debian", async () => {
  let installed = false;
  const host = fakeHost({
    programs: {
      "/usr/bin/apt-get": (args) => {
        installed ||= args.includes("chromium");
        return OK;
      },
      "/usr/bin/chromium": () => installed ? VERSION : { code: 127, output: "" },
    },
  });
  assert.equal(await ensureBrowser(host), "Chromium 150.0.1");
  assert.ok(
    host.ran.some((line) => line.endsWith("--no-install-recommends -o DPkg::Lock::Timeout=120 install chromium")),
  );
});

Deno.test("ensureBrowser() warns that browser tests will be skipped if it cannot install one", async () => {
  const machines = [
    { release: UBUNTU, expected: /skipped\. To run them: sudo snap install chromium/ },
    { release: { ID: "fedora" }, expected: /skipped\. To run them: sudo dnf install chromium/ },
    { release: {}, expected: /skipped\. To run them: install Chromium or Google Chrome/ },
    { isRoot: false, expected: /skipped: .*run `sudo apt-get update && sudo apt-get install .* chromium`/ },
  ];
  for (const { expected, ...machine } of machines) {
    const host = fakeHost({ ...machine, programs: { "/usr/bin/apt-get": () => OK } });
    assert.equal(await ensureBrowser(host), null);
    assert.match(host.said.join("\n"), expected);
    assert.ok(!host.ran.some((line) => line.includes("install")));
  }
});

Deno.test("ensureBrowser() continues if apt-get fails or the browser does not start", async () => {
  const failing = fakeHost({
    programs: {
      "/usr/bin/apt-get": (args) => args.includes("--version") ? OK : { code: 100, output: "E: Failed to fetch" },
    },
  });
  assert.equal(await ensureBrowser(failing), null);
  assert.match(failing.said.join("\n"), /browser tests will be skipped: .*there is no network/);
  const broken = fakeHost({ programs: { "/usr/bin/apt-get": () => OK } });
  assert.equal(await ensureBrowser(broken), null);
  assert.match(broken.said.join("\n"), /does not start, and the browser tests will be skipped/);
});
