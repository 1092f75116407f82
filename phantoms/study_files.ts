/**
 * Writes the images and the report of a study.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { drawImage, sceneOf, scenesOf } from "./draw.ts";
import { encodeGrayJpeg } from "./jpeg.ts";
import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import type { ImageState } from "./exposures.ts";
import { withBlankPositions } from "./blank_positions.ts";
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

/** Draws an image as the file that is written: a JPEG, in the `mimic-dicom` layout in a DICOM file. */
export function drawFile(
  scene: Scene,
  image: ImageState,
  options: { seed: number; scale: number; layout: PhantomLayout },
): { width: number; height: number; file: Uint8Array } {
  const { width, height, pixels } = drawImage(scene, image, options);
  const jpeg = encodeGrayJpeg(pixels, { width, height, quality: QUALITY });
  const { wrap } = layoutOf(options.layout);
  return { width, height, file: wrap === undefined ? jpeg : wrap({ width, height, jpeg }, image) };
}

/** Draws the images of a study and writes them and its report below `directory`. */
export function writeStudyFiles(
  study: StudyState,
  { directory, scale, layout, blankPositions = 0, faintFindings = 0 }: {
    directory: string;
    scale: number;
    layout: PhantomLayout;
    blankPositions?: number;
    faintFindings?: number;
  },
): StudyFiles {
  const { imagePath, reportPath } = layoutOf(layout);
  const sceneFor = scenesOf(study, faintFindings);
  const images = withBlankPositions(study, blankPositions).images.map((image) => {
    const { width, height, file } = drawFile(sceneFor(image), image, { seed: study.seed, scale, layout });
    const path = imagePath(study, image);
    return { path, width, height, bytes: file.length, sha256: writeNew(join(directory, path), file) };
  });
  // Reports tell the findings of the study, whichever view shows them.
  const text = reportPath === undefined ? undefined : reportText(study, sceneOf(study));
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
