/**
 * Random changes of images in training: shift, scale, rotation, crop, flip, contrast, brightness and noise.
 *
 * @module
 */
import { type AugmentAmounts, type AugmentKeys, lowerAugment } from "../kernels/augment/augment.ts";
import { randomCounters } from "../graph/leaf.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import { formatShape } from "../graph/shape.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { requireWord } from "../../base/philox.ts";

export type { AugmentAmounts } from "../kernels/augment/augment.ts";

/** Largest amount of each change. */
export const MOST_AUGMENTED: AugmentAmounts = {
  shift: 0.5,
  scale: 0.9,
  rotate: 180,
  crop: 0.9,
  flip: 1,
  contrast: 1,
  brightness: 1,
  noise: 1,
};

/** The names of the amounts, in order. */
export const AUGMENTATIONS = Object.keys(MOST_AUGMENTED) as (keyof AugmentAmounts)[];

/** Options of {@link augmentImages}. */
export interface AugmentOptions extends Partial<AugmentAmounts> {
  /** Stream of what is drawn for the images: the same for all views of a study, and no other random op's. */
  readonly stream: number;
  /** Stream of the noise, no other random op's. */
  readonly noiseStream: number;
  /** Number of the view among those of a study, 0 by default. */
  readonly view?: number;
  /** Number of the first sample, added to that of the part (below); 0 by default. */
  readonly first?: number;
}

type Attributes = AugmentKeys & { readonly amounts: AugmentAmounts };

const augmentOp: Op<Attributes> = defineOp({
  name: "augment_images",
  infer([x], { stream, noiseStream, view, first, amounts }) {
    requireFloat("augmentImages", [x!]);
    if (x!.shape.length !== 4) {
      throw new RangeError(
        `augmentImages() needs images [samples, height, width, channels], got ${formatShape(x!.shape)}`,
      );
    }
    requireWord("stream", stream);
    requireWord("stream", noiseStream);
    if (![view, first].every((number) => Number.isSafeInteger(number) && number >= 0 && number < 2 ** 28)) {
      throw new RangeError(`augmentImages() needs view and first as whole numbers from 0, got ${view} and ${first}`);
    }
    for (const name of AUGMENTATIONS) {
      if (amounts[name] >= 0 && amounts[name] <= MOST_AUGMENTED[name]) continue;
      throw new RangeError(`augmentImages() needs ${name} from 0 to ${MOST_AUGMENTED[name]}, got ${amounts[name]}`);
    }
    return [x!];
  },
  lower({ inputs: [x], attributes }) {
    const [samples = 1, height = 1, width = 1, channels = 1] = x!.shape;
    return lowerAugment({ samples, height, width, channels, ...attributes });
  },
});

/**
 * Changes each image at random, differently at every step; in evaluation it is not to be called. Each amount is the end
 * of a range, see {@link AugmentAmounts}. What comes from outside a picture is black, and values stay in [0, 1].
 *
 * Sample n of the batch is a study. Its **scale and flip** are the same in all views, because they change the patient:
 * the size, and which side the heart is on. **Shift, rotation, crop, contrast, brightness and noise** are each view's
 * own, because they change an exposure, and two exposures of a patient do not share them: views with equal ones could
 * be told to belong together by an angle instead of by the anatomy.
 *
 * Draws depend on (seed, step, number of the sample in the whole batch, view) alone: with step number s + 2^32 p the
 * images are part p of step s, of equal parts (one for each rank or micro-batch), changed as in the whole batch.
 *
 * @param images f32 [samples, height, width, channels] in [0, 1].
 * @returns As `images`, which are the same tensor if no amount is above 0; there is no gradient to them.
 * @throws {RangeError} for an amount outside of {@link MOST_AUGMENTED}, or another shape.
 *
 * @example
 * ```ts
 * import { augmentImages, input } from "../../mod.ts";
 *
 * const frontal = input("frontal", { shape: [8, 64, 64, 1] });
 * const changed = augmentImages(frontal, { stream: 1, noiseStream: 2, rotate: 7, noise: 0.02 });
 * ```
 */
export function augmentImages(images: Tensor, options: AugmentOptions): Tensor {
  const { stream, noiseStream, view = 0, first = 0 } = options;
  const amounts = Object.fromEntries(
    AUGMENTATIONS.map((name) => [name, options[name] ?? 0]),
  ) as unknown as AugmentAmounts;
  const attributes = { stream, noiseStream, view, first, amounts };
  if (AUGMENTATIONS.every((name) => amounts[name] === 0)) return images;
  return apply(augmentOp, [images, randomCounters()], attributes)[0]!;
}
