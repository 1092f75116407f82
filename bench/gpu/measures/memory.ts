/**
 * Memory of the steps: planned, allocated, and what the card says; and the largest buffer that can be had.
 *
 * @module
 */
import { createVaeTrainer } from "../../../models/mod.ts";
import { Device, PRECISIONS } from "../../../runtime/mod.ts";
import { stepWork } from "../../peers/work.ts";
import { DRY_SIZES } from "../exchange.ts";
import { type Measure, nvidiaQuery } from "../measurement.ts";

export const measure: Measure = async ({ dryRun }, report) => {
  const used = async () => (await nvidiaQuery("memory.used"))?.["memory.used"] ?? null;
  report({ usedBefore: await used() });
  const works = dryRun ? ["step"] as const : ["paper64", "paper224"] as const;
  for (const work of works) {
    for (const precision of PRECISIONS) {
      using device = await Device.open();
      if (precision === "f16" && !device.hasHalf) continue;
      const { batchSize, ...sizes } = dryRun ? DRY_SIZES : { batchSize: 32 };
      const config = { ...stepWork(work).config, ...sizes, dropout: 0.5 };
      using trainer = await createVaeTrainer(device, { config, batchSize, seed: 0, precision });
      const size = config.views.length * batchSize * config.imageSize ** 2;
      trainer.step({ pixels: new Uint8Array(size) }, { learningRate: 1e-4, alpha: 1, beta: 1, step: 0 });
      await device.finish();
      report({
        work,
        precision,
        batchSize,
        dispatches: trainer.dispatchCount,
        plannedArenaBytes: trainer.memory.arena,
        allocatedBytes: device.allocatedBytes,
        buffers: device.allocatedBuffers,
        usedByCard: await used(),
      });
    }
  }
  report(await largestBuffer(dryRun));
};

/** The largest power of two that a buffer can have, by trying. */
async function largestBuffer(dryRun: boolean): Promise<Record<string, unknown>> {
  using device = await Device.open();
  const { maxBufferSize, maxStorageBufferBindingSize } = device.gpu.limits;
  let size = dryRun ? 2 ** 20 : 2 ** Math.floor(Math.log2(maxBufferSize));
  for (; size >= 2 ** 20; size /= 2) {
    device.gpu.pushErrorScope("out-of-memory");
    device.gpu.pushErrorScope("validation");
    const buffer = device.gpu.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
    const errors = await Promise.all([device.gpu.popErrorScope(), device.gpu.popErrorScope()]);
    buffer.destroy();
    if (errors.every((error) => error === null)) break;
  }
  return { largestBuffer: size, maxBufferSize, maxStorageBufferBindingSize };
}
