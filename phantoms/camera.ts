import { Draws } from "./draws.ts";
import type { ImageState } from "./exposures.ts";
import type { Point } from "./scene.ts";

/** Centimetres that a pixel of a full-size image covers: 35 cm across 2544 pixels. */
const FULL_PIXEL_CM = 35 / 2544;

/** How the rays of an image run and where its plate lies. */
export interface Camera {
  view: "frontal" | "lateral";
  bedside: boolean;
  /** Tangent of the patient's turn about the long axis. */
  turn: number;
  /** Magnification of what lies in front, far from the plate when the rays come from the front (AP). */
  magnification: number;
  /** Where the middle of the image lies, in centimetres, and the angle it is turned by. */
  u: number;
  v: number;
  angle: number;
  /** Centimetres a pixel covers. */
  pixel: number;
  width: number;
  height: number;
  /** Dark edges where the beam was narrowed, in centimetres: left, top, right, bottom. */
  edges: readonly [number, number, number, number];
}

/** The camera of an image at a scale; 1 is full size. */
export function cameraOf(seed: number, image: ImageState, scale: number): Camera {
  const draws = new Draws("phantom camera", seed, image.key);
  const view = image.projection === "AP" || image.projection === "PA" ? "frontal" : "lateral";
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
 * Where a point falls on the plate, in centimetres from the origin's shadow: u to the viewer's right, v up; and its place
 * along the ray. Frontal images show the patient's left on the viewer's right, lateral ones the front on the left.
 */
export function project(camera: Camera, { x, y, z }: Point): { u: number; v: number; ray: number } {
  return camera.view === "frontal"
    ? { u: x + y * camera.turn, v: z, ray: y }
    : { u: -y + x * camera.turn, v: z, ray: x };
}
