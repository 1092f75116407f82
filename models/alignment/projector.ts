/**
 * The projector from an encoder's features to the embeddings that are compared.
 *
 * @module
 */
import type { Tensor } from "../../runtime/mod.ts";
import { batchNorm, linear } from "../layers/layers.ts";
import type { Scope } from "../layers/scope.ts";

/**
 * Linear layers of the given widths, with batch norm and ReLU between them and no bias at the end (Barlow Twins,
 * VICReg); a single layer is CLIP's linear projection. Names are those of the authors' nn.Sequential.
 *
 * @param features [N, F].
 * @returns [N, last width]
 */
export function project(scope: Scope, features: Tensor, options: { widths: readonly number[] }): Tensor {
  const { widths } = options;
  return widths.reduce((x, outputs, i) => {
    // A bias in front of a batch norm has no effect.
    const y = linear(scope.child(`${3 * i}`), x, { outputs, bias: false });
    return i === widths.length - 1 ? y : batchNorm(scope.child(`${3 * i + 1}`), y, { relu: true });
  }, features);
}
