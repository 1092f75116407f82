import assert from "node:assert/strict";
import { browserTest } from "./browser.ts";

browserTest("browserTest() runs pages with scripts and WebGPU", async (browser) => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!doctype html><h1>here</h1>", { headers: { "content-type": "text/html" } }),
  );
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    assert.equal(await page.locator("h1").textContent(), "here");
    const adapter = await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null);
    assert.equal(adapter, true);
  } finally {
    await server.shutdown();
  }
});
