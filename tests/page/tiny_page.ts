/**
 * A page with a tiny model of two image views and a text, which nobody trained.
 *
 * @module
 */
import { declareParameters, fileShape, Vae, type VaeConfig } from "../../models/mod.ts";
import { storeWeights } from "../../page/export/store_weights.ts";
import { modelPart } from "../../page/render/model_part.ts";
import type { PageModel } from "../../page/stored/page_model.ts";
import { renderReport } from "../../viz/report/report.ts";
import { singleRunFixture } from "../viz/report/fixture.ts";

/** Side of its pictures in pixels. */
export const TINY_SIDE = 28;

/**
 * Renders the page.
 *
 * @param name Name of the run, of its label and of a word, and part of the name of its first view.
 */
export function tinyPage(name: string): string {
  const views = [`frontal${name}`, "lateral"];
  const config: VaeConfig = {
    method: "mmvm",
    views: [...views, "text"],
    texts: { text: { length: 32, vocabulary: 4, filterDim: 2 } },
    network: "small",
    imageSize: TINY_SIDE,
    filterDim: 1,
    latentDim: 2,
    dropout: 0,
    likelihood: { name: "laplace", scale: 1 },
  };
  const vae = new Vae(config);
  const tensors = declareParameters((scope) => vae.declare(scope)).map((spec) => {
    const shape = fileShape(spec);
    return [spec.name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1) }] as const;
  });
  const stored = storeWeights(new Map(tensors), { storage: "f16", isTransposed: () => false });
  const probe = { coefficients: [1, -1], intercept: 0, spread: 1 };
  const label = { label: name, probe, threshold: 0.5, auroc: 0.7, reliability: [] };
  const model: PageModel = {
    format: "mmvm-page-model",
    version: 1,
    run: name,
    config,
    storage: "f16",
    tensors: stored.tensors,
    preprocessing: "radiograph",
    window: "full",
    words: ["<pad>", "<eos>", "<unk>", name],
    probes: views.map((view) => ({ view, exclusive: false, labels: [label] })),
    card: [[name, name]],
  };
  const part = modelPart(model, { weights: stored.bytes, place: "first" });
  return renderReport(singleRunFixture({ labels: ["Edema"], studies: 20 }), { part });
}
