/**
 * Bundles the report's script and style sheet into `client_bundle.ts`: `deno task build:report-client`.
 *
 * esbuild runs as a process of its own, and reports are made without the permission to run any; reading a file of the
 * project would need a permission too. So the bundle is a module, made when the sources change and kept beside them; a test
 * fails when it is not what the sources give.
 *
 * @module
 */
import { build, stop } from "esbuild";

/** The script carries parts of d3 into every report, and d3's licence asks that this notice goes with them. */
const NOTICE = `/* Contains parts of d3-array, d3-color, d3-format, d3-interpolate, d3-path, d3-scale and d3-shape.
Copyright 2010-2026 Mike Bostock
Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided
that the above copyright notice and this permission notice appear in all copies. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR
DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT
SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH
THE USE OR PERFORMANCE OF THIS SOFTWARE. */`;

/** The text of `client_bundle.ts` for the sources as they are. */
export async function bundleClient(): Promise<string> {
  const directory = new URL(".", import.meta.url).pathname;
  const shared = { bundle: true, minify: true, write: false, legalComments: "none", charset: "utf8" } as const;
  try {
    const script = await build({
      ...shared,
      entryPoints: [`${directory}client/main.ts`],
      format: "iife",
      target: "es2023",
      banner: { js: NOTICE },
    });
    const style = await build({ ...shared, entryPoints: [`${directory}report.css`] });
    return [
      "// deno-fmt-ignore-file",
      "// Made by build_client.ts from client/ and report.css; change those and run `deno task build:report-client`.",
      "",
      "/** The report's script, minified. */",
      `export const CLIENT_SCRIPT = ${quote(script.outputFiles[0]!.text)};`,
      "",
      "/** The report's style sheet, minified; rules that depend on the results follow it. */",
      `export const REPORT_STYLE = ${quote(style.outputFiles[0]!.text)};`,
      "",
    ].join("\n");
  } finally {
    await stop();
  }
}

function quote(text: string): string {
  return JSON.stringify(text.trim());
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("client_bundle.ts", import.meta.url), await bundleClient());
}
