/**
 * Trains a convolutional classifier of MNIST's digits, which come with the packages, and prints its accuracy.
 *
 *     deno run --allow-env --allow-read --allow-write=cache --allow-sys=systemMemoryInfo,statfs examples/digits.ts
 *
 * @module
 */
import { type Batch, createLoader, openDataset, pairsOfSplit, pairStudies, preparePixels } from "../data/mod.ts";
import { createTrainer, layers } from "../models/mod.ts";
import { adam, crossEntropy, Device, relu, reshape } from "../runtime/mod.ts";

const BATCH = 64;
const CLASSES = 10;
const EPOCHS = Number(Deno.args[0] ?? 3);

const index = await openDataset({ dataset: "mnist-pairs", mnist: { views: ["clean"] } });
const pixels = await preparePixels(index, { cacheDir: "cache", imageSize: 28 });
const pairs = pairStudies(index);
const loaderOf = (split: "train" | "test") =>
  createLoader(pixels, { index, pairs: pairsOfSplit(index, pairs, split), batchSize: BATCH, seed: 1 });

using device = await Device.open();
using trainer = await createTrainer(device, {
  inputs: { image: [BATCH, 28, 28, 1], label: [BATCH, CLASSES] },
  model(scope, { image }) {
    const half = { kernel: 3, stride: 2, padding: 1 };
    const first = relu(layers.conv2d(scope.child("conv1"), image, { ...half, channels: 8 }));
    const second = relu(layers.conv2d(scope.child("conv2"), first, { ...half, channels: 16 }));
    const features = layers.dropout(scope, reshape(second, [image.shape[0]!, -1]), { rate: 0.2 });
    return layers.linear(scope.child("head"), features, { outputs: CLASSES });
  },
  loss: (logits, { label }) => crossEntropy(logits, label),
  optimizer: adam({ learningRate: 2e-3 }),
});

const imagesOf = (batch: Batch) => Float32Array.from(batch.pixels, (byte) => byte / 255);
for await (const batch of loaderOf("train").batches({ untilEpoch: EPOCHS })) {
  trainer.step({ image: imagesOf(batch), label: Float32Array.from(batch.labels) });
}

let [right, total] = [0, 0];
for await (const batch of loaderOf("test").batches({ untilEpoch: 1 })) {
  const logits = await trainer.run({ image: imagesOf(batch) });
  for (let row = 0; row < batch.size; row++, total++) {
    const scores = logits.subarray(row * CLASSES, (row + 1) * CLASSES);
    if (batch.labels[row * CLASSES + scores.indexOf(Math.max(...scores))] === 1) right++;
  }
}
console.log(`${trainer.steps} steps; ${(100 * right / total).toFixed(1)} % of ${total} test digits are right`);
