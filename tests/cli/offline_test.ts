import assert from "node:assert/strict";
import { join } from "node:path";
import { writePhantoms } from "../../phantoms/mod.ts";
import { type ProcessOptions, runProcess, succeeds, taskCommand } from "../process.ts";

/** Prefix that starts a program in a network namespace without interfaces, if this user may create one. */
const UNSHARE = [["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]]
  .find((command) => succeeds([...command, "true"])) ?? [];

/** Proxy settings with an address at which nothing listens, for users who may not create a network namespace. */
const NO_PROXY = "http://127.0.0.1:9";

const env = Object.fromEntries(
  ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "npm_config_proxy", "npm_config_https_proxy"]
    .map((name) => [name, NO_PROXY]),
);

/** Runs a command without a network. */
async function offline(command: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProcess([...UNSHARE, ...command], { ...options, env });
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test("network access fails in this test", async () => {
  const program = `await fetch("http://example.org")`;
  const { code, stderr } = await runProcess([...UNSHARE, Deno.execPath(), "eval", program], { env });
  assert.equal(code, 1);
  assert.match(stderr, /error sending request|Connect|dns/i);
});

Deno.test("once set up, set-up and training work without a network", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm_offline_" });
  try {
    await offline([Deno.execPath(), "task", "--quiet", "setup", "--tests"]);
    const data = join(folder, "phantoms");
    await writePhantoms(data, { studies: 20, seed: 1, scale: 0.02, workers: 2 });
    const small = ["--network", "small", "--image-size", "28", "--filter-dim", "2", "--latent-dim", "2"];
    const flags = ["--data", data, "--batch-size", "4", "--epochs", "1", "--no-tune", ...small];
    const table = await offline([...taskCommand("train"), ...flags], { cwd: folder });
    assert.match(table, /AUROC/);
    assert.ok((await Deno.stat(join(folder, "runs/default/report.html"))).size > 10_000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
