/**
 * The views of a batch as inputs of a program.
 *
 * @module
 */
import { input, type InputData, type Tensor, unpackBytes } from "../runtime/mod.ts";
import { type BatchViews, viewBatch } from "./view_batch.ts";

/** Sizes of a text view. */
export interface TextSizes {
  /** Tokens of a text, padding included. */
  readonly length: number;
  /** Number of different tokens. */
  readonly vocabulary: number;
  /** Filters of the first layer of the view's networks. */
  readonly filterDim: number;
}

/** The text views of a model by name; its other views are images. */
export type TextViews = Readonly<Record<string, TextSizes>>;

/** Shapes of the views of a batch. */
export interface BatchShape {
  /** Names of the views, in the order of their encoders. */
  readonly views: readonly string[];
  /** The views that are texts; the others are images. */
  readonly texts?: TextViews | undefined;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Samples in every batch. */
  readonly batchSize: number;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
}

/** A text view on the GPU. */
export interface TextTensors {
  /** u32 [N, L]. */
  readonly tokens: Tensor;
  /** u32 [N]. */
  readonly lengths: Tensor;
}

/** A view on the GPU: an image [N, S, S, 1] in [0, 1], or a text. */
export type ViewTensors = Tensor | TextTensors;

/** Whether a view is a text. */
export function isText(view: ViewTensors): view is TextTensors {
  return "tokens" in view;
}

/** Numbers of the views that are texts. */
export function textNumbers({ views, texts = {} }: Pick<BatchShape, "views" | "texts">): number[] {
  return views.flatMap((name, m) => texts[name] ? [m] : []);
}

/** Declares the program's inputs, and returns one entry per view. */
export function viewTensors(shape: BatchShape): ViewTensors[] {
  const { views, texts = {}, batchSize } = shape;
  const images = imageTensors(shape, views.filter((name) => !texts[name]).length);
  let [image, text] = [0, 0];
  return views.map((name) => {
    const sizes = texts[name];
    return sizes ? textTensors(text++, { samples: batchSize, length: sizes.length }) : images[image++]!;
  });
}

function imageTensors({ imageSize, batchSize, floatImages }: BatchShape, count: number): Tensor[] {
  const shape = [batchSize, imageSize, imageSize, 1];
  const each = Array.from({ length: count }, (_, m) => m);
  if (count === 0 || floatImages) return each.map((m) => input(`image ${m}`, { shape }));
  const size = batchSize * imageSize * imageSize;
  const pixels = input("pixels", { shape: [Math.ceil(size * count / 4)], dtype: "u32" });
  return each.map((m) => unpackBytes(pixels, { shape, first: m * size }));
}

/** Declares the inputs of the model's text view number `text`. */
export function textTensors(text: number, options: { samples: number; length: number; name?: string }): TextTensors {
  const { samples, length, name = "" } = options;
  return {
    tokens: input(`${name}tokens ${text}`, { shape: [samples, length], dtype: "u32" }),
    lengths: input(`${name}lengths ${text}`, { shape: [samples], dtype: "u32" }),
  };
}

/** The values of the inputs that {@link viewTensors} declares. */
export function viewInputs(views: BatchViews): Record<string, InputData> {
  const { pixels, texts = [] } = viewBatch(views);
  return { ...pixelInputs(pixels), ...Object.assign({}, ...texts.map((text, i) => textInputs(i, text))) };
}

/** The values of the inputs that {@link textTensors} declares. */
export function textInputs(
  text: number,
  { tokens, lengths, name = "" }: { tokens: ArrayLike<number>; lengths: ArrayLike<number>; name?: string },
): Record<string, InputData> {
  return { [`${name}tokens ${text}`]: Uint32Array.from(tokens), [`${name}lengths ${text}`]: Uint32Array.from(lengths) };
}

function pixelInputs(pixels: Uint8Array | readonly Float32Array[]): Record<string, InputData> {
  if (pixels.length === 0) return {};
  if (pixels instanceof Uint8Array) return { pixels: padded(pixels) };
  return Object.fromEntries(pixels.map((image, m) => [`image ${m}`, image]));
}

/** Padded to whole words: WebGPU writes buffers in units of four bytes. */
function padded(pixels: Uint8Array): Uint8Array {
  if (pixels.byteLength % 4 === 0) return pixels;
  const whole = new Uint8Array(Math.ceil(pixels.byteLength / 4) * 4);
  whole.set(pixels);
  return whole;
}
