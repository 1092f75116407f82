/**
 * The part of the results that shows what augmentation does.
 *
 * @module
 */

/** Pictures of one view, as they are and as training may have seen them. */
export interface AugmentedPictures {
  /** The run. */
  run: string;
  /** The view. */
  view: string;
  /** Side in pixels. */
  size: number;
  /** How far images are changed, by the names of `--augment`; what is left out is not changed. */
  amounts: Record<string, number>;
  /** PNG files in base64, one entry per study: the picture, and the same with changes drawn anew for each. */
  items: {
    original: string;
    augmented: string[];
  }[];
}
