import assert from "node:assert/strict";
import { SeededRandom } from "../../../../base/random.ts";
import { ImageDecoder } from "../../../../data/image/decode_image.ts";
import { GrayJpegDecoder } from "../../../../data/image/jpeg/gray/gray_jpeg_decoder.ts";
import { JpegDecoder } from "../../../../data/image/jpeg/jpeg_decoder.ts";
import { type Coefficients, writeGrayJpeg } from "./jpeg_writer.ts";

const GOLDEN = new URL("../../golden/", import.meta.url);
const SIDES: readonly [number, number][] = [[1, 1], [7, 9], [8, 8], [15, 3], [16, 24], [33, 65], [100, 17]];
const read = (name: string) => Deno.readFile(new URL(name, GOLDEN));

/** Blocks of which the coefficients become rarer, up to `largest`, with runs of zeros of every length. */
function coefficients(
  [width, height]: readonly [number, number],
  { largest, step, seed }: { largest: number; step: number; seed: number },
): Coefficients {
  const random = new SeededRandom("coefficients", seed);
  const value = () => Math.round((2 * random.uniform() - 1) * largest ** random.uniform());
  const share = random.uniform();
  const blocks = Array.from(
    { length: Math.ceil(width / 8) * Math.ceil(height / 8) },
    () => Array.from({ length: 64 }, (_, k) => (k === 0 || random.uniform() < share / (1 + k / 8) ? value() : 0)),
  );
  return { width, height, blocks, quantiser: Array.from({ length: 64 }, () => 1 + random.below(step)) };
}

/** libjpeg-turbo's pixels. It gets a file that the kernels do not take, because of a fill byte before a marker. */
async function decodeByLibrary(file: Uint8Array): Promise<Uint8Array> {
  const filled = Uint8Array.of(0xff, 0xd8, 0xff, ...file.subarray(2));
  assert.equal(new GrayJpegDecoder().decode(filled), undefined);
  return Uint8Array.from((await new JpegDecoder().decode(filled)).samples);
}

for (
  const [what, options] of [
    ["small coefficients", { largest: 30, step: 8 }],
    ["coefficients far beyond what encoders write", { largest: 1023, step: 255 }],
    ["a quantiser of 16 bits", { largest: 5, step: 3000 }],
  ] as const
) {
  Deno.test(`gray JPEGs with ${what} decode to libjpeg-turbo's pixels, at any size`, async () => {
    const decoder = new GrayJpegDecoder();
    for (const [seed, sides] of SIDES.entries()) {
      const file = writeGrayJpeg(coefficients(sides, { ...options, seed }));
      const image = decoder.decode(file)!;
      assert.deepEqual([image.width, image.height], sides);
      assert.deepEqual(Uint8Array.from(image.samples), await decodeByLibrary(file));
    }
  });
}

Deno.test("gray JPEGs with restart markers decode to libjpeg-turbo's pixels, wherever the markers are", async () => {
  const decoder = new GrayJpegDecoder();
  for (const restartInterval of [1, 2, 3, 5, 7, 44, 45, 46, 1000]) {
    const plain = coefficients([70, 38], { largest: 60, step: 16, seed: restartInterval });
    const file = writeGrayJpeg({ ...plain, restartInterval });
    assert.deepEqual(Uint8Array.from(decoder.decode(file)!.samples), await decodeByLibrary(file));
  }
});

Deno.test("one decoder decodes images of any order of sizes, damaged ones between them", () => {
  const decoder = new GrayJpegDecoder();
  const files = SIDES.map((sides, seed) => writeGrayJpeg(coefficients(sides, { largest: 40, step: 9, seed })));
  const alone = files.map((file) => Uint8Array.from(new GrayJpegDecoder().decode(file)!.samples));
  for (let i = 0; i < 3 * files.length; i++) {
    const at = i * 5 % files.length;
    if (i % 2 === 0) decoder.decode(files[at]!.with(files[at]!.length - 6, 0xff));
    assert.deepEqual(Uint8Array.from(decoder.decode(files[at]!)!.samples), alone[at]);
  }
});

