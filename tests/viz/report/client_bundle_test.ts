import assert from "node:assert/strict";
import { bundleClient } from "../../../viz/report/build_client.ts";

Deno.test({
  name: "client_bundle.ts matches its sources (otherwise run deno task build:report-client)",
  // esbuild's child process may outlive the test: stop() does not wait for it to exit.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const kept = await Deno.readTextFile(new URL("../../../viz/report/client_bundle.ts", import.meta.url));
    assert.ok(
      kept === await bundleClient(),
      "viz/report/client_bundle.ts is out of date: run `deno task build:report-client`",
    );
  },
});
