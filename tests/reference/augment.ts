/**
 * The augmentation of images in float64, change by change.
 *
 * @module
 */
import { philox, seedWords } from "../../base/philox.ts";
import type { AugmentAmounts, AugmentKeys, ImageSizes } from "../../runtime/kernels/augment/augment.ts";

/** A point of a picture: column and row. */
type Point = readonly [x: number, y: number];

/** Augmented images [samples, height, width, channels]. */
export function augmentReference(
  x: ArrayLike<number>,
  options: ImageSizes & AugmentKeys & { amounts: AugmentAmounts; seed: number; step: number },
): Float64Array {
  const { samples, height, width, channels, amounts, stream, noiseStream, view, first, seed, step } = options;
  const key = seedWords(seed);
  const out = new Float64Array(samples * height * width * channels);
  const size = height * width * channels;
  for (let n = 0; n < samples; n++) {
    const uniform = (block: number) =>
      philox([block, first + n, stream, step], key).map((word) => (word >>> 8) / 2 ** 24);
    const symmetric = (block: number) => uniform(block).map((u) => 2 * u - 1);
    const own = 3 * view + 1;
    const [shiftX = 0, shiftY = 0, turn = 0] = symmetric(own);
    const [cropX = 0, cropY = 0, contrast = 0, brightness = 0] = symmetric(own + 1);
    const scale = 1 + amounts.scale * symmetric(0)[0]!;
    const flip = uniform(0)[1]! < Math.fround(amounts.flip);
    const crop = amounts.crop * uniform(own)[3]!;
    const angle = amounts.rotate * turn * Math.PI / 180;
    const deviation = amounts.noise * uniform(own + 2)[0]!;
    // Each undoes one change of the picture, the last change first.
    const undo: ((p: Point) => Point)[] = [
      ([px, py]) => [(1 - crop) * px + 0.5 * crop * cropX * width, (1 - crop) * py + 0.5 * crop * cropY * height],
      ([px, py]) => [px - amounts.shift * shiftX * width, py - amounts.shift * shiftY * height],
      ([px, py]) => [
        Math.cos(angle) * px + Math.sin(angle) * py,
        Math.cos(angle) * py - Math.sin(angle) * px,
      ],
      ([px, py]) => [px / scale, py / scale],
      ([px, py]) => [flip ? -px : px, py],
    ];
    const noise = noiseOf({ size, counter: [first + n, noiseStream, step], seed });
    for (let i = 0; i < size; i++) {
      const pixel = Math.floor(i / channels);
      const centre: Point = [(width - 1) / 2, (height - 1) / 2];
      const offset: Point = [pixel % width - centre[0], Math.floor(pixel / width) - centre[1]];
      const [px, py] = undo.reduce((p, change) => change(p), offset);
      const value = bilinear(
        [px + centre[0], py + centre[1]],
        { width, height },
        (column, row) => x[n * size + (row * width + column) * channels + i % channels]!,
      );
      const changed = (1 + amounts.contrast * contrast) * (value - 0.5) + 0.5 + amounts.brightness * brightness;
      out[n * size + i] = Math.min(Math.max(changed + deviation * noise[i]!, 0), 1);
    }
  }
  return out;
}

function bilinear(
  [x, y]: Point,
  { width, height }: { width: number; height: number },
  at: (column: number, row: number) => number,
): number {
  let sum = 0;
  for (const column of [Math.floor(x), Math.floor(x) + 1]) {
    for (const row of [Math.floor(y), Math.floor(y) + 1]) {
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      sum += at(column, row) * (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    }
  }
  return sum;
}

/** Standard normal numbers of one sample, whose number takes the place of the upper half of a block's number. */
function noiseOf(
  { size, counter: [sample, stream, step], seed }: { size: number; counter: [number, number, number]; seed: number },
): number[] {
  const numbers: number[] = [];
  for (let block = 0; numbers.length < size; block++) {
    const words = philox([block, sample, stream, step], seedWords(seed)).map((word) => word >>> 8);
    for (const pair of [0, 2]) {
      const radius = Math.sqrt(-2 * Math.log((words[pair]! + 1) / 2 ** 24));
      const angle = 2 * Math.PI * words[pair + 1]! / 2 ** 24;
      numbers.push(radius * Math.cos(angle), radius * Math.sin(angle));
    }
  }
  return numbers;
}
