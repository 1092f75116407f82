/**
 * Writes the images and the report of a study.
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
import { reportText } from "./text/report_text.ts";

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

/** The files written for a study. */
export interface StudyFiles {
  /** In the order of `study.images`. */
  images: ImageFile[];
  /** Absent if the layout has no reports or the study none. */
  report?: { path: string; sha256: string };
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

/** Draws the images of a study and writes them and its report below `directory`. */
export function writeStudyFiles(
  study: StudyState,
  { directory, scale, layout }: { directory: string; scale: number; layout: PhantomLayout },
): StudyFiles {
  const { imagePath, reportPath } = layoutOf(layout);
  const scene = sceneOf(study);
  const images = study.images.map((image) => {
    const { width, height, jpeg } = drawJpeg(scene, image, { seed: study.seed, scale });
    const path = imagePath(study, image);
    return { path, width, height, bytes: jpeg.length, sha256: writeNew(join(directory, path), jpeg) };
  });
  const text = reportPath === undefined ? undefined : reportText(study, scene);
  if (reportPath === undefined || text === undefined) return { images };
  const path = reportPath(study);
  return { images, report: { path, sha256: writeNew(join(directory, path), new TextEncoder().encode(text)) } };
}

/** Writes a new file and returns the SHA-256 of its content. */
function writeNew(file: string, content: Uint8Array): string {
  mkdirSync(dirname(file), { recursive: true });
  Deno.writeFileSync(file, content, { createNew: true });
  return createHash("sha256").update(content).digest("hex");
}
