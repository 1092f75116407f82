import assert from "node:assert/strict";
import { pairsOfSplit } from "../../../data/mod.ts";
import { readPng } from "../../../data/image/png/read_png.ts";
import { drawAugmentations } from "../../../eval/runs/augmentation_pictures.ts";
import { batchesInOrder } from "../../../eval/runs/batches_in_order.ts";
import { shownImages } from "../../../eval/runs/pictures.ts";
import { Scope } from "../../../models/mod.ts";
import { augmentImages, compile, Device, input } from "../../../runtime/mod.ts";
import { type RunData, viewsOfRun } from "../../../training/mod.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../../training/small_run.ts";

const AMOUNTS = { shift: 0.1, scale: 0.2, rotate: 20, contrast: 0.3, noise: 0.05 };
const STUDIES = 4;
const SIZE = 28;

async function withData(check: (data: RunData, device: Device) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const data = await smallRunData(folder);
    using device = await Device.open();
    try {
      await check(data, device);
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What training makes of images in a step, in bytes. */
async function augmented(device: Device, images: Float32Array, at: { step: number; view: number }) {
  using program = await compile(device, () => ({
    outputs: {
      changed: augmentImages(input("images", { shape: [STUDIES, SIZE, SIZE, 1] }), {
        ...AMOUNTS,
        stream: Scope.declaring().stream("augmentation"),
        noiseStream: Scope.declaring().stream(`augmentation.noise.${at.view}`),
        view: at.view,
      }),
    },
  }), { name: "expected" });
  program.run({ images }, { step: at.step, seed: 1 });
  const [values] = await program.read("changed") as Float32Array[];
  return Uint8Array.from(values!, (value) => Math.round(value * 255));
}

const bytesOf = (base64: string) => Uint8Array.from(readPng(Uint8Array.fromBase64(base64)).samples);

Deno.test("augmented pictures are those of the first steps of training, below their originals", async () => {
  await withData(async (data, device) => {
    const config = smallRunConfig("mmvm", { training: { augment: AMOUNTS } });
    const views = viewsOfRun(config, data);
    const drawn = await drawAugmentations(device, { config, data, views });
    assert.deepEqual(drawn.map(({ run, view, size, amounts }) => ({ run, view, size, amounts })), [
      { run: "mmvm-small", view: "rotated", size: SIZE, amounts: AMOUNTS },
      { run: "mmvm-small", view: "noisy", size: SIZE, amounts: AMOUNTS },
    ]);
    const pairs = pairsOfSplit(data.index, data.pairs, "test");
    const [first] = await Array.fromAsync(
      batchesInOrder(data, { pairs: { ...pairs, count: STUDIES }, batchSize: STUDIES }),
      ({ pixels }) => pixels.slice(),
    );
    for (const [view, { items }] of drawn.entries()) {
      const own = first!.subarray(view * STUDIES * SIZE ** 2, (view + 1) * STUDIES * SIZE ** 2);
      assert.equal(items.length, STUDIES);
      assert.deepEqual(items.flatMap(({ original }) => [...bytesOf(original)]), [...own]);
      for (let step = 0; step < 3; step++) {
        const wanted = await augmented(device, Float32Array.from(own, (value) => value / 255), { step, view });
        const got = items.flatMap((item) => [...bytesOf(item.augmented[step]!)]);
        assert.deepEqual(got, [...wanted]);
        assert.notDeepEqual(got, [...own]);
      }
    }
    const named = new Set(shownImages({ data, views }));
    for (const image of pairs.images.subarray(0, STUDIES * 2)) {
      assert.ok(named.has(data.index.source.name(image)), "every picture is among those that are checked for patients");
    }
  });
});

Deno.test("absent views have no pictures, and a run without augmentation has none at all", async () => {
  await withData(async (whole, device) => {
    const data = withMissingViews(whole);
    const config = smallRunConfig("mmvm", { training: { augment: AMOUNTS }, missing: true });
    const views = viewsOfRun(config, data);
    const drawn = await drawAugmentations(device, { config, data, views });
    const pairs = pairsOfSplit(data.index, data.pairs, "test");
    assert.deepEqual(
      drawn.map(({ items }) => items.length),
      [0, 1].map((view) =>
        Array.from({ length: STUDIES }, (_, row) => pairs.images[row * 2 + view]!).filter((image) => image >= 0).length
      ),
    );
    assert.ok(drawn.some(({ items }) => items.length < STUDIES));
    const plain = smallRunConfig("mmvm", { missing: true });
    assert.deepEqual(await drawAugmentations(device, { config: plain, data, views }), []);
  });
});
