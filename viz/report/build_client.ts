/**
 * Bundles the report's script and style sheet into `client_bundle.ts`, for `deno task build:report-client`
 * (`page/build_client.ts`).
 *
 * The bundle is committed rather than built on demand: esbuild runs as a child process, and `report` has no permission
 * to start one or to read the project's files. A test fails if the committed bundle no longer matches its sources.
 *
 * @module
 */
import { build, stop } from "esbuild";

/** Every report embeds parts of d3, whose licence requires this notice. */
const NOTICE = `/* Contains parts of d3-array, d3-color, d3-format, d3-interpolate, d3-path, d3-scale and d3-shape.
Copyright 2010-2026 Mike Bostock
Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies. THE SOFTWARE IS
PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES
OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR
CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF
CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS
SOFTWARE. */`;

/** Bundles the current sources and returns the text of `client_bundle.ts`. */
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
      "/**",
      " * The report's script and style sheet, bundled by build_client.ts from client/, report.css and css/.",
      " * Generated: after editing the sources, run `deno task build:report-client`.",
      " *",
      " * @module",
      " */",
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
