/**
 * The page's model on the GPU: one study at a time.
 *
 * @module
 */
import { decodeTokens } from "../../data/text/decode_tokens.ts";
import { EncoderInference } from "../../models/encoder/encoder_inference.ts";
import { VaeInference } from "../../models/vae/vae_inference.ts";
import type { Device } from "../../runtime/mod.ts";
import { BLOCKS, hasDecoders, type PageModel } from "../stored/page_model.ts";
import { readWeights } from "../stored/stored_weights.ts";
import { blockBytes } from "./blocks.ts";

/** The latent of one view: a Gaussian, or the features of an encoder without a posterior. */
export interface Latent {
  readonly mu: Float32Array;
  /** Natural logarithm of the variance; features have none. */
  readonly logvar?: Float32Array;
}

/** A decoded view: a picture in [0, 1], or words. */
export type Decoded = Float32Array | string;

/** A model with its weights. */
export class LoadedModel {
  private constructor(private readonly inference: VaeInference | EncoderInference, readonly page: PageModel) {}

  /** Reads the weights from the page and writes them to the GPU. */
  static async open(device: Device, page: PageModel): Promise<LoadedModel> {
    const { config } = page;
    const inference = hasDecoders(config)
      ? VaeInference.open(device, { config, batchSize: 1 })
      : await EncoderInference.open(device, { config, batchSize: 1 });
    inference.write(readWeights(page.tensors, blockBytes(BLOCKS.weights)));
    return new LoadedModel(inference, page);
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
    const encoded: { readonly mu: readonly Float32Array[]; readonly logvar?: readonly Float32Array[] } = await this
      .inference.encode({
        pixels,
        texts: empty,
      });
    return new Map([...pictures.keys()].map((view) => {
      const m = views.indexOf(view);
      return [view, { mu: encoded.mu[m]!, ...(encoded.logvar ? { logvar: encoded.logvar[m]! } : {}) }];
    }));
  }

  /** Compiles what {@linkcode encode} and {@linkcode decode} need, with a study of black pictures. */
  async warmUp(): Promise<void> {
    const [first] = this.imageViews;
    const latents = await this.encode(new Map([[first!, new Uint8Array(this.page.config.imageSize ** 2)]]));
    await this.decode(latents.get(first!)!.mu, first!);
  }

  /**
   * Decodes a latent of a view as every view, in the order of the model's views; nothing if the model has no decoders.
   * Other views are decoded from its shared dimensions, with the mean of the prior for private ones, as by
   * {@linkcode VaeInference.decode}.
   */
  async decode(z: Float32Array, from: string): Promise<Decoded[]> {
    if (!(this.inference instanceof VaeInference)) return [];
    const { views, texts = {} } = this.page.config;
    const { privateDim, sharedDim } = this.inference.vae;
    const shared = z.map((value, i) => i < sharedDim ? value : 0);
    const decoded = await this.inference.decodeLatents(
      privateDim === 0 ? z : Float32Array.from(views.flatMap((view) => [...(view === from ? z : shared)])),
    );
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