for (const restartInterval of [0, 4]) {
  Deno.test(`damaged gray JPEGs decode if libjpeg-turbo decodes them, interval ${restartInterval}`, async () => {
    const random = new SeededRandom("damage", restartInterval);
    const decoder = new GrayJpegDecoder();
    const file = writeGrayJpeg({ ...coefficients([40, 40], { largest: 50, step: 20, seed: 3 }), restartInterval });
    let taken = 0;
    for (let i = 0; i < 400; i++) {
      const cut = i % 4 === 0 ? 2 + random.below(file.length - 2) : file.length;
      const damaged = file.slice(0, cut);
      if (i % 4 > 0) damaged[2 + random.below(cut - 2)] = random.below(256);
      const image = decoder.decode(damaged);
      if (image === undefined) continue;
      taken++;
      assert.deepEqual(Uint8Array.from(image.samples), await decodeByLibrary(damaged), `mutation ${i}`);
    }
    assert.ok(taken > 20 && taken < 300, `${taken} of 400`);
  });
}

Deno.test("JPEGs of other kinds are left to libjpeg-turbo", async () => {
  const decoder = new GrayJpegDecoder();
  assert.equal(decoder.decode(await read("progressive_224.jpg")), undefined);
  assert.equal(decoder.decode(await read("colour_420_64.jpg")), undefined);
  const file = await read("same_size_28.jpg");
  assert.ok(decoder.decode(file));
  const frame = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xc0);
  const change = (offset: number, byte: number) => decoder.decode(file.with(frame + offset, byte));
  assert.equal(change(1, 0xc9), undefined, "arithmetic-coded");
  assert.equal(change(4, 12), undefined, "12 bits");
  assert.equal(change(9, 4), undefined, "CMYK");
  assert.equal(change(11, 0x22), undefined, "another sampling");
  assert.equal(decoder.decode(file.subarray(0, -2)), undefined, "truncated");
  assert.equal(decoder.decode(new Uint8Array(0)), undefined);
});

for (const reduction of [2, 4, 8] as const) {
  Deno.test(`scaled decoding by ${reduction} gives libjpeg's pixels`, async () => {
    const golden = await new ImageDecoder().decode(await read(`odd_prime_61.reduced${reduction}.png`));
    const { reduced, ...image } = new GrayJpegDecoder().decode(await read("odd_prime_61.jpg"), reduction)!;
    assert.deepEqual(reduced, { by: reduction, width: 307, height: 401 });
    assert.deepEqual({ ...image, samples: Uint8Array.from(image.samples) }, {
      ...golden,
      samples: Uint8Array.from(golden.samples),
    });
  });

  Deno.test(`scaled decoding by ${reduction} gives the means of squares of pixels, at any size`, () => {
    const [decoder, whole] = [new GrayJpegDecoder(), new GrayJpegDecoder()];
    for (const [seed, sides] of SIDES.entries()) {
      // Too small to leave the range of a byte, where means of limited pixels would differ.
      const file = writeGrayJpeg(coefficients(sides, { largest: 6, step: 3, seed }));
      const { width, height, samples } = decoder.decode(file, reduction)!;
      assert.deepEqual([width, height], sides.map((side) => Math.ceil(side / reduction)));
      const exact = whole.decode(file)!.samples;
      for (let y = 0; y < Math.floor(sides[1] / reduction); y++) {
        for (let x = 0; x < Math.floor(sides[0] / reduction); x++) {
          let mean = 0;
          for (let i = 0; i < reduction ** 2; i++) {
            mean += exact[(y * reduction + Math.floor(i / reduction)) * sides[0] + x * reduction + i % reduction]!;
          }
          const error = Math.abs(mean / reduction ** 2 - samples[y * width + x]!);
          assert.ok(error <= 1, `(${x}, ${y}) of ${sides} is ${error} off`);
        }
      }
    }
  });
}

Deno.test("ImageDecoder reduces JPEGs as far as the size wanted allows, and no other files", async () => {
  for (const [reduceTo, by] of [[38, 8], [39, 4], [76, 4], [77, 2], [153, 2], [154, 1], [500, 1]] as const) {
    const image = await new ImageDecoder({ reduceTo }).decode(await read("odd_prime_61.jpg"));
    assert.equal(image.reduced?.by ?? 1, by);
    assert.equal(image.width, Math.ceil(307 / by));
  }
  for (const name of ["progressive_224.jpg", "odd_prime_61.png"]) {
    const [plain, reducing] = [new ImageDecoder(), new ImageDecoder({ reduceTo: 4 })];
    assert.deepEqual(await reducing.decode(await read(name)), await plain.decode(await read(name)));
  }
});
