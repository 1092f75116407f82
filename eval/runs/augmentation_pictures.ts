/**
 * Examples for the report of what augmentation does to a run's images.
 *
 * @module
 */
import type { PairTable } from "../../data/mod.ts";
import { augmentView, Scope } from "../../models/mod.ts";
import { compile, type Device, input, unpackBytes } from "../../runtime/mod.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import type { AugmentedPictures } from "../results/augmentation_record.ts";
import { batchesInOrder } from "./batches_in_order.ts";
import { encodePng } from "./encode_png.ts";
import { toBytes } from "./picture_grid.ts";
import { shownPairs } from "./pictures.ts";

/** Number of studies shown: at most as many as `shownImages()` names. */
const STUDIES = 4;

/** Number of augmented versions of each picture. */
const VERSIONS = 3;

/**
 * Augments the first pictures that the report shows by the op, the amounts, the seed and the streams of training, once
 * as in each of its first steps. The caller must ensure that no picture shows a patient.
 *
 * @returns One entry per view of images; none for a run without augmentation.
 */
export async function drawAugmentations(
  device: Device,
  { config, data, views }: { config: RunConfig; data: RunData; views: RunViews },
): Promise<AugmentedPictures[]> {
  const { augment, seed } = config.training;
  const pairs = shownPairs({ data, views });
  const images = views.names.flatMap((_, m) => views.texts.includes(m) ? [] : [m]);
  if (augment === undefined || pairs === undefined || images.length === 0) return [];
  const { pixels, present, count } = await firstPairs(data, pairs);
  const { imageSize: size } = data.pixels;
  const length = STUDIES * size ** 2;
  using program = await compile(device, () => {
    const bytes = input("pixels", { shape: [images.length * length / 4], dtype: "u32" });
    return {
      outputs: Object.fromEntries(images.map((view, i) => [
        `view ${view}`,
        augmentView(unpackBytes(bytes, { shape: [STUDIES, size, size, 1], first: i * length }), {
          augment,
          scope: Scope.declaring(),
          view,
        }),
      ])),
    };
  }, { name: "augmentation" });
  const versions: Float32Array[][] = [];
  for (let step = 0; step < VERSIONS; step++) {
    program.run({ pixels }, { step, seed });
    versions.push(await program.read(...images.map((view) => `view ${view}`)) as Float32Array[]);
  }
  const png = async (values: Uint8Array) => (await encodePng(values, { width: size, height: size })).toBase64();
  const pictureOf = (values: Float32Array, row: number) =>
    toBytes(values.subarray(row * size ** 2, (row + 1) * size ** 2));
  return await Promise.all(images.map(async (view, i): Promise<AugmentedPictures> => ({
    run: config.name,
    view: views.names[view]!,
    size,
    amounts: { ...augment },
    items: await Promise.all(
      Array.from({ length: count }, (_, row) => row)
        .filter((row) => present[view * STUDIES + row] === 1)
        .map(async (row) => ({
          original: await png(pixels.slice(i * length + row * size ** 2, i * length + (row + 1) * size ** 2)),
          augmented: await Promise.all(versions.map((each) => png(pictureOf(each[i]!, row)))),
        })),
    ),
  })));
}

/** The images of the first pairs, padded to the number of studies. */
async function firstPairs(data: RunData, pairs: PairTable) {
  for await (const batch of batchesInOrder(data, { pairs, batchSize: STUDIES, texts: data.texts })) {
    return { pixels: batch.pixels.slice(), present: batch.present.slice(), count: batch.size };
  }
  throw new Error("the loader returned no batch although there are pairs");
}
