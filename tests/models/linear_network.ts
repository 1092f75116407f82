/**
 * A network with a linear encoder and decoder: with a normal likelihood, its model has closed-form solutions.
 *
 * @module
 */
import { layers, networkNames, registerNetwork } from "../../models/mod.ts";
import { reshape } from "../../runtime/mod.ts";

/** Name under which the network is registered. */
export const LINEAR = "linear-for-tests";

/** Registers the network once per process. */
export function registerLinearNetwork(): void {
  if (networkNames().includes(LINEAR)) return;
  registerNetwork(LINEAR, ({ imageSize, latentDim }) => {
    const pixels = imageSize * imageSize;
    return {
      name: LINEAR,
      features: pixels,
      extract: (_, image) => reshape(image, [image.shape[0]!, pixels]),
      posterior: (scope, features) => ({
        mu: layers.linear(scope.child("mu"), features, { outputs: latentDim }),
        logvar: layers.linear(scope.child("logvar"), features, { outputs: latentDim }),
      }),
      decode: (scope, z) =>
        reshape(layers.linear(scope.child("mean"), z, { outputs: pixels }), [z.shape[0]!, imageSize, imageSize, 1]),
    };
  });
}
