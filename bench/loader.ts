/**
 * Measures the loader's batches per second at 64 and 224 pixels, and how long a training loop waits for a batch while
 * the worker reads ahead.
 *
 *     deno run --allow-read --allow-write --allow-env bench/loader.ts
 *
 * The published run trains on batches of 32; a step takes at least tens of milliseconds on any GPU, so the loader must
 * deliver about 50 batches per second. Training is simulated by a loop that blocks its thread for STEP ms between
 * batches, like WebGPU's readback.
 *
 * @module
 */
import { createLoader, type Loader, openDataset, pairsOfSplit, pairStudies, preparePixels } from "../data/mod.ts";

const BATCH_SIZE = 32;
const BATCHES = 200;
const STEP = 20;

async function main(): Promise<void> {
  const cacheDir = await Deno.makeTempDir({ prefix: "mmvm-loader-" });
  try {
    const index = await openDataset({
      dataset: "mnist-pairs",
      mnist: { pairs: { train: 2000, validate: 1, test: 1 } },
    });
    for (const imageSize of [64, 224]) {
      const pixels = await preparePixels(index, { cacheDir, imageSize });
      const pairs = pairsOfSplit(index, pairStudies(index), "train");
      const loader = createLoader(pixels, { index, pairs, batchSize: BATCH_SIZE });
      const free = await timeBatches(loader, 0);
      const busy = await timeBatches(loader, STEP);
      const megabytes = 2 * BATCH_SIZE * pixels.bytesPerImage / 2 ** 20;
      console.log(
        `${imageSize} px: ${free.perSecond.toFixed(0)} batches/s of ${megabytes.toFixed(2)} MiB; ` +
          `with a step of ${STEP} ms the loop waits ${busy.waitPerBatch.toFixed(2)} ms per batch`,
      );
    }
  } finally {
    await Deno.remove(cacheDir, { recursive: true });
  }
}

async function timeBatches(loader: Loader, step: number): Promise<{ perSecond: number; waitPerBatch: number }> {
  const batches = loader.batches();
  await batches.next();
  let waited = 0;
  const start = performance.now();
  for (let i = 0; i < BATCHES; i++) {
    const before = performance.now();
    await batches.next();
    const after = performance.now();
    waited += after - before;
    while (performance.now() - after < step);
  }
  const seconds = (performance.now() - start) / 1000;
  await batches.return();
  return { perSecond: BATCHES / seconds, waitPerBatch: waited / BATCHES };
}

if (import.meta.main) await main();
