/**
 * Matrix products, batched, of plain or transposed operands.
 *
 * @module
 */
import type { KernelVariant, Lowering, Target } from "../kernel.ts";
import { blockCost, blockMatmul, matmulBlocks } from "./matmul_blocks.ts";
import { coverMatmul, gpuMatmul } from "./matmul_gpu.ts";
import { defaultDistances, type MatmulOptions } from "./matmul_options.ts";
import { tileShapes, usesTiles } from "./half_products.ts";
import { tileName } from "./tile_cover.ts";
import { blockName, chooseVariant } from "./matmul_tiles.ts";

/** y[z] = a[z] b[z]; inputs a and b, output y [batches, m, n]. */
export function matmul(options: MatmulOptions, target: Target): Lowering {
  const { batches = 1 } = options;
  const { a, b, y } = options.distances ?? defaultDistances(options);
  return chooseVariant("matmul", {
    key: JSON.stringify(options),
    target,
    variants: variants(options, target),
    inputs: [batches * a, batches * b],
    outputs: [batches * y],
  }).lower();
}

/** The names of the variants of `matmul` for this work, the default first. */
export function matmulVariants(options: MatmulOptions, target: Target): string[] {
  return variants(options, target).sort((a, b) => a.cost - b.cost).map(({ name }) => name);
}

function variants(options: MatmulOptions, target: Target): KernelVariant[] {
  if (usesTiles(target)) {
    return tileShapes(target).map((shape) => ({
      name: tileName(shape),
      cost: coverMatmul(options, shape).cost,
      lower: () => gpuMatmul(options, shape),
    }));
  }
  return matmulBlocks(options, target).map((block) => ({
    name: blockName(block),
    cost: blockCost(options, block),
    lower: () => blockMatmul(options, block),
  }));
}
