/**
 * The encoders of a model's views, without what else the model consists of: their latents are what probes, fine-tuning
 * and alignment methods work on.
 *
 * @module
 */
import type { Tensor } from "../../runtime/mod.ts";
import type { Scope } from "../layers/scope.ts";
import type { Network } from "../networks/network.ts";
import { type ViewNetworkOptions, viewNetworks } from "../networks/registry.ts";
import { isText, type ViewTensors, viewTensors } from "../view_inputs.ts";

/** What of an encoder is the latent: the features before any head, or the mean of the posterior. */
export type LatentKind = "features" | "mean";

/** Everything that determines encoders. */
export interface ViewEncodersConfig extends ViewNetworkOptions {
  /** What of each encoder is the latent. */
  readonly latent: LatentKind;
}

/** Encoders: functions over a scope with their parameters. */
export class ViewEncoders {
  readonly #networks: readonly Network[];

  /**
   * Checks the configuration.
   *
   * @throws {RangeError} for an unknown network, or sizes that it does not take.
   */
  constructor(readonly config: ViewEncodersConfig) {
    if (config.views.length === 0) throw new RangeError("encoders need at least one view");
    this.#networks = viewNetworks(config);
  }

  /** Length of each view's latents. */
  get widths(): number[] {
    const { latent, latentDim } = this.config;
    return this.#networks.map(({ features }) => latent === "mean" ? latentDim : features);
  }

  /** Each view's latents, [N, {@link widths}]. */
  encode(scope: Scope, data: readonly ViewTensors[]): Tensor[] {
    return data.map((view, m) => this.encodeView(scope, view, m));
  }

  /** One view's latents. */
  encodeView(scope: Scope, view: ViewTensors, m: number): Tensor {
    const at = scope.child(`encoders.${m}`);
    const features = this.#networks[m]!.extract(at, isText(view) ? view.tokens : view);
    return this.config.latent === "mean" ? this.#networks[m]!.posterior(at, features).mu : features;
  }

  /**
   * Beginnings of the names of the parameters of each encoder's last block and of what follows it.
   *
   * @throws {RangeError} for a network that does not say which block is its last.
   */
  get lastBlocks(): string[] {
    return this.#networks.flatMap(({ name, lastBlock }, m) => {
      if (!lastBlock) throw new RangeError(`the network ${name} does not say which block is its last`);
      return [...lastBlock, "feature_compressor"].map((block) => `encoders.${m}.${block}.`);
    });
  }

  /** Requests every parameter from a declaring scope. */
  declare(scope: Scope): void {
    this.encode(scope, viewTensors({ ...this.config, batchSize: 1 }));
  }
}
