/**
 * The geometry of an exposure: where points of the scene fall on the detector.
 *
 * @module
 */
import { Draws } from "./draws.ts";
import { type ImageState, viewOf } from "./exposures.ts";
import type { Point } from "./scene.ts";

/** Pixel size of a full-size image in centimetres: 35 cm across 2544 pixels. */
const FULL_PIXEL_CM = 35 / 2544;

/** Direction of the rays of an image, and placement of the detector. */
export interface Camera {
  view: "frontal" | "lateral";
  bedside: boolean;
  /** Tangent of the patient's rotation about the long axis. */
  turn: number;
  /** Magnification of anterior structures, which are far from the detector when the rays come from the front (AP). */
  magnification: number;
  /** Centre of the image on the detector in centimetres, and its rotation. */
  u: number;
  v: number;
  angle: number;
  /** Pixel size in centimetres. */
  pixel: number;
  width: number;
  height: number;
  /** Collimated (dark) margins in centimetres: left, top, right, bottom. */
  edges: readonly [number, number, number, number];
}

/** Draws the camera of an image at a scale; 1 is full size. */
export function cameraOf(seed: number, image: ImageState, scale: number): Camera {
  const draws = new Draws("phantom camera", seed, image.key);
  const view = viewOf(image);
  const bedside = image.projection === "AP";
  const sloppy = bedside ? 1.4 : 1;
  const zoom = draws.around(bedside ? 0.92 : 0.93, 0.025);
  const narrowed = draws.chance(0.3);
  const edge = () => narrowed && draws.chance(0.6) ? draws.between(0.3, 1.8) : 0;
  return {
    view,
    bedside,
    turn: draws.around(0, 0.035) * sloppy,
    magnification: bedside ? 1.05 : 1,
    u: (view === "frontal" ? 0 : -0.5) + draws.around(0, 0.6) * sloppy,
    v: -1.6 + draws.around(0, 0.7) * sloppy,
    angle: draws.around(0, 0.028) * sloppy,
    pixel: FULL_PIXEL_CM * zoom / scale,
    width: Math.max(1, Math.round(image.fullColumns * scale)),
    height: Math.max(1, Math.round(image.fullRows * scale)),
    edges: [edge(), edge(), edge(), edge()],
  };
}

/**
 * Projects a point onto the detector, in centimetres from the projection of the origin: u to the viewer's right, v up,
 * and the coordinate along the ray. Frontal images show the patient's left on the viewer's right, lateral ones the
 * front on the left.
 */
export function project(camera: Camera, { x, y, z }: Point): { u: number; v: number; ray: number } {
  return camera.view === "frontal"
    ? { u: x + y * camera.turn, v: z, ray: y }
    : { u: -y + x * camera.turn, v: z, ray: x };
}
