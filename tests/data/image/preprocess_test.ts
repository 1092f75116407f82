import assert from "node:assert/strict";
import { ImageDecoder } from "../../../data/image/decode_image.ts";
import { preprocess } from "../../../data/image/preprocess.ts";

const GOLDEN = new URL("../golden/", import.meta.url);
const CASES = [
  "portrait_64",
  "landscape_64",
  "odd_prime_61",
  "colour_420_64",
  "stripes_48",
  "upscaled_64",
  "same_size_28",
  "noise_40",
  "progressive_224",
];

async function read(decoder: ImageDecoder, name: string) {
  const image = await decoder.decode(await Deno.readFile(new URL(name, GOLDEN)));
  return { ...image, samples: image.samples.slice() };
}

/** Mean and largest absolute difference in grey levels. */
function difference(a: Uint8Array, b: ArrayLike<number>): { mean: number; largest: number } {
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    sum += d;
    largest = Math.max(largest, d);
  }
  return { mean: sum / a.length, largest };
}

for (const name of CASES) {
  const size = Number(name.split("_").at(-1));
  Deno.test(`preprocess() gives PIL's own pixels: ${name}`, async () => {
    const decoder = new ImageDecoder();
    const image = await read(decoder, `${name}.jpg`);
    const resized = await read(decoder, `${name}.resized.png`);
    const equalized = await read(decoder, `${name}.png`);
    assert.deepEqual([resized.width, resized.height, equalized.width], [size, size, size]);
    assert.deepEqual(difference(preprocess(image, { size, preprocessing: "plain" }), resized.samples), {
      mean: 0,
      largest: 0,
    });
    assert.deepEqual(difference(preprocess(image, { size, preprocessing: "radiograph" }), equalized.samples), {
      mean: 0,
      largest: 0,
    });
  });
}
