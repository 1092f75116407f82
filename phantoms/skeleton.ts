/**
 * Bones, airways and lung vessels.
 *
 * @module
 */
import type { Draws } from "./draws.ts";
import type { Body } from "./patients.ts";
import { type Point, type Scene, type Side, sideSign, spineAt, taperAt } from "./scene.ts";

const RIBS = 10;
const RIB_STEPS = 22;
const VERTEBRA = 2.3;

/** Adds ribs, clavicles, scapulae, sternum, spine, trachea and lung vessels. */
export function addSkeleton(scene: Scene, body: Body, draws: Draws): void {
  for (const side of ["right", "left"] as const) {
    for (let rib = 0; rib < RIBS; rib++) addRib(scene, body, { side, rib, tilt: draws.around(0, 0.15) });
    addGirdle(scene, body, side);
    addVessels(scene, side, draws);
  }
  addSpine(scene, body);
  addAirways(scene);
}

/** The centre line of a rib, from the spine around the side to the front. */
function ribPoints(scene: Scene, body: Body, { side, rib }: { side: Side; rib: number }): Point[] {
  const { thorax } = scene;
  const sign = sideSign(side);
  const start = thorax.apex - 1.2 + body.ribOffset - rib * body.ribSpacing;
  const points: Point[] = [];
  for (let step = 0; step <= RIB_STEPS; step++) {
    const along = step / RIB_STEPS;
    // From straight back to nearly straight ahead; the lower ribs end short of the sternum.
    const angle = Math.PI * (-0.5 + (0.93 - 0.012 * rib) * along);
    const fall = body.ribDrop * (0.55 + 0.05 * rib) * Math.pow(along, 1.25) - 0.9 * Math.sin(Math.PI * along);
    const z = start - fall;
    const taper = Math.max(0.3, taperAt(thorax, Math.min(z, thorax.apex - 0.6)));
    const bow = Math.cos(angle);
    points.push({
      x: sign * Math.max(1.4, (thorax.halfWidth * taper + 0.35) * Math.pow(Math.max(0, bow), 0.8)),
      y: (thorax.halfDepth * Math.max(0.45, taper) + 0.3) * Math.sin(angle) +
        (spineAt(thorax, z) + thorax.halfDepth - 1.4) * (1 - along),
      z,
    });
  }
  return points;
}

function addRib(scene: Scene, body: Body, { side, rib, tilt }: { side: Side; rib: number; tilt: number }): void {
  const points = ribPoints(scene, body, { side, rib });
  const last = points.length - 1;
  const tilted = points.map((point, i) => ({ ...point, z: point.z - tilt * i / last }));
  // The posterior part is denser in all views.
  scene.tubes.push({
    points: tilted,
    radius: [0.62, 0.8],
    density: [2.3 * body.bone, 1 * body.bone],
    section: "shell",
  });
}

function addGirdle(scene: Scene, body: Body, side: Side): void {
  const sign = sideSign(side);
  const { apex, halfDepth } = scene.thorax;
  const front = halfDepth * 0.5;
  scene.tubes.push({
    points: [
      { x: sign * 1.8, y: front, z: apex - 3.8 },
      { x: sign * 5, y: front + 0.8, z: apex - 2.6 },
      { x: sign * 9, y: front - 1.5, z: apex - 1.2 },
      { x: sign * 13.5, y: front - 4, z: apex - 0.2 },
    ],
    radius: [0.85, 0.6],
    density: [1.7 * body.bone, 1.7 * body.bone],
    section: "shell",
  });
  // Medial border of the scapula.
  scene.tubes.push({
    points: [
      { x: sign * 11.5, y: -halfDepth - 0.8, z: apex - 2 },
      { x: sign * 11, y: -halfDepth - 1, z: apex - 8 },
      { x: sign * 12.2, y: -halfDepth - 0.6, z: apex - 13 },
    ],
    radius: [0.9, 0.5],
    density: [0.7 * body.bone, 0.7 * body.bone],
    section: "shell",
  });
}

function addSpine(scene: Scene, body: Body): void {
  const { thorax } = scene;
  for (let k = 0; k < 16; k++) {
    const z = thorax.apex + 3 - k * VERTEBRA * 1.02;
    const y = spineAt(thorax, z);
    scene.blobs.push({
      x: 0,
      y,
      z,
      rx: 1.8,
      ry: 1.45,
      rz: VERTEBRA * 0.45,
      density: 0.75 * body.bone,
      softness: 0.35,
      within: "body",
    });
    // The spinous process.
    scene.blobs.push({
      x: 0,
      y: y - 2.6,
      z: z - 0.5,
      rx: 0.5,
      ry: 1.4,
      rz: 0.9,
      density: 0.6 * body.bone,
      softness: 0.6,
      within: "body",
    });
  }
  // The sternum, at the anterior wall.
  scene.tubes.push({
    points: Array.from({ length: 8 }, (_, i) => {
      const z = thorax.apex - 4 - i * 2.1;
      return { x: 0, y: thorax.halfDepth * Math.max(0.62, taperAt(thorax, z)) + 0.5, z };
    }),
    radius: [0.75, 0.6],
    density: [1.6 * body.bone, 1.6 * body.bone],
    section: "shell",
  });
}

function addAirways(scene: Scene): void {
  const { thorax, mediastinum } = scene;
  const x = mediastinum.shift;
  const carina = { x: 0.2 + x, y: -1.8, z: 3.2 };
  scene.tubes.push({
    points: [
      { x: x * 0.3, y: 1.6, z: thorax.apex + 6 },
      { x: 0.1 + x * 0.6, y: 0.2, z: thorax.apex - 2 },
      carina,
    ],
    radius: [0.95, 0.85],
    density: [-1, -1],
    section: "solid",
  });
  for (const end of [{ x: -3 + x, y: -1.6, z: 0.6 }, { x: 3.8 + x, y: -1.4, z: 0.9 }]) {
    scene.tubes.push({ points: [carina, end], radius: [0.65, 0.45], density: [-0.8, -0.8], section: "solid" });
  }
}

function addVessels(scene: Scene, side: Side, draws: Draws): void {
  const { thorax } = scene;
  const lung = scene.lungs[side];
  const sign = sideSign(side);
  // Vessels stay within the remaining lung.
  const reach = 1 - 0.7 * lung.collapse;
  for (let k = 0; k < 60; k++) {
    const angle = draws.between(-1.35, 1.45);
    const length = draws.between(0.45, 0.95) * reach;
    const ahead = draws.between(-0.75, 0.75);
    const root = { x: sign * draws.between(2.8, 5.5), y: draws.between(-2.5, 1.5), z: draws.between(-3, 3) };
    const up = Math.sin(angle);
    const bottom = lung.dome - 1.5;
    const end = {
      x: root.x + sign * Math.cos(angle) * length * (thorax.halfWidth - 4),
      y: ahead * thorax.halfDepth * length,
      z: root.z + length * (up > 0 ? up * (thorax.apex - 3) : up * (root.z - bottom)),
    };
    const bend = draws.between(-1.4, 1.4);
    const points = Array.from({ length: 6 }, (_, i) => {
      const t = i / 5;
      const arc = Math.sin(Math.PI * t) * bend;
      return {
        x: root.x + (end.x - root.x) * t,
        y: root.y + (end.y - root.y) * t + arc,
        z: root.z + (end.z - root.z) * t + arc * 0.6,
      };
    });
    scene.tubes.push({ points, radius: [draws.between(0.22, 0.5), 0.17], density: [1.5, 1.5], section: "solid" });
  }
}
