/**
 * Augmentation of a training batch's images.
 *
 * @module
 */
import { type AugmentAmounts, augmentImages } from "../runtime/mod.ts";
import type { Scope } from "./layers/scope.ts";
import { isText, type ViewTensors } from "./view_inputs.ts";

/** What {@link augmentViews} is to do. */
export interface ViewAugmentation {
  /** How far images are changed; by default they are not. */
  readonly augment?: Partial<AugmentAmounts> | undefined;
}

/**
 * The views of a training batch with their images augmented; texts stay as they are, and so do all views on a scope in
 * evaluation mode. Scale and flip are the same for
 * all views of a study, see `augmentImages()` of the engine.
 *
 * @param data One per view, as a loss function takes them; view m is number m in the random draws.
 * @param scope The root of the model's parameters, whose streams the random numbers use.
 */
export function augmentViews(
  data: readonly ViewTensors[],
  { augment, scope }: ViewAugmentation & { readonly scope: Scope },
): ViewTensors[] {
  if (augment === undefined || !scope.training) return [...data];
  return data.map((view, m) =>
    isText(view) ? view : augmentImages(view, {
      ...augment,
      stream: scope.stream("augmentation"),
      noiseStream: scope.stream(`augmentation.noise.${m}`),
      view: m,
    })
  );
}
