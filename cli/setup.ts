/**
 * `deno task setup`: checks that the machine has what the other tasks need, and installs what is missing where
 * possible.
 *
 * Must not import npm packages, because it has to run and report the problem when they are missing.
 *
 * @module
 */
import { UsageError } from "./terminal/errors.ts";
import { runCli } from "./terminal/run_cli.ts";
import { checkDependencies } from "./setup/dependencies.ts";
import { ensureAdapter, ensureBrowser } from "./setup/ensure.ts";
import { thisHost } from "./setup/host.ts";

const HELP = `Usage: deno task setup [--tests]

Checks for a WebGPU adapter. If there is none, installs the software Vulkan driver on Debian or Ubuntu (as root or with
password-less sudo); on other systems it prints the command to run. Nothing that works is installed again.

Options:
  --tests     also checks for Chromium, which the browser tests need
  -h, --help  show this help`;

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help") || args.includes("-h")) return console.log(HELP);
  const unknown = args.find((arg) => arg !== "--tests");
  if (unknown !== undefined) {
    throw new UsageError(`unknown argument ${JSON.stringify(unknown)}; \`deno task setup --help\` lists the options`);
  }
  await checkDependencies(".");
  const host = await thisHost();
  const ready = [`WebGPU adapter ${await ensureAdapter(host)}`];
  if (args.includes("--tests")) {
    const browser = await ensureBrowser(host);
    if (browser !== null) ready.push(browser);
  }
  host.say(`Ready: ${ready.join(", ")}.`);
}

if (import.meta.main) await runCli(main);
