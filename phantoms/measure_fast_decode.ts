/**
 * Measures on phantoms what fast decoding changes.
 *
 * @module
 */
import type { DecodeDifference } from "../data/cache/manifest.ts";
import { ImageDecoder } from "../data/image/decode_image.ts";
import { preprocess } from "../data/image/preprocess.ts";
import { sceneOf } from "./draw.ts";
import { phantomStudies } from "./patients.ts";
import { drawFile } from "./study_files.ts";

/** The phantoms are the same every time, so that the figures of two caches can be compared. */
const SEED = 1;

/**
 * Draws phantoms as the JPEG files that MIMIC-CXR-JPG would have, prepares each after fast and after exact decoding,
 * and returns the mean absolute difference in grey levels.
 *
 * @param imageSize side of the prepared images in pixels
 * @param options.studies number of studies to draw (default 2, with some four images; full-size ones take half a
 * second each)
 * @param options.scale size of the files: 1 (the default) for about 2544 x 3056 pixels
 */
export async function measureFastDecode(
  imageSize: number,
  { studies = 2, scale = 1 }: { studies?: number; scale?: number } = {},
): Promise<DecodeDifference> {
  const [exact, fast] = [new ImageDecoder(), new ImageDecoder({ reduceTo: imageSize })];
  let sum = 0;
  let images = 0;
  for (const study of phantomStudies(SEED, studies)) {
    const scene = sceneOf(study);
    for (const image of study.images) {
      const { file } = drawFile(scene, image, { seed: SEED, scale, layout: "mimic-cxr" });
      const prepare = async (decoder: ImageDecoder) =>
        preprocess(await decoder.decode(file), { size: imageSize, preprocessing: "radiograph" });
      const [a, b] = [await prepare(exact), await prepare(fast)];
      sum += a.reduce((total, level, i) => total + Math.abs(level - b[i]!), 0);
      images++;
    }
  }
  const greyLevels = Number((sum / (images * imageSize * imageSize)).toPrecision(3));
  return { greyLevels, images, measuredOn: `phantoms of seed ${SEED} at scale ${scale}` };
}
