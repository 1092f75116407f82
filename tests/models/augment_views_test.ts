/**
 * Augmentation in the trainers.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  createClassifierTrainer,
  createParallelTrainer,
  createVaeTrainer,
  Scope,
  TrainableVae,
  type VaeTrainerOptions,
} from "../../models/mod.ts";
import { augmentImages, compile, Device, input } from "../../runtime/mod.ts";
import { LATENT, SIZE, smallBatch, smallConfig } from "./small_vae.ts";

const SAMPLES = 4;
const SEED = 11;
const AMOUNTS = { shift: 0.1, scale: 0.2, rotate: 20, crop: 0.1, contrast: 0.2, brightness: 0.1, noise: 0.05 };
const OPTIONS: VaeTrainerOptions = {
  config: smallConfig("mmvm"),
  batchSize: SAMPLES,
  seed: SEED,
  floatImages: true,
  givenNoise: true,
};
const settings = (step: number) => ({ step, learningRate: 1e-3, alpha: 0.3, beta: 0.7 });

/** The pictures that a step sees, made by the op alone. */
async function augmented(device: Device, pixels: readonly Float32Array[], step: number): Promise<Float32Array[]> {
  using program = await compile(device, () => ({
    outputs: Object.fromEntries(pixels.map((_, m) => [
      `view ${m}`,
      augmentImages(input(`image ${m}`, { shape: [SAMPLES, SIZE, SIZE, 1] }), {
        ...AMOUNTS,
        stream: Scope.declaring().stream("augmentation"),
        noiseStream: Scope.declaring().stream(`augmentation.noise.${m}`),
        view: m,
      }),
    ])),
  }), { name: "augmentation" });
  program.run(Object.fromEntries(pixels.map((image, m) => [`image ${m}`, image])), { step, seed: SEED });
  return await program.read(...pixels.map((_, m) => `view ${m}`)) as Float32Array[];
}

async function lossOf(
  device: Device,
  options: Partial<VaeTrainerOptions>,
  batch: { pixels: readonly Float32Array[]; noise: Float32Array },
): Promise<number> {
  using trainer = await createVaeTrainer(device, { ...OPTIONS, ...options });
  trainer.step(batch, settings(3));
  return (await trainer.readMetrics())[0]!.values.loss!;
}

const within = (got: number, want: number) =>
  assert.ok(Math.abs(got - want) <= 1e-5 * Math.abs(want), `${got} for ${want}`);

Deno.test("a VAE encodes and reconstructs the augmented images of the step", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
  const loss = await lossOf(device, { augment: AMOUNTS }, { pixels, noise });
  within(loss, await lossOf(device, {}, { pixels: await augmented(device, pixels, 3), noise }));
  assert.ok(Math.abs(loss - await lossOf(device, {}, { pixels, noise })) > 1e-3 * loss);
});

Deno.test("micro-batches are augmented as they are within the whole batch", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
  const parts = { batchSize: SAMPLES / 2, accumulate: 2 };
  const got = await lossOf(device, { ...parts, augment: AMOUNTS }, { pixels, noise });
  within(got, await lossOf(device, parts, { pixels: await augmented(device, pixels, 3), noise }));
});

Deno.test("a rank's part of a batch is augmented as it is within the whole batch", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  const { noise } = smallBatch({ views: 2, samples: SAMPLES / 2 });
  const ranks = { rank: 1, size: 2, sum: () => Promise.resolve() };
  const loss = async (images: readonly Float32Array[], augment?: typeof AMOUNTS) => {
    const options = { ...OPTIONS, batchSize: SAMPLES / 2, part: { index: 1, of: 2 }, augment };
    using trainer = await createParallelTrainer(device, { ...options, model: new TrainableVae(options), ranks });
    await trainer.step({ pixels: images.map((image) => image.subarray(image.length / 2)), noise }, settings(3));
    return (await trainer.readMetrics())[0]!.values.loss!;
  };
  within(await loss(pixels, AMOUNTS), await loss(await augmented(device, pixels, 3)));
});

Deno.test("a supervised classifier is trained on augmented images", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  const { likelihood: _, ...model } = smallConfig("supervised");
  const loss = async (images: Float32Array[], augment?: typeof AMOUNTS) => {
    const config = { ...model, labels: 2 };
    const options = { config, batchSize: SAMPLES, seed: SEED, floatImages: true, augment };
    using trainer = await createClassifierTrainer(device, options);
    trainer.step({ pixels: images, labels: Int8Array.of(0, 1, 1, 0, 0, 0, 1, 1) }, settings(3));
    return (await trainer.readMetrics())[0]!.values.loss!;
  };
  within(await loss(pixels, AMOUNTS), await loss(await augmented(device, pixels, 3)));
});

Deno.test("without amounts, or with amounts of 0, training has the bits of training without augmentation", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
  const plain = await lossOf(device, {}, { pixels, noise });
  for (const augment of [undefined, {}, { flip: 0, rotate: 0 }]) {
    assert.equal(await lossOf(device, { augment }, { pixels, noise }), plain);
  }
});

Deno.test("training restored after a step goes on bit for bit with augmentation", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  const create = () => createVaeTrainer(device, { ...OPTIONS, givenNoise: false, augment: { ...AMOUNTS, flip: 0.5 } });
  using through = await create();
  using before = await create();
  using after = await create();
  for (const step of [0, 1, 2, 3]) through.step({ pixels }, settings(step));
  for (const step of [0, 1]) before.step({ pixels }, settings(step));
  after.write(await before.read());
  for (const step of [2, 3]) after.step({ pixels }, settings(step));
  assert.deepEqual((await after.readMetrics()).slice(-2), (await through.readMetrics()).slice(-2));
  assert.deepEqual(await after.read(), await through.read());
});

Deno.test("augmentImages() refuses amounts out of range and what is no batch of images", () => {
  const images = input("images", { shape: [2, SIZE, SIZE, 1] });
  const keys = { stream: 1, noiseStream: 2 };
  assert.throws(() => augmentImages(images, { ...keys, flip: 1.5 }), /needs flip from 0 to 1, got 1\.5/);
  assert.throws(() => augmentImages(images, { ...keys, rotate: -7 }), /needs rotate from 0 to 180, got -7/);
  assert.throws(() => augmentImages(images, { ...keys, noise: NaN }), /needs noise from 0 to 1, got NaN/);
  assert.throws(() => augmentImages(images, { ...keys, first: -1, flip: 1 }), /whole numbers from 0/);
  const latents = input("latents", { shape: [2, LATENT] });
  assert.throws(
    () => augmentImages(latents, { ...keys, flip: 1 }),
    /needs images \[samples, height, width, channels\]/,
  );
});
