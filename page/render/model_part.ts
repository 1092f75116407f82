/**
 * The part of a report that holds a model: what it says before any script has run, and the data for the script.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { AddedPart } from "../../viz/report/added_part.ts";
import { embeddableJson } from "../../viz/report/content_security_policy.ts";
import type { Builder } from "../../viz/report/markup/dom.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "../client_bundle.ts";
import { JPEG2000_CODEC, JPEG_CODEC } from "../codec_bundle.ts";
import { BLOCKS, type PageModel } from "../stored/page_model.ts";

const NOTICE = "Not for clinical use: this is research software and no medical device, and nothing it shows may " +
  "inform the diagnosis or treatment of anyone.";

const BROWSERS = "Current versions of Chrome, Edge, Safari and Firefox have it, with graphics acceleration switched " +
  "on; where Chrome on Linux does not offer it, chrome://flags/#enable-unsafe-webgpu switches it on.";

/** Bytes that come with a model. */
export interface ModelBytes {
  /** The weights. */
  readonly weights: Uint8Array;
  /** Latents and pictures of the studies to compare with. */
  readonly neighbours?: Uint8Array;
}

/**
 * The part with a model.
 *
 * @param options.place Whether it precedes the report's sections or follows them.
 */
export function modelPart(model: PageModel, options: ModelBytes & { place: AddedPart["place"] }): AddedPart {
  const { weights, neighbours, place } = options;
  const blocks: readonly (readonly [id: string, text: string])[] = [
    [BLOCKS.weights, base64(weights)],
    [BLOCKS.jpeg, JPEG_CODEC],
    [BLOCKS.jpeg2000, JPEG2000_CODEC],
    ...(neighbours ? [[BLOCKS.neighbours, base64(gzipSync(neighbours, { level: 9 }))] as const] : []),
  ];
  return {
    id: "model",
    name: "The model",
    place,
    notice: NOTICE,
    build: (h) => section(h, { model, place }),
    blocks: [
      { id: BLOCKS.model, type: "application/json", text: embeddableJson(model) },
      ...blocks.map(([id, text]) => ({ id, type: "application/octet-stream", text })),
    ],
    script: PAGE_SCRIPT,
    style: PAGE_STYLE,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function section(h: Builder, { model, place }: { model: PageModel; place: AddedPart["place"] }): HTMLElement {
  const report = place === "first" ? "below" : "above";
  return h(
    "section",
    { id: "model", "aria-labelledby": "model-title" },
    h("h2", { id: "model-title" }, "The model"),
    h(
      "p",
      null,
      "This file holds the trained model and runs it in your browser, on your graphics processor. Pictures that you " +
        "open here do not leave this page, which cannot connect to anything.",
    ),
    h(
      "dl",
      { class: "card" },
      model.card.map(([term, text]) => [h("dt", null, term), h("dd", null, text)]),
    ),
    h(
      "div",
      { id: "model-fallback", class: "notice" },
      h("p", null, "The model needs a script and WebGPU. ", h("span", { id: "model-reason" })),
      h("p", null, `${BROWSERS} Without it, this file is still the report of the run, ${report}.`),
    ),
    h("div", { id: "model-app", hidden: true }),
  );
}
