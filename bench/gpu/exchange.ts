/**
 * The data that all contestants of `deno task bench gpu` start from.
 *
 * @module
 */
import { join } from "node:path";
import { writeExchange } from "../peers/exchange.ts";
import { matmulExchange, stepExchange, type StepName, type StepSizes, stepWork } from "../peers/work.ts";
import type { MeasureOptions } from "./measurement.ts";

/** The authors' batch size at 224 pixels, and that of the static model. */
const BATCHES: Partial<Record<StepName, number>> = { paper224: 32 };
/** Sizes of a dry run, of the plain network whatever the work. */
export const DRY_SIZES = { batchSize: 2, imageSize: 16, filterDim: 1, latentDim: 2 } as const satisfies StepSizes;

/** Writes the exchange of a step. Every process writes its own: they do not run at the same time. */
export async function exchangeOf(
  work: StepName,
  { out, dryRun }: MeasureOptions,
): Promise<{ name: StepName; folder: string; batchSize: number }> {
  const folder = join(out, "exchange");
  const name = dryRun ? "step" : work;
  const batchSize = dryRun ? DRY_SIZES.batchSize : BATCHES[work] ?? stepWork(work).batchSize;
  await writeExchange(folder, { name, exchange: stepExchange(name, dryRun ? DRY_SIZES : { batchSize }) });
  return { name, folder, batchSize };
}

/** Writes the exchange of a product of matrices; its name says 1024 in a dry run, too. */
export async function productOf({ out, dryRun }: MeasureOptions): Promise<{ folder: string; flops: number }> {
  const folder = join(out, "exchange");
  const size = dryRun ? 64 : 1024;
  await writeExchange(folder, { name: "matmul1024", exchange: matmulExchange(size) });
  return { folder, flops: 2 * size ** 3 };
}
