/**
 * The networks by name; {@link registerNetwork} adds custom ones.
 *
 * @module
 */
import { denseNet121 } from "./densenet.ts";
import type { Network } from "./network.ts";
import { residualNetwork } from "./residual.ts";
import { resNet50 } from "./resnet.ts";
import { smallNetwork } from "./small.ts";
import { textNetwork } from "./text.ts";
import type { TextViews } from "../view_inputs.ts";

/** Sizes of a network. */
export interface NetworkOptions {
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Filters of the first layer. */
  readonly filterDim: number;
  /** Dimensions of the latent. */
  readonly latentDim: number;
  /** Rate of dropout2d. */
  readonly dropout: number;
  /** Whether the network is to decode, too; if not, it may take sizes for which it has no decoder. */
  readonly decodes?: boolean;
}

const NETWORKS = new Map<string, (options: NetworkOptions) => Network>([
  ["residual", residualNetwork],
  ["small", smallNetwork],
  ["densenet121", denseNet121],
  ["resnet50", resNet50],
]);

/** Names of all networks. */
export function networkNames(): string[] {
  return [...NETWORKS.keys()];
}

/**
 * Builds a network by name for given sizes.
 *
 * @throws {RangeError} for an unknown name or for sizes that the network does not take.
 */
export function networkOf(name: string, options: NetworkOptions): Network {
  const make = NETWORKS.get(name);
  if (!make) throw new RangeError(`there is no network ${name}; there are ${networkNames().join(", ")}`);
  return make(options);
}

/**
 * Makes a network available by name, for `--network` and `VaeConfig.network`.
 *
 * @throws {RangeError} if the name is taken.
 */
export function registerNetwork(name: string, make: (options: NetworkOptions) => Network): void {
  if (NETWORKS.has(name)) throw new RangeError(`there is a network ${name} already`);
  NETWORKS.set(name, make);
}

/** What determines the networks of a model's views. */
export interface ViewNetworkOptions extends NetworkOptions {
  /** Name of the network of the image views. */
  readonly network: string;
  /** Names of the views, in the order of their encoders. */
  readonly views: readonly string[];
  /** The views that are texts; the others are images. */
  readonly texts?: TextViews | undefined;
}

/**
 * The network of each view.
 *
 * @throws {RangeError} for an unknown network, or sizes that one of them does not take.
 */
export function viewNetworks(options: ViewNetworkOptions): Network[] {
  const { network, views, texts = {}, latentDim, dropout } = options;
  const unknown = Object.keys(texts).find((name) => !views.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`${unknown} is to be a text, but the views are ${views.join(", ")}`);
  }
  let images: Network | undefined;
  return views.map((name) => {
    const sizes = texts[name];
    return sizes ? textNetwork({ ...sizes, latentDim, dropout }) : images ??= networkOf(network, options);
  });
}
