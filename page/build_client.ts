/**
 * `deno task build:report-client`: bundles the scripts and style sheets of reports and of pages with a model.
 *
 * The bundles are committed for the reason that `viz/report/build_client.ts` gives. A page's bundle holds the engine
 * with its WGSL, the models, the readers of images and the phantoms, so any change to these changes it.
 *
 * @module
 */
import { build, type Plugin, stop } from "esbuild";
import { gzipSync } from "node:zlib";
import { bundleClient } from "../viz/report/build_client.ts";

/** Every page embeds libjpeg-turbo and OpenJPEG, whose licences require these notices. */
const NOTICE = `/* Contains libjpeg-turbo, which is based in part on the work of the Independent JPEG Group.
Copyright 2009-2026 D. R. Commander and others; 1991-2020 Thomas G. Lane, Guido Vollbeding.
Contains OpenJPEG. Copyright 2002-2014 Universite catholique de Louvain (UCL), Professor Benoit Macq, and others.
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met: redistributions of source code must retain the above copyright notice, this list of
conditions and the following disclaimer; redistributions in binary form must reproduce them in the documentation and/or
other materials provided with the distribution; the names of the copyright holders and contributors may not be used to
endorse or promote products derived from this software without specific prior written permission. THIS SOFTWARE IS
PROVIDED "AS IS", AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS
FOR A PARTICULAR PURPOSE, ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDERS OR CONTRIBUTORS BE LIABLE FOR ANY
DAMAGES ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE. */`;

const ROOT = new URL("../", import.meta.url);
const pathOf = (relative: string) => new URL(relative, ROOT).pathname;

/** The codecs' loaders, with the page's own module in place of each. */
const CODECS: Readonly<Record<string, string>> = {
  "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs": pathOf("page/client/codec_jpeg.ts"),
  "@cornerstonejs/codec-openjpeg/decodewasmjs": pathOf("page/client/codec_jpeg2000.ts"),
};

/** Puts the page's modules in the codecs' place, and nothing in the place of Node's, which they only use in Node. */
const plugin: Plugin = {
  name: "codecs of the page",
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^@cornerstonejs\// },
      ({ path, importer }) => Object.values(CODECS).includes(importer) ? undefined : { path: CODECS[path]! },
    );
    onResolve({ filter: /^(fs|path)$/ }, ({ path }) => ({ path, namespace: "nothing" }));
    onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "" }));
    // A home folder that Emscripten makes up for the environment of C programs, which the codecs never ask for.
    onLoad({ filter: /wasm_decode\.js$/ }, async ({ path }) => ({
      contents: (await Deno.readTextFile(path)).replaceAll(/\/home\/\w+/g, "/"),
    }));
    onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({
      // Directives begin with `//#`; other comments are not needed in a page.
      contents: (await Deno.readTextFile(path)).replaceAll(/^\s*\/\/(?!#).*\n/gm, "").replaceAll(/^\s+/gm, ""),
      loader: "text",
    }));
  },
};

/** Bundles the page's current sources and returns the text of `client_bundle.ts`. */
export async function bundlePage(): Promise<string> {
  const shared = { bundle: true, minify: true, write: false, legalComments: "none", charset: "utf8" } as const;
  try {
    const script = await build({
      ...shared,
      entryPoints: [pathOf("page/client/main.ts")],
      format: "iife",
      target: "es2023",
      platform: "browser",
      banner: { js: NOTICE },
      // The engine's own address only serves to find a caller's line in a stack trace.
      define: { "import.meta.url": '"file:///"' },
      plugins: [plugin],
    });
    const style = await build({ ...shared, entryPoints: [pathOf("page/page.css")] });
    return generated("The page's script and style sheet, from client/ and page.css.", {
      PAGE_SCRIPT: ["The page's script, minified.", script.outputFiles[0]!.text],
      PAGE_STYLE: ["The page's style sheet, minified.", style.outputFiles[0]!.text],
    });
  } finally {
    await stop();
  }
}

/** Returns the text of `codec_bundle.ts`: the codecs' WebAssembly modules. */
export async function bundleCodecs(): Promise<string> {
  const read = async (path: string) => {
    const bytes = await Deno.readFile(new URL(`node_modules/@cornerstonejs/${path}`, ROOT));
    return gzipSync(bytes, { level: 9 }).toString("base64");
  };
  const [jpeg, jpeg2000] = [
    await read("codec-libjpeg-turbo-8bit/dist/libjpegturbowasm_decode.wasm"),
    await read("codec-openjpeg/dist/openjpegwasm_decode.wasm"),
  ];
  return generated("The decoders of JPEG and JPEG 2000 as WebAssembly, from their packages.", {
    JPEG_CODEC: ["libjpeg-turbo: gzip, base64.", jpeg],
    JPEG2000_CODEC: ["OpenJPEG: gzip, base64.", jpeg2000],
  });
}

/** A generated module that exports texts, each with its documentation. */
function generated(about: string, texts: Readonly<Record<string, readonly [documentation: string, text: string]>>) {
  return [
    "// deno-fmt-ignore-file",
    "/**",
    ` * ${about}`,
    " * Generated: after editing the sources, run `deno task build:report-client`.",
    " *",
    " * @module",
    " */",
    ...Object.entries(texts).flatMap(([name, [documentation, text]]) => [
      "",
      `/** ${documentation} */`,
      `export const ${name} = ${JSON.stringify(text.trim())};`,
    ]),
    "",
  ].join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("viz/report/client_bundle.ts", ROOT), await bundleClient());
  await Deno.writeTextFile(new URL("page/client_bundle.ts", ROOT), await bundlePage());
  await Deno.writeTextFile(new URL("page/codec_bundle.ts", ROOT), await bundleCodecs());
}
