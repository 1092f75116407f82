/**
 * Draws the images of a study from its hidden state.
 *
 * @module
 */
import { addBlobs } from "./blobs.ts";
import { cameraOf } from "./camera.ts";
import { castShadow } from "./cast.ts";
import { addDevices } from "./devices.ts";
import { healthyScene } from "./anatomy.ts";
import { Draws } from "./draws.ts";
import { type ImageState, viewOf } from "./exposures.ts";
import { changeFaintly, faintFindingsOf } from "./faint_findings.ts";
import { develop, expose } from "./film.ts";
import type { Finding } from "./findings.ts";
import type { StudyState } from "./patients.ts";
import { addFindings } from "./pathology.ts";
import type { Scene } from "./scene.ts";
import { addSkeleton } from "./skeleton.ts";
import { addTexture } from "./texture.ts";
import { drawTubes } from "./tubes.ts";

/** A grayscale image with one byte per pixel, row-major from the top left. */
export interface PhantomImage {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Gray values, row-major. */
  pixels: Uint8Array<ArrayBuffer>;
}

/**
 * Creates the scene of a study from the patient's build, the posture, and the study's findings.
 *
 * @param faint Findings that show only faintly; none by default.
 */
export function sceneOf(study: StudyState, faint: ReadonlySet<Finding> = new Set()): Scene {
  const { seed, index, patient, severities } = study;
  const stream = (...key: (string | number)[]) => new Draws("phantom scene", seed, index, ...key);
  const posture = stream("posture");
  const scene = healthyScene(patient.body, { breath: posture.around(0, 1.1), bedside: study.portable }, posture);
  addFindings(scene, severities, { streamOf: (finding) => stream("finding", finding), faint });
  addSkeleton(scene, patient.body, stream("skeleton"));
  const devices = severities["Support Devices"];
  if (devices > 0) {
    const add = () => addDevices(scene, devices, stream("devices"));
    if (faint.has("Support Devices")) changeFaintly(scene, add);
    else add();
  }
  return scene;
}

/**
 * Returns the scene that each image of a study shows: the same for both views, unless a share of the findings is faint
 * in one of them.
 *
 * @param share Probability of each finding to be faint in one of the views.
 */
export function scenesOf(study: StudyState, share: number): (image: ImageState) => Scene {
  if (share === 0) {
    const scene = sceneOf(study);
    return () => scene;
  }
  const [frontal, lateral] = (["frontal", "lateral"] as const).map((view) =>
    sceneOf(study, faintFindingsOf(study, { view, share }))
  );
  return (image) => viewOf(image) === "frontal" ? frontal! : lateral!;
}

/**
 * Draws one image of a scene. Scale 1 gives full-size images of about 2544 x 3056 pixels. The ray spacing decreases
 * with image size, down to a millimetre.
 */
export function drawImage(
  scene: Scene,
  image: ImageState,
  { seed, scale }: { seed: number; scale: number },
): PhantomImage {
  const camera = cameraOf(seed, image, scale);
  const shadow = castShadow(scene, camera, Math.max(0.1, Math.min(0.36, 2.6 * camera.pixel)));
  addBlobs(shadow, scene, camera);
  addTexture(shadow, scene, { camera, draws: new Draws("phantom texture", seed, image.key) });
  const film = expose(shadow.attenuation, camera);
  drawTubes(film, scene.tubes, camera);
  const pixels = develop(film, camera, new Draws("phantom film", seed, image.key));
  return { width: camera.width, height: camera.height, pixels };
}

/**
 * Draws all images of a study, in the order of `study.images`.
 *
 * @param options.faintFindings Probability of each finding to show only faintly in one of the views; 0 by default.
 *
 * @example
 * ```ts
 * for (const study of phantomStudies(1, 3)) {
 *   for (const { width, height, pixels } of drawStudy(study, { scale: 0.1 })) console.log(width, height, pixels[0]);
 * }
 * ```
 */
export function drawStudy(
  study: StudyState,
  { scale, faintFindings = 0 }: { scale: number; faintFindings?: number },
): PhantomImage[] {
  const sceneFor = scenesOf(study, faintFindings);
  return study.images.map((image) => drawImage(sceneFor(image), image, { seed: study.seed, scale }));
}
