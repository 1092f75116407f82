/**
 * Lowering of the augmentation of images.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import augmentCode from "../../../shaders/augment/augment.wgsl" with { type: "text" };
import drawCode from "../../../shaders/augment/augment_draw.wgsl" with { type: "text" };
import distributionsCode from "../../../shaders/random/distributions.wgsl" with { type: "text" };
import philoxCode from "../../../shaders/random/philox.wgsl" with { type: "text" };
import { f32, floats, gridFor, type Lowering, reads, writes } from "../kernel.ts";

/** How far images are changed: each amount is the end of a range that is drawn from uniformly. 0 changes nothing. */
export interface AugmentAmounts {
  /** Largest shift along each axis, as a fraction of the side. */
  readonly shift: number;
  /** The scale is in 1 - scale to 1 + scale. */
  readonly scale: number;
  /** Largest rotation in degrees, in either direction. */
  readonly rotate: number;
  /** Largest fraction of each side that a crop leaves out; the rest is enlarged to the whole picture. */
  readonly crop: number;
  /** Probability of a horizontal flip. */
  readonly flip: number;
  /** The factor of the contrast, about the value 1/2, is in 1 - contrast to 1 + contrast. */
  readonly contrast: number;
  /** Largest change of all values of an image. */
  readonly brightness: number;
  /** Largest standard deviation of the Gaussian noise. */
  readonly noise: number;
}

/** Where the random numbers of an augmentation come from; see `shaders/augment/augment_draw.wgsl`. */
export interface AugmentKeys {
  /** Stream of what is drawn for images. */
  readonly stream: number;
  /** Stream of the noise, different for each view. */
  readonly noiseStream: number;
  /** Number of the view among those of a study. */
  readonly view: number;
  /** Number of the first sample, added to that of the part. */
  readonly first: number;
}

/** Sizes of images [samples, height, width, channels]. */
export interface ImageSizes {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Elements of the table of what is drawn for each sample. */
const DRAWN = 12;

/**
 * Draws a change for each image and applies it: inputs x f32 [samples, height, width, channels] and the random
 * counters u32 [4]; output as x.
 */
export function lowerAugment(
  options: ImageSizes & AugmentKeys & { amounts: AugmentAmounts },
): Lowering {
  const { samples, height, width, channels, stream, noiseStream, view, first, amounts } = options;
  const { noise, ...drawn } = amounts;
  const size = height * width * channels;
  const vector = size % 4 === 0;
  const random = [philoxCode, distributionsCode];
  return {
    scratch: [DRAWN * samples],
    dispatches: [{
      kernel: "augment/draw",
      code: [...random, drawCode].join("\n"),
      uniforms: {
        samples,
        first,
        stream,
        view,
        width,
        height,
        noise: f32(noise),
        ...Object.fromEntries(Object.entries(drawn).map(([name, amount]) => [name, f32(amount)])),
      },
      operands: { state: reads({ input: 1 }, "u32"), table: writes({ scratch: 0 }, "vec4f") },
      grid: gridFor(Math.ceil(samples / DEFAULT_LANES)),
    }, {
      kernel: `augment/${noise > 0 ? "noisy" : "plain"}-${vector ? "x4" : "x1"}`,
      code: [...(noise > 0 ? random : []), augmentCode].join("\n"),
      values: { NOISE: noise > 0, VECTOR: vector },
      uniforms: { samples, height, width, channels, ...(noise > 0 ? { first, noise_stream: noiseStream } : {}) },
      operands: {
        ...(noise > 0 ? { state: reads({ input: 1 }, "u32") } : {}),
        x: reads({ input: 0 }, "f32"),
        table: reads({ scratch: 0 }, "vec4f"),
        out: writes({ output: 0 }, floats(vector ? 4 : 1)),
      },
      grid: gridFor(Math.ceil(samples * Math.ceil(size / 4) / DEFAULT_LANES)),
      bytes: 8 * samples * size,
    }],
  };
}
