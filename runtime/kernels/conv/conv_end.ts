/**
 * How a convolution's kernels on a GPU end: bias, a chain of pointwise ops, and column sums of what they store.
 *
 * @module
 */
import { floats, reads } from "../kernel.ts";
import type { ColumnSumsRequest } from "../norm/column_sums.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { widthOf } from "../matmul/matmul_tiles.ts";
import { biasOf, type ConvOptions } from "./conv_geometry.ts";

/** What a convolution's kernel does with its results. */
export interface ConvEnd {
  /** A chain that is applied to them. */
  readonly epilogue?: Epilogue | undefined;
  /** Column sums to compute of one of the chain's results. */
  readonly sums?: ColumnSumsRequest | undefined;
}

/** What a kernel needs that ends a convolution: bias and epilogue. */
export function convEnd(options: ConvOptions, { epilogue, sums }: ConvEnd) {
  const { cout, bias = false } = options;
  const width = widthOf(cout);
  const site = { inputs: bias ? 3 : 2, width, returned: sums?.output ?? 0, stores: !sums?.only };
  const { code, values, uniforms, operands } = epilogueParts(epilogue, site);
  return {
    code,
    values,
    uniforms: { has_bias: Number(bias), ...uniforms },
    operands: { bias: reads(biasOf(options), floats(width)), ...operands },
  };
}

/** What a kernel's name says of its end. */
export function endName({ epilogue, sums }: ConvEnd): string {
  return `${epilogue ? "-fused" : ""}${sums ? "-sums" : ""}`;
}
