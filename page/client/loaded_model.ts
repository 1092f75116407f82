/**
 * The page's model on the GPU: one study at a time.
 *
 * @module
 */
import { decodeTokens } from "../../data/text/decode_tokens.ts";
import { VaeInference } from "../../models/vae/vae_inference.ts";
import type { Device } from "../../runtime/mod.ts";
import { BLOCKS, type PageModel } from "../stored/page_model.ts";
import { readWeights } from "../stored/stored_weights.ts";
import { blockBytes } from "./blocks.ts";

/** The latent of one view: a Gaussian. */
export interface Latent {
  readonly mu: Float32Array;
  /** Natural logarithm of the variance. */
  readonly logvar: Float32Array;
}

/** A decoded view: a picture in [0, 1], or words. */
export type Decoded = Float32Array | string;

/** A model with its weights. */
export class LoadedModel {
  readonly #inference: VaeInference;

  /** Reads the weights from the page and writes them to the GPU. */
  constructor(device: Device, readonly page: PageModel) {
    this.#inference = VaeInference.open(device, { config: page.config, batchSize: 1 });
    this.#inference.write(readWeights(page.tensors, blockBytes(BLOCKS.weights)));
  }

  /** Names of the views that are images, in the order of the model's encoders. */
  get imageViews(): string[] {
    return imageViewsOf(this.page);
  }

  /**
   * Encodes the pictures of a study.
   *
   * @param pictures Prepared pictures by view.
   * @returns The latents of the same views.
   */
  async encode(pictures: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Latent>> {
    const { views, texts = {}, imageSize } = this.page.config;
    const size = imageSize ** 2;
    // Views have encoders of their own, so that a missing one has no influence on the others.
    const pixels = new Uint8Array(this.imageViews.length * size);
    this.imageViews.forEach((view, m) => pixels.set(pictures.get(view) ?? [], m * size));
    const empty = Object.values(texts).map(({ length }) => ({
      tokens: new Uint16Array(length),
      lengths: new Uint16Array(1),
    }));
    const { mu, logvar } = await this.#inference.encode({ pixels, texts: empty });
    return new Map([...pictures.keys()].map((view) => {
      const m = views.indexOf(view);
      return [view, { mu: mu[m]!, logvar: logvar[m]! }];
    }));
  }

  /** Decodes a latent as every view, in the order of the model's views. */
  async decode(z: Float32Array): Promise<Decoded[]> {
    const { views, texts = {} } = this.page.config;
    const decoded = await this.#inference.decodeLatents(z);
    return decoded.map((values, m) => texts[views[m]!] ? this.#text(values) : values);
  }

  #text(tokens: Float32Array): string {
    return decodeTokens(tokens, (token) => this.page.words?.[token] ?? "<unk>");
  }
}

/** Names of a model's views that are images. */
export function imageViewsOf({ config: { views, texts = {} } }: PageModel): string[] {
  return views.filter((view) => !texts[view]);
}
