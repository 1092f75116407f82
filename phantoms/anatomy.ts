/**
 * Builds the soft tissues of a healthy patient, which the findings then modify.
 *
 * @module
 */
import type { Draws } from "./draws.ts";
import type { Body } from "./patients.ts";
import { type Lung, type Scene, type Side, sideSign } from "./scene.ts";

/** Position and breath of the patient, the same in all images of a study. */
export interface Posture {
  /** Depth of inspiration, about -1.5 to 1.5; 0 is average. */
  breath: number;
  /** Whether the image is taken at the bedside, of a lying or sitting patient. */
  bedside: boolean;
}

/** Creates a scene with the soft tissues of a healthy patient. */
export function healthyScene(body: Body, { breath, bedside }: Posture, draws: Draws): Scene {
  // Shallow inspiration raises the diaphragm and makes the heart appear wider.
  const lift = body.dome - 0.75 * breath + (bedside ? 0.4 : 0);
  const aeration = draws.around(0, 0.04) - 0.015 * breath;
  const size = body.heart * (1 - 0.015 * breath);
  const scene: Scene = {
    thorax: { halfWidth: body.halfWidth, halfDepth: body.halfDepth, apex: body.apex, kyphosis: body.kyphosis },
    wall: body.wall,
    lungs: {
      right: healthyLung("right", body, { lift, aeration: aeration + draws.around(0, 0.012) }),
      left: healthyLung("left", body, { lift, aeration: aeration + draws.around(0, 0.012) }),
    },
    organs: [],
    mediastinum: {
      halfWidth: body.mediastinum * (bedside ? 1.03 : 1),
      bulge: 0,
      bulgeHeight: 4.5,
      front: 3.2,
      shift: 0,
    },
    blobs: [],
    tubes: [],
    texture: { lungs: draws.between(0.7, 1.3), everywhere: draws.between(0.7, 1.3) },
    sides: {},
    devices: [],
  };
  scene.organs.push(
    // Left ventricle, right heart, aortic arch, main pulmonary artery.
    { x: 3.0 * size, y: 1.2, z: -5.4 + 0.5 * lift, rx: 5.0 * size, ry: 5.2 * size, rz: 4.4 * size },
    { x: -0.7 * size, y: 2.0, z: -4.6 + 0.4 * lift, rx: 4.1 * size, ry: 5.0 * size, rz: 5.0 * size },
    { x: 1.7, y: -2.0, z: 4.7, rx: 1.9, ry: 3.4, rz: 1.8 },
    { x: 2.0, y: 0.5, z: 0.6, rx: 1.9, ry: 2.4, rz: 2.0 },
  );
  addSoftTissue(scene, body, { bedside, lift });
  addBowelGas(scene, lift, draws);
  return scene;
}

function healthyLung(side: Side, body: Body, { lift, aeration }: { lift: number; aeration: number }): Lung {
  return {
    dome: (side === "right" ? -8.0 : -9.2) + lift,
    domeX: sideSign(side) * 0.48 * body.halfWidth,
    density: body.lung + aeration,
    rind: 0,
    fluid: -30,
    meniscus: 2.5,
    veil: 0,
    collapse: 0,
  };
}

function addSoftTissue(scene: Scene, body: Body, { bedside, lift }: { bedside: boolean; lift: number }): void {
  const front = body.halfDepth;
  for (const side of ["right", "left"] as const) {
    const sign = sideSign(side);
    // Hilum, breast, pectoral muscle.
    scene.blobs.push(
      { x: sign * 3.6, y: -0.6, z: 0.4, rx: 1.9, ry: 1.9, rz: 2.6, density: 0.55, softness: 1, within: side },
      {
        x: sign * 7.5,
        y: front + 0.5,
        z: bedside ? -3.5 : -5.5,
        rx: 5.4,
        ry: 3.6 * body.breast + 0.1,
        rz: 4.6,
        density: 0.5 * Math.min(1, body.breast),
        softness: 0.6,
        within: "body",
      },
      { x: sign * 9, y: front - 1, z: 7.5, rx: 6, ry: 1.6, rz: 4.5, density: 0.22, softness: 1, within: "body" },
    );
  }
  // Attenuation of the liver.
  scene.blobs.push(
    { x: -6, y: 1, z: -15 + lift, rx: 7, ry: 7, rz: 5, density: 0.12, softness: 0.8, within: "body" },
  );
}

/** Adds gas in the stomach and, randomly, in the bowel. */
function addBowelGas(scene: Scene, lift: number, draws: Draws): void {
  const common = { density: -0.9, softness: 0.7, within: "body" } as const;
  const fill = draws.between(0.4, 1.25);
  scene.blobs.push({ ...common, x: 6.5, y: 2, z: -13.2 + lift, rx: 3 * fill, ry: 2.4, rz: 1.7 * fill });
  const loops = draws.below(6);
  for (let k = 0; k < loops; k++) {
    scene.blobs.push({
      ...common,
      x: draws.between(-9, 11),
      y: draws.between(0, 6),
      z: draws.between(-22, -15.5) + lift,
      rx: draws.between(1.2, 3.5),
      ry: draws.between(1.2, 2.6),
      rz: draws.between(1, 1.9),
    });
  }
}
