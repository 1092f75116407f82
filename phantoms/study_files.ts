/**
 * Writes the image files of a study.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { drawImage, sceneOf } from "./draw.ts";
import { encodeGrayJpeg } from "./jpeg.ts";
import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import type { ImageState } from "./exposures.ts";
import { layoutOf } from "./layout.ts";
import type { Scene } from "./scene.ts";
import type { StudyState } from "./patients.ts";

/** A written image file. */
export interface ImageFile {
  /** Path in the directory, with forward slashes. */
  path: string;
  width: number;
  height: number;
  bytes: number;
  /** SHA-256 of the file, in hexadecimal. */
  sha256: string;
}

/** JPEG quality of the real images. */
const QUALITY = 95;

/** Draws an image as the file that is written. */
export function drawJpeg(
  scene: Scene,
  image: ImageState,
  options: { seed: number; scale: number },
): { width: number; height: number; jpeg: Uint8Array } {
  const { width, height, pixels } = drawImage(scene, image, options);
  return { width, height, jpeg: encodeGrayJpeg(pixels, { width, height, quality: QUALITY }) };
}

/** Draws the images of a study and writes them below `directory`, in the order of `study.images`. */
export function writeStudyFiles(
  study: StudyState,
  { directory, scale, layout }: { directory: string; scale: number; layout: PhantomLayout },
): ImageFile[] {
  const { imagePath } = layoutOf(layout);
  const scene = sceneOf(study);
  return study.images.map((image) => {
    const { width, height, jpeg } = drawJpeg(scene, image, { seed: study.seed, scale });
    const path = imagePath(study, image);
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    Deno.writeFileSync(file, jpeg, { createNew: true });
    return { path, width, height, bytes: jpeg.length, sha256: createHash("sha256").update(jpeg).digest("hex") };
  });
}
