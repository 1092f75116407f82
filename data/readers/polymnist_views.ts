/**
 * Draws the views of translated PolyMNIST: a digit, shrunk and shifted, on a background of one of five kinds.
 *
 * As in the published data set, pixels of the digit invert the background, and where the digit is says nothing about
 * where it is in other views. The published backgrounds are crops of five photographs in colour; these are generated,
 * and grey like all images here.
 *
 * @module
 */
import type { SeededRandom } from "../../base/random.ts";
import { MNIST_SIZE } from "./mnist_views.ts";

/** The views, each named by its background. */
export const POLYMNIST_VIEWS = ["stripes", "checks", "rings", "clouds", "dots"] as const;
/** One of {@linkcode POLYMNIST_VIEWS}. */
export type PolymnistView = (typeof POLYMNIST_VIEWS)[number];

/** Side of a shrunk digit: three quarters of its own. */
const SHRUNK = 0.75 * MNIST_SIZE;
/** Brightest background; the digit, its inverse, is brighter than any. */
const BRIGHTEST = 0.4;

/** Background at a pixel, 0 to 1. */
type Background = (x: number, y: number) => number;

/**
 * A view of a digit.
 *
 * @param digit 28 x 28 bytes, 0 black (background) to 255.
 * @param random Draws the background and the place.
 * @returns 28 x 28 bytes.
 */
export function drawPolymnistView(digit: Uint8Array, view: PolymnistView, random: SeededRandom): Uint8Array {
  const room = MNIST_SIZE - SHRUNK + 1;
  const [left, top] = [random.below(room), random.below(room)];
  const small = shrink(digit);
  const background = BACKGROUNDS[view](random);
  const out = new Uint8Array(MNIST_SIZE * MNIST_SIZE);
  for (let y = 0; y < MNIST_SIZE; y++) {
    for (let x = 0; x < MNIST_SIZE; x++) {
      const [column, row] = [x - left, y - top];
      const inside = column >= 0 && row >= 0 && column < SHRUNK && row < SHRUNK;
      const ink = inside ? small[row * SHRUNK + column]! : 0;
      const value = BRIGHTEST * background(x, y);
      out[y * MNIST_SIZE + x] = Math.round(255 * (value + ink * (1 - 2 * value)));
    }
  }
  return out;
}

/** Means over the area that a pixel of the smaller image covers, 0 to 1. */
function shrink(digit: Uint8Array): Float64Array {
  const step = MNIST_SIZE / SHRUNK;
  const across = (from: ArrayLike<number>, { rows, at }: { rows: number; at: (row: number, x: number) => number }) => {
    const to = new Float64Array(rows * SHRUNK);
    for (let row = 0; row < rows; row++) {
      for (let x = 0; x < SHRUNK; x++) {
        const [start, end] = [x * step, (x + 1) * step];
        let sum = 0;
        for (let pixel = Math.floor(start); pixel < end; pixel++) {
          sum += from[at(row, pixel)]! * (Math.min(end, pixel + 1) - Math.max(start, pixel));
        }
        to[row * SHRUNK + x] = sum / step;
      }
    }
    return to;
  };
  const narrow = across(digit, { rows: MNIST_SIZE, at: (row, x) => row * MNIST_SIZE + x });
  // The second pass goes down the columns of the first one's result, and turns it.
  const turned = across(narrow, { rows: SHRUNK, at: (column, y) => y * SHRUNK + column });
  return Float64Array.from(turned, (_, i) => turned[(i % SHRUNK) * SHRUNK + Math.floor(i / SHRUNK)]! / 255);
}

const wave = (turns: number) => 0.5 + 0.5 * Math.sin(2 * Math.PI * turns);

const BACKGROUNDS: Readonly<Record<PolymnistView, (random: SeededRandom) => Background>> = {
  stripes: (random) => {
    const [angle, period, phase] = [Math.PI * random.uniform(), 4 + 5 * random.uniform(), random.uniform()];
    return (x, y) => wave((x * Math.cos(angle) + y * Math.sin(angle)) / period + phase);
  },
  checks: (random) => {
    const [side, right, down] = [3 + 3 * random.uniform(), 12 * random.uniform(), 12 * random.uniform()];
    return (x, y) => (Math.floor((x + right) / side) + Math.floor((y + down) / side)) % 2;
  },
  rings: (random) => {
    const [cx, cy] = [MNIST_SIZE * random.uniform(), MNIST_SIZE * random.uniform()];
    const [period, phase] = [4 + 4 * random.uniform(), random.uniform()];
    return (x, y) => wave(Math.hypot(x - cx, y - cy) / period + phase);
  },
  clouds: (random) => {
    const cell = 5 + 3 * random.uniform();
    const columns = Math.ceil(MNIST_SIZE / cell) + 1;
    const knots = Float64Array.from({ length: columns * columns }, () => random.uniform());
    const smooth = (t: number) => t * t * (3 - 2 * t);
    return (x, y) => {
      const [i, j] = [Math.floor(x / cell), Math.floor(y / cell)];
      const [u, v] = [smooth(x / cell - i), smooth(y / cell - j)];
      const at = (column: number, row: number) => knots[row * columns + column]!;
      return (1 - v) * ((1 - u) * at(i, j) + u * at(i + 1, j)) + v * ((1 - u) * at(i, j + 1) + u * at(i + 1, j + 1));
    };
  },
  dots: (random) => {
    const [gap, right, down] = [5 + 3 * random.uniform(), 8 * random.uniform(), 8 * random.uniform()];
    const offset = (at: number) => (at % gap) - gap / 2;
    return (x, y) => Math.exp(-(offset(x + right) ** 2 + offset(y + down) ** 2) / 3);
  },
};
