/**
 * Tells phantoms from pictures that are only said to be phantoms.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../base/errors.ts";
import { readRegular } from "../base/regular_file.ts";
import { PHANTOM_VERSION, readRecord } from "../data/readers/phantom_record.ts";
import { withBlankPositions } from "./blank_positions.ts";
import { scenesOf } from "./draw.ts";
import { layoutOf } from "./layout.ts";
import { phantomStudies } from "./patients.ts";
import { drawFile } from "./study_files.ts";
import { areValidSettings } from "./write_phantoms.ts";

/** A phantom of full size has a tenth of this. */
const IMAGE = { maxBytes: 2 ** 25, kind: "a phantom" };

/**
 * Whether images of a phantom directory are exactly what its settings draw: they are drawn again and compared, byte for
 * byte. A `phantoms.json` that lies beside other pictures does not help them.
 *
 * @param names Paths of the images from the directory.
 */
export async function arePhantoms(root: string, names: readonly string[]): Promise<boolean> {
  const record = await recordOf(root);
  if (record === undefined || record.version !== PHANTOM_VERSION || !areValidSettings(record.settings)) return false;
  const { seed, studies, scale, layout, blankPositions = 0, faintFindings = 0 } = record.settings;
  const { imagePath } = layoutOf(layout);
  const wanted = new Set(names);
  for (const study of phantomStudies(seed, studies)) {
    if (wanted.size === 0) break;
    const { images: drawn } = withBlankPositions(study, blankPositions);
    const images = drawn.filter((image) => wanted.has(imagePath(study, image)));
    if (images.length === 0) continue;
    const sceneFor = scenesOf(study, faintFindings);
    for (const image of images) {
      const path = imagePath(study, image);
      const { file } = drawFile(sceneFor(image), image, { seed: study.seed, scale, layout });
      if (!await hasBytes(join(root, path), file)) return false;
      wanted.delete(path);
    }
  }
  return wanted.size === 0;
}

async function recordOf(root: string) {
  try {
    return await readRecord(root);
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

async function hasBytes(path: string, expected: Uint8Array): Promise<boolean> {
  try {
    const found = await readRegular(path, IMAGE);
    return found.length === expected.length && found.every((byte, i) => byte === expected[i]);
  } catch (error) {
    if (error instanceof DataError || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
