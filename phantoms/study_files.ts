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
import { layoutOf } from "./layout.ts";
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

/** Draws the images of a study and writes them below `directory`, in the order of `study.images`. */
export function writeStudyFiles(
  study: StudyState,
  { directory, scale, layout }: { directory: string; scale: number; layout: PhantomLayout },
): ImageFile[] {
  const { imagePath } = layoutOf(layout);
  const scene = sceneOf(study);
  return study.images.map((image) => {
    const { width, height, pixels } = drawImage(scene, image, { seed: study.seed, scale });
    const jpeg = encodeGrayJpeg(pixels, { width, height, quality: QUALITY });
    const path = imagePath(study, image);
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    Deno.writeFileSync(file, jpeg, { createNew: true });
    return { path, width, height, bytes: jpeg.length, sha256: createHash("sha256").update(jpeg).digest("hex") };
  });
}
