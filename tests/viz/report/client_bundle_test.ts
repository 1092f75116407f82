import assert from "node:assert/strict";
import { bundleClient } from "../../../viz/report/build_client.ts";

Deno.test({
  name: "client_bundle.ts is what its sources give (if not: deno task build:report-client)",
  // esbuild keeps its process for later builds and ends it when asked to, without waiting for it to be gone.
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
