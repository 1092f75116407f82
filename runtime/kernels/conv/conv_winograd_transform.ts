/**
 * The dispatch behind all transforms of Winograd's convolution.
 *
 * @module
 */
import winogradCode from "../../../shaders/conv/conv_winograd.wgsl" with { type: "text" };
import { DEFAULT_LANES } from "../declarations.ts";
import {
  type Binding,
  type Dispatch,
  gridFor,
  i32,
  reads,
  type Uniform,
  type Uniforms,
  updates,
  vec4fs,
  vec4i,
  writes,
} from "../kernel.ts";
import type { Pair } from "./conv_geometry.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";

/** A small matrix, by rows. */
export type Matrix = readonly (readonly number[])[];

/** Where the elements of patches lie; see conv_winograd.wgsl. Distances are in elements and multiples of 4. */
export interface TransformSide {
  readonly startsY: readonly number[];
  readonly startsX: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly tileStepY: number;
  readonly tileStepX: number;
  readonly stepY: number;
  readonly stepX: number;
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
  /**
   * A chain that follows, and how many inputs of the op come before its own; its results are stored instead, in the
   * op's outputs.
   */
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

const MATRIX_SIZE = 5;

/** The dispatch of a transform. */
export function transform(options: TransformOptions): Dispatch {
  const { matrix, parts, tiles, images, channels, bindings, epilogue } = options;
  const { accumulate = false, texels = false } = options;
  const ending = epilogueParts(epilogue?.chain, { inputs: epilogue?.inputs ?? 0, width: 4, perImage: true });
  const [out, size] = [matrix.length, matrix[0]!.length];
  const items = parts[0] * parts[1] * images * tiles[0] * tiles[1] * (channels / 4);
  const result = accumulate ? updates(bindings.result, "vec4f") : writes(bindings.result, "vec4f");
  return {
    kernel: `conv_winograd/${options.name}${epilogue ? "-fused" : ""}`,
    code: [winogradCode, ending.code].join("\n"),
    values: { ...ending.values, IN: size, OUT: out, ACCUMULATE: accumulate },
    uniforms: {
      ...sideUniforms("input", options.input),
      ...sideUniforms("output", options.output),
      parts_y: parts[0],
      parts_x: parts[1],
      tiles_y: tiles[0],
      tiles_x: tiles[1],
      images,
      channels: channels / 4,
      sizes: size,
      rounds: out,
      has_bias: Number(options.hasBias ?? false),
      first_image: options.firstImage ?? 0,
      matrix: matrixUniform(matrix),
      ...ending.uniforms,
    },
    operands: {
      source: reads(bindings.source, "vec4f", { texels }),
      bias: reads(bindings.bias, "vec4f"),
      ...(epilogue ? ending.operands : { out0: result }),
    },
    grid: gridFor(Math.ceil(items / DEFAULT_LANES)),
    flops: items * 4 * 2 * (size * size * out + size * out * out),
  };
}

/** A side of the transform as uniforms; distances are in vectors there. */
function sideUniforms(name: "input" | "output", side: TransformSide): Uniforms {
  return {
    [`${name}_starts_y`]: vec4i(side.startsY),
    [`${name}_starts_x`]: vec4i(side.startsX),
    [`${name}_height`]: side.height,
    [`${name}_width`]: side.width,
    [`${name}_tile_step_y`]: i32(side.tileStepY),
    [`${name}_tile_step_x`]: i32(side.tileStepX),
    [`${name}_step_y`]: i32(side.stepY),
    [`${name}_step_x`]: i32(side.stepX),
    [`${name}_image`]: side.image / 4,
    [`${name}_tile_y`]: side.tileY / 4,
    [`${name}_tile_x`]: side.tileX / 4,
    [`${name}_row`]: side.row / 4,
    [`${name}_column`]: side.column / 4,
    [`${name}_part_y`]: side.partY / 4,
    [`${name}_part_x`]: side.partX / 4,
    [`${name}_start`]: side.start / 4,
  };
}

function matrixUniform(matrix: Matrix): Uniform {
  const floats = new Array<number>(MATRIX_SIZE * MATRIX_SIZE * 4).fill(0);
  matrix.forEach((row, a) => row.forEach((value, i) => floats[(i * MATRIX_SIZE + a) * 4] = value));
  return vec4fs(floats);
}
