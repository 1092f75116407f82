import assert from "node:assert/strict";
import { bundleCodecs, bundlePage } from "../../page/build_client.ts";
import { PAGE_SCRIPT } from "../../page/client_bundle.ts";

for (const [file, bundle] of [["client_bundle.ts", bundlePage], ["codec_bundle.ts", bundleCodecs]] as const) {
  Deno.test({
    name: `page/${file} matches its sources (otherwise run deno task build:report-client)`,
    // esbuild's child process may outlive the test: stop() does not wait for it to exit.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const kept = await Deno.readTextFile(new URL(`../../page/${file}`, import.meta.url));
      assert.ok(kept === await bundle(), `page/${file} is out of date: run \`deno task build:report-client\``);
    },
  });
}

Deno.test("the page's script evaluates no text as code or markup", () => {
  assert.doesNotMatch(PAGE_SCRIPT, /\beval\(|new Function\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
});
