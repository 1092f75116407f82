/**
 * Reads a folder in MIMIC-CXR-JPG's layout: cohort, splits, labels, and batches of pixels. Without an argument it draws
 * a few phantoms in that layout first.
 *
 *     deno run --allow-env --allow-read --allow-write --allow-sys=systemMemoryInfo,statfs examples/read_mimic.ts [DIR]
 *
 * @module
 */
import {
  cohortTable,
  createLoader,
  openDataset,
  pairsOfSplit,
  pairStudies,
  preparePixels,
  summarizeIndex,
} from "../data/mod.ts";
import { writePhantoms } from "../phantoms/mod.ts";

const root = Deno.args[0] ?? (await writePhantoms("cache/example-phantoms", { studies: 40, seed: 1 })).root;

// Tables only: rows that cannot be read, images without a file and studies without labels are counted, not fatal.
const index = await openDataset({ root, uncertain: "ignore" });
const pairs = pairStudies(index);
for (const { step, studies, subjects } of cohortTable(index, pairs)) {
  console.log(`${step}: ${studies} studies of ${subjects} patients`);
}
for (const { reason, count, examples } of index.drops.entries()) {
  console.log(`left out ${count}: ${reason} (${examples[0]})`);
}
console.log("positive studies:", summarizeIndex(index, pairs).labels["Pleural Effusion"]?.positive, "with an effusion");

// Every image is decoded, cropped, resized and equalised once, into a cache that later calls use.
const pixels = await preparePixels(index, { cacheDir: "cache", imageSize: 64 });
const loader = createLoader(pixels, { index, pairs: pairsOfSplit(index, pairs, "train"), batchSize: 8, seed: 1 });
for await (const batch of loader.batches({ untilEpoch: 1 })) {
  const mean = batch.pixels.reduce((sum, byte) => sum + byte, 0) / batch.pixels.length;
  console.log(`a batch of ${batch.size} pairs, ${index.views.join(" and ")}: mean gray value ${mean.toFixed(0)}`);
  break;
}
