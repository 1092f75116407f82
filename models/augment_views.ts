/**
 * Augmentation of a training batch's images.
 *
 * @module
 */
import { type AugmentAmounts, augmentImages, type Tensor } from "../runtime/mod.ts";
import type { Scope } from "./layers/scope.ts";
import { isText, type ViewTensors } from "./view_inputs.ts";

/** What {@link augmentViews} is to do. */
export interface ViewAugmentation {
  /** How far images are changed; by default they are not. */
  readonly augment?: Partial<AugmentAmounts> | undefined;
}

/**
 * The views of a training batch with their images augmented; texts stay as they are, and so do all views on a scope in
 * evaluation mode. Scale and flip are the same for all views of a study, see `augmentImages()` of the engine.
 *
 * @param data One per view, as a loss function takes them; view m is number m in the random draws.
 * @param scope The root of the model's parameters, whose streams the random numbers use.
 */
export function augmentViews(
  data: readonly ViewTensors[],
  { augment, scope }: ViewAugmentation & { readonly scope: Scope },
): ViewTensors[] {
  if (augment === undefined || !scope.training) return [...data];
  return data.map((view, m) => isText(view) ? view : augmentView(view, { augment, scope, view: m }));
}

/**
 * One view's images, augmented as {@link augmentViews} does in training.
 *
 * @param images f32 [N, S, S, 1] in [0, 1].
 * @param options.scope The root of the model's parameters, or a declaring scope.
 * @param options.view Number of the view.
 */
export function augmentView(
  images: Tensor,
  { augment, scope, view }: { augment: Partial<AugmentAmounts>; scope: Scope; view: number },
): Tensor {
  return augmentImages(images, {
    ...augment,
    stream: scope.stream("augmentation"),
    noiseStream: scope.stream(`augmentation.noise.${view}`),
    view,
  });
}
