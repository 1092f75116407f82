/**
 * Builds the documentation site into `docs/site`: `deno task docs`.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { build, stop } from "esbuild";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { UserError } from "../../cli/terminal/errors.ts";
import { parseArguments, path } from "../../cli/options/options.ts";
import { buildSite } from "./build_site.ts";
import { engineTour, withEngineTour } from "./engine_tour.ts";

/** The project's folder. */
export const ROOT = join(import.meta.dirname!, "../..");

/** What `deno doc` prints. */
export async function denoDoc(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new UserError(`deno doc failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}

/** Bundles the site's script. */
export async function bundleScript(): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname!, "client.ts")],
      bundle: true,
      minify: true,
      write: false,
      format: "iife",
      target: "es2023",
      charset: "utf8",
    });
    return outputFiles[0]!.text;
  } finally {
    await stop();
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "docs",
    summary: "Builds the documentation site: guides, API, search; open index.html of the folder, no server is needed.",
    options: { out: path({ help: "folder of the site", default: "docs/site" }) },
  }, args);
  const tour = join(ROOT, "docs/engine.md");
  await Deno.writeTextFile(tour, withEngineTour(await Deno.readTextFile(tour), await engineTour()));
  const style = await Deno.readTextFile(join(import.meta.dirname!, "site.css"));
  const site = await buildSite({ root: ROOT, denoDoc, script: await bundleScript(), style });
  await Deno.remove(values.out, { recursive: true }).catch(() => {});
  for (const [file, content] of site) {
    const target = join(values.out, file);
    await Deno.mkdir(dirname(target), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(target, content);
    else await Deno.writeFile(target, content);
  }
  console.log(`${site.size} files in ${values.out}; open ${join(values.out, "index.html")}`);
}

if (import.meta.main) await runCli(main);
