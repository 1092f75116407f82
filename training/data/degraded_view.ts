/**
 * Makes the images of one view worse, by steps, to see what the other views lose.
 *
 * @module
 */
import { SeededRandom } from "../../base/random.ts";
import { DataError } from "../../base/errors.ts";
import { type ImageAlteration, SPLITS, type StudyIndex } from "../../data/mod.ts";

/** How a view is made worse. */
export const DEGRADATIONS = ["blur", "noise", "blackout"] as const;

/** Where it is: in what a run is trained and validated on, or in what it is tested on. */
export const DEGRADED_IN = ["training", "testing"] as const;

/** Which view to make worse, and how. */
export interface DegradedView {
  /** Name of the view. */
  readonly view: string;
  /** How. */
  readonly kind: "blur" | "noise" | "blackout";
  /**
   * How much, from 0 (not at all) to 1: the standard deviation of a Gaussian blur as a share of the image's side, that
   * of Gaussian noise as a share of white, or the share of the image that a black square in its middle covers.
   */
  readonly amount: number;
  /** In which splits: training and validation, or testing. */
  readonly in: "training" | "testing";
  /** Seed of the noise, which is the same for an image every time. */
  readonly seed: number;
}

/**
 * The change of a view's images.
 *
 * @throws {DataError} naming a view that the data do not have.
 */
export function degradedView(index: StudyIndex, degraded: DegradedView): ImageAlteration {
  const column = index.views.indexOf(degraded.view);
  if (column < 0) {
    throw new DataError(`the view ${degraded.view} is to be made worse, but the data have ${index.views.join(", ")}`);
  }
  const { kind, amount, seed } = degraded;
  return (image, pixels) => {
    const split = SPLITS[index.splitOfStudy(index.images.study[image]!)];
    if (index.images.view[image] !== column || (split === "test") !== (degraded.in === "testing")) return;
    if (kind === "blur") blur(pixels, amount);
    else if (kind === "blackout") blackOut(pixels, amount);
    else addNoise(pixels, { amount, random: new SeededRandom("degraded-view", seed, index.images.ids[image]!) });
  };
}

/** A separable Gaussian filter; beyond the border the image goes on with its last pixel. */
function blur(pixels: Uint8Array, amount: number): void {
  const side = Math.sqrt(pixels.length);
  const deviation = amount * side;
  if (deviation === 0) return;
  const reach = Math.min(side - 1, Math.ceil(3 * deviation));
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) / deviation) ** 2) / 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const pass = (from: ArrayLike<number>, step: (line: number, at: number) => number) => {
    const to = new Float64Array(from.length);
    for (let line = 0; line < side; line++) {
      for (let at = 0; at < side; at++) {
        let sum = 0;
        for (let i = -reach; i <= reach; i++) {
          sum += weights[i + reach]! * from[step(line, Math.min(side - 1, Math.max(0, at + i)))]!;
        }
        to[step(line, at)] = sum / total;
      }
    }
    return to;
  };
  const rows = pass(pixels, (line, at) => line * side + at);
  pass(rows, (line, at) => at * side + line).forEach((value, i) => pixels[i] = Math.round(value));
}

/** A black square in the middle. */
function blackOut(pixels: Uint8Array, amount: number): void {
  const side = Math.sqrt(pixels.length);
  const covered = Math.round(Math.sqrt(amount) * side);
  const first = Math.floor((side - covered) / 2);
  for (let row = first; row < first + covered; row++) pixels.fill(0, row * side + first, row * side + first + covered);
}

/** Normal noise by Box and Muller's method. */
function addNoise(pixels: Uint8Array, { amount, random }: { amount: number; random: SeededRandom }): void {
  for (let i = 0; i < pixels.length; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
    pixels[i] = Math.min(255, Math.max(0, Math.round(pixels[i]! + 255 * amount * normal)));
  }
}
