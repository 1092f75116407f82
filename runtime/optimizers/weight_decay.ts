/**
 * Which parameters weight decay applies to.
 *
 * Biases and the scales and shifts of normalisation have one axis; decaying them limits what a layer can represent
 * without regularising its weights, so most recipes exempt them (T. He et al.: Bag of tricks for image classification,
 * CVPR 2019). PyTorch's optimisers decay everything that they are given.
 *
 * @module
 */
import { tensor } from "../graph/leaf.ts";
import type { Shape } from "../graph/shape.ts";
import type { Slab } from "../graph/state.ts";
import type { Tensor } from "../graph/tensor.ts";
import { decayBits } from "../kernels/optimizer/optimizer.ts";

/** Whether weight decay applies to a parameter, given its name and its shape in the engine's layout. */
export type DecayFilter = (parameter: { readonly name: string; readonly shape: Shape }) => boolean;

/** The usual {@link DecayFilter}: weights decay; biases and the parameters of normalisation do not. */
export function weightsOnly({ shape }: { readonly name: string; readonly shape: Shape }): boolean {
  return shape.length > 1;
}

/** The kernels' input for a filter; `undefined` if all parameters decay. */
export function decayTensor(parameters: Slab, decays: DecayFilter | undefined): Tensor | undefined {
  if (decays === undefined) return undefined;
  const decayed = parameters.states.filter(decays);
  if (decayed.length === parameters.states.length) return undefined;
  const bits = decayBits(parameters.whole.size, decayed.map(({ offset, size }) => [offset, size]));
  return tensor(bits, { shape: [bits.length], dtype: "u32" });
}
