/**
 * The dispatch behind all transforms of Winograd's convolution.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import winogradCode from "../../../shaders/conv/conv_winograd.wgsl" with { type: "text" };
import texelsCode from "../../../shaders/shared/texels.wgsl" with { type: "text" };
import { type Binding, type Dispatch, gridFor } from "../kernel.ts";
import type { Pair } from "./conv_geometry.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { fillTemplate } from "../template.ts";

/** A small matrix, by rows. */
export type Matrix = readonly (readonly number[])[];

/** Where the elements of patches lie; see conv_winograd.wgsl. Distances are in elements and multiples of 4. */
export interface TransformSide {
  readonly originsY: readonly number[];
  readonly originsX: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly tilePaceY: number;
  readonly tilePaceX: number;
  readonly paceY: number;
  readonly paceX: number;
  readonly image: number;
  readonly tileY: number;
  readonly tileX: number;
  readonly row: number;
  readonly column: number;
  readonly partY: number;
  readonly partX: number;
  readonly start: number;
}

/** A transform: result[a, b] = sum over i, j of matrix[a, i] matrix[b, j] source[i, j]. */
export interface TransformOptions {
  readonly name: string;
  readonly matrix: Matrix;
  readonly input: TransformSide;
  readonly output: TransformSide;
  readonly parts: Pair;
  readonly tiles: Pair;
  readonly images: number;
  readonly channels: number;
  readonly bindings: { readonly source: Binding; readonly bias: Binding; readonly result: Binding };
  /** A chain that follows, and how many inputs of the op come before its own; its results are stored instead, in the op's outputs. */
  readonly epilogue?: { readonly chain: Epilogue; readonly inputs: number } | undefined;
  /** The first of the images, for the epilogue. */
  readonly firstImage?: number;
  /** Adds bias [channels] to each element. */
  readonly hasBias?: boolean;
  /** Adds to what is there. */
  readonly accumulate?: boolean;
  /** Reads the source as texels. */
  readonly texels?: boolean;
}

const LANES = 64;
/** Place of source_first among the uniforms. */
const SOURCE_FIRST = 58;
const MATRIX_SIZE = 5;
const ORIGINS = 4;

/** The dispatch of a transform. */
export function transform(options: TransformOptions): Dispatch {
  const { matrix, parts, tiles, images, channels, bindings, accumulate = false, texels = false } = options;
  const { epilogue } = options;
  const ending = epilogueParts(epilogue?.chain, {
    bound: texels ? 1 : 2,
    inputs: epilogue?.inputs ?? 0,
    width: 4,
    perImage: true,
  });
  const [out, size] = [matrix.length, matrix[0]!.length];
  const items = parts[0] * parts[1] * images * tiles[0] * tiles[1] * (channels / 4);
  return legacy({
    kernel: `conv_winograd/${options.name}${epilogue ? "-fused" : ""}`,
    code: fillTemplate(texels ? winogradCode + texelsCode : winogradCode, {
      TEXELS: texels,
      IN: size,
      OUT: out,
      LANES,
      ACCUMULATE: accumulate,
      ...ending.values,
      TEXELS_AT: ending.values.PARAMS + 1,
    }),
    uniforms: ending.uniforms([
      ...sideWords(options.input),
      ...sideWords(options.output),
      ...[...parts, ...tiles, images, channels / 4, size, out, Number(options.hasBias ?? false)],
      ...[options.firstImage ?? 0, 0, 0],
      ...matrixWords(matrix),
    ]),
    bindings: [
      ...(texels ? [] : [bindings.source]),
      bindings.bias,
      ...(epilogue ? ending.bindings : [bindings.result]),
    ],
    ...(texels ? { texels: [bindings.source], texelWords: [SOURCE_FIRST] } : {}),
    grid: gridFor(Math.ceil(items / LANES)),
    flops: items * 4 * 2 * (size * size * out + size * out * out),
  });
}

function sideWords(side: TransformSide): number[] {
  const origins = (values: readonly number[]) => Array.from({ length: ORIGINS }, (_, i) => values[i] ?? 0);
  const { image, tileY, tileX, row, column, partY, partX, start } = side;
  return [
    ...origins(side.originsY),
    ...origins(side.originsX),
    ...[side.height, side.width, side.tilePaceY, side.tilePaceX, side.paceY, side.paceX],
    ...[image, tileY, tileX, row, column, partY, partX, start].map((distance) => distance / 4),
    ...[0, 0],
  ].map((value) => value >>> 0);
}

function matrixWords(matrix: Matrix): number[] {
  const floats = new Float32Array(MATRIX_SIZE * MATRIX_SIZE * 4);
  matrix.forEach((row, a) => row.forEach((value, i) => floats[(i * MATRIX_SIZE + a) * 4] = value));
  return [...new Uint32Array(floats.buffer)];
}
