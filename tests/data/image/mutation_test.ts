import { concatBytes } from "../../../base/bytes.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { ImageDecoder } from "../../../data/image/decode_image.ts";
import { ImageError } from "../../../data/image/image_error.ts";
import { preprocess } from "../../../data/image/preprocess.ts";
import { DataError, openDataset, pairStudies, summarizeIndex } from "../../../data/mod.ts";
import { SeededRandom } from "../../../base/random.ts";
import { goldenDicom } from "./dicom/golden_dicom.ts";
import { inTempDir, plainImages, writeMimic } from "../fixture.ts";

const MUTATIONS = 500;

/** Changes a few bytes, truncates, duplicates or removes a section, or inserts noise. */
function mutate(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length);
  const length = 1 + random.below(Math.min(64, bytes.length - at));
  const noise = Uint8Array.from({ length }, () => random.below(256));
  const parts = [
    () => [bytes.subarray(0, at), noise, bytes.subarray(at + length)],
    () => [bytes.subarray(0, at)],
    () => [bytes.subarray(0, at + length), bytes.subarray(at)],
    () => [bytes.subarray(0, at), bytes.subarray(at + length)],
    () => [bytes.subarray(0, at), noise, bytes.subarray(at)],
    () => [bytes.subarray(0, at), Uint8Array.of(bytes[at]! ^ (1 << random.below(8))), bytes.subarray(at + 1)],
  ][random.below(6)]!();
  return concatBytes(parts);
}

const IMAGES = [
  "same_size_28.jpg",
  "progressive_224.jpg",
  "colour_420_64.jpg",
  "formats.png",
  "formats.tiff",
  "formats.bmp",
  "u12_deflated.dcm",
  "u12_rle.dcm",
  "u8_baseline.dcm",
  "u12_extended_60.dcm",
  "s12_lossless_sv4.dcm",
  "u12_jpegls_near.dcm",
  "u12_jpeg2000.dcm",
  "u12_table.dcm",
];
const dicom = goldenDicom();

for (const name of IMAGES) {
  Deno.test(`${MUTATIONS} mutations of ${name} are decoded or refused without a crash or a hang`, async () => {
    const whole = dicom.get(name) ?? await Deno.readFile(new URL(`../golden/${name}`, import.meta.url));
    const decoder = new ImageDecoder({ maxPixels: 4_000_000, window: { kind: "file", number: 1 } });
    const random = new SeededRandom("mutations", name);
    let refused = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      try {
        const image = await decoder.decode(mutate(whole, random));
        assert.equal(preprocess(image, { size: 16, preprocessing: "radiograph" }).length, 256);
      } catch (error) {
        assert.ok(error instanceof ImageError, `mutation ${i}: ${error}`);
        refused++;
      }
    }
    assert.ok(refused > MUTATIONS / 10, `${refused} refused`);
    const image = await decoder.decode(whole);
    assert.ok(image.samples.some((pixel: number) => pixel > 0), "the whole file is decoded afterwards");
  });
}

for (const table of ["metadata", "split", "chexpert"]) {
  Deno.test(`${MUTATIONS} mutations of the ${table} table are read or refused with a place; counts add up`, () =>
    inTempDir(async (root) => {
      const images = plainImages(6);
      writeMimic(root, { images });
      const file = join(root, `mimic-cxr-2.0.0-${table}.csv.gz`);
      const whole = gunzipSync(await Deno.readFile(file));
      const random = new SeededRandom("mutations", table);
      let read = 0;
      for (let i = 0; i < MUTATIONS; i++) {
        // One in ten damages the compressed data instead.
        await Deno.writeFile(file, i % 10 === 0 ? mutate(gzipSync(whole), random) : gzipSync(mutate(whole, random)));
        try {
          const index = await openDataset({ root, dataset: "mimic-cxr" });
          const summary = summarizeIndex(index, pairStudies(index));
          const dropped = summary.dropped.reduce((sum, { count }) => sum + count, 0);
          assert.ok(summary.images.usable <= summary.images.listed);
          if (summary.images.usable < summary.images.listed) {
            assert.ok(dropped > 0, `mutation ${i}: left out without a reason`);
          }
          read++;
        } catch (error) {
          assert.ok(error instanceof DataError, `mutation ${i}: ${error}`);
          assert.ok(error.file?.includes(table) || /split|images cannot be used/.test(error.message), error.message);
        }
      }
      assert.ok(read > MUTATIONS / 10 && read < MUTATIONS, `${read} read`);
    }));
}
