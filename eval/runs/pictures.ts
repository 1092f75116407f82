/**
 * Pictures for the report: test pairs, their reconstructions, and each view translated into each other.
 *
 * @module
 */
import { createLoader, pairsOfSplit } from "../../data/mod.ts";
import type { VaeTrainer } from "../../models/mod.ts";
import type { Pictures } from "../results_schema.ts";
import { encodePng } from "./encode_png.ts";
import type { RunData } from "./run_data.ts";

/** Pairs that are shown. */
const SHOWN = 8;

/** Draws the first test pairs; the caller makes sure that no picture shows a patient. */
export async function drawPictures(trainer: VaeTrainer, options: { run: string; data: RunData }): Promise<Pictures[]> {
  const { run, data } = options;
  const { index, pixels } = data;
  const { batchSize } = trainer.options;
  const size = pixels.imageSize;
  const pairs = pairsOfSplit(index, data.pairs, "test");
  const loader = createLoader(pixels, { index, pairs, batchSize, shuffle: false, partial: "pad" });
  for await (const batch of loader.batches({ untilEpoch: 1 })) {
    const originals = batch.pixels.slice();
    const shown = Math.min(SHOWN, batch.size);
    const decoded = await trainer.decode(originals);
    const original = (view: number, row: number) => {
      const start = (view * batchSize + row) * size * size;
      return toPng(originals.subarray(start, start + size * size), size);
    };
    const output = (values: Float32Array, row: number) => {
      const image = values.subarray(row * size * size, (row + 1) * size * size);
      return toPng(Uint8Array.from(image, (value) => Math.min(255, Math.max(0, Math.round(value * 255)))), size);
    };
    return await Promise.all(
      index.views.flatMap((from, m) =>
        index.views.map(async (to, k): Promise<Pictures> => ({
          run,
          kind: m === k ? "reconstruction" : "translation",
          from,
          to,
          size,
          items: await Promise.all(Array.from({ length: shown }, async (_, row) => ({
            input: await original(m, row),
            target: await original(k, row),
            output: await output(decoded[m]![k]!, row),
          }))),
        }))
      ),
    );
  }
  return [];
}

async function toPng(pixels: Uint8Array, size: number): Promise<string> {
  const file = await encodePng(pixels, { width: size, height: size });
  return btoa(String.fromCharCode(...file));
}
