/**
 * Floors: methods that are there for comparison and were not trained.
 *
 * @module
 */

const FLOORS: readonly string[] = ["view-position", "pixel-pca", "shuffled-labels", "untrained"];

/** Whether a method is a floor. */
export function isFloor(method: string): boolean {
  return FLOORS.includes(method);
}
