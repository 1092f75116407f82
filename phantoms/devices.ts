/**
 * Support devices, which are added to the finished scene.
 *
 * @module
 */
import type { Draws } from "./draws.ts";
import { type Point, type Scene, sideSign } from "./scene.ts";

// Densities of metal and radiopaque plastic.
const METAL = 5;
const PLASTIC = 3;

const KINDS = {
  pacemaker: addPacemaker,
  tubes: addTubes,
  catheter: addCatheter,
  wires: addWires,
  electrodes: addElectrodes,
};

/** Adds tubes, catheters, a pacemaker, sternal wires and electrodes, the more the higher the severity. */
export function addDevices(scene: Scene, severity: number, draws: Draws): void {
  const kinds: (keyof typeof KINDS)[] = draws.shuffle(["tubes", "catheter", "wires", "electrodes"]);
  if (draws.chance(0.75)) kinds.unshift("pacemaker");
  const count = 1 + Math.round(severity * 3);
  for (const kind of kinds.slice(0, count)) {
    KINDS[kind](scene, draws);
    scene.devices.push(kind);
  }
}

function line(scene: Scene, points: Point[], { radius, density }: { radius: number; density: number }): void {
  scene.tubes.push({ points: smooth(points), radius: [radius, radius], density: [density, density], section: "solid" });
}

/** A pulse generator below the clavicle, with leads to the right heart. */
function addPacemaker(scene: Scene, draws: Draws): void {
  const side = sideSign(draws.chance(0.88) ? "left" : "right");
  const { halfDepth, apex } = scene.thorax;
  const box = { x: side * draws.between(8.5, 10.5), y: halfDepth * 0.75, z: apex - draws.between(5, 6.5) };
  scene.blobs.push({
    ...box,
    rx: draws.between(2.4, 3),
    ry: 0.9,
    rz: draws.between(1.8, 2.4),
    density: 7,
    softness: 0.2,
    within: "body",
  });
  const cava = { x: -2.1, y: 0.4, z: 4.5 };
  const ends = draws.chance(0.6) ? 2 : 1;
  for (let k = 0; k < ends; k++) {
    const tip = k === 0 ? { x: 3.6, y: 5, z: -7.8 } : { x: -1, y: 3.8, z: -3.2 };
    line(scene, [
      box,
      { x: side * 5.5, y: halfDepth * 0.5, z: apex - 3 },
      { x: side * 1.8 - 0.8, y: 1.5, z: apex - 4.2 },
      cava,
      { x: -2.3, y: 1.6, z: -2.4 - k },
      { x: (tip.x - 2.3) / 2, y: 3.6, z: -6.5 + 2 * k },
      tip,
    ], { radius: 0.22, density: METAL });
  }
}

/** An endotracheal tube, and a nasogastric tube to the stomach. */
function addTubes(scene: Scene, draws: Draws): void {
  const { apex } = scene.thorax;
  const x = scene.mediastinum.shift;
  line(scene, [
    { x: 0.5, y: 2.2, z: apex + 7 },
    { x: 0.2 + x * 0.5, y: 0.6, z: apex - 1 },
    { x: 0.2 + x, y: -1.2, z: draws.between(4.6, 7) },
  ], { radius: 0.55, density: PLASTIC });
  line(scene, [
    { x: 0.2, y: 1.2, z: apex + 7 },
    { x: 0.6 + x, y: -3, z: 4 },
    { x: 0.9 + x, y: -4, z: -4 },
    { x: 2.2, y: -1, z: -10.5 },
    { x: 6, y: 2, z: -14 },
  ], { radius: 0.3, density: PLASTIC });
}

/** A central venous catheter, from the neck or the arm. */
function addCatheter(scene: Scene, draws: Draws): void {
  const { apex, halfDepth } = scene.thorax;
  const tip = { x: -2.2, y: 1.2, z: draws.between(-1.5, 2) };
  const start = draws.chance(0.5)
    ? [{ x: -4.5, y: 2, z: apex + 4 }, { x: -3.4, y: 1.4, z: apex - 3 }]
    : [{ x: -15, y: -1, z: apex - 3 }, { x: -9, y: halfDepth * 0.4, z: apex - 2 }, { x: -4, y: 1.4, z: apex - 3.6 }];
  line(scene, [...start, { x: -2.2, y: 0.4, z: 4.5 }, tip], { radius: 0.26, density: PLASTIC + 1 });
}

/** Sternal wires, and a prosthetic valve. */
function addWires(scene: Scene, draws: Draws): void {
  const { halfDepth, apex } = scene.thorax;
  for (let k = 0; k < 6; k++) {
    const z = apex - 5.5 - 2.4 * k;
    const y = halfDepth * 0.95;
    const ring = Array.from({ length: 9 }, (_, i) => {
      const angle = i / 8 * 2 * Math.PI;
      return { x: 1.0 * Math.cos(angle), y: y + 0.6 * Math.sin(angle), z: z + 0.55 * Math.sin(angle) };
    });
    line(scene, ring, { radius: 0.16, density: METAL });
  }
  const valve = { x: draws.between(0.5, 1.8), y: draws.between(0, 1.5), z: draws.between(-4, -2.5) };
  const ring = Array.from({ length: 13 }, (_, i) => {
    const angle = i / 12 * 2 * Math.PI;
    return {
      x: valve.x + 1.2 * Math.cos(angle),
      y: valve.y + 0.8 * Math.cos(angle),
      z: valve.z + 1.2 * Math.sin(angle),
    };
  });
  line(scene, ring, { radius: 0.22, density: METAL });
}

/** ECG electrodes and their cables. */
function addElectrodes(scene: Scene, draws: Draws): void {
  const front = scene.thorax.halfDepth + scene.wall;
  const exit = { x: draws.between(-6, 6), y: front, z: -16 };
  for (const [x, z] of [[-9, 6], [9, 6.5], [9.5, -6], [-8.5, -7]] as const) {
    const spot = { x: x + draws.between(-1.5, 1.5), y: front * 0.92, z: z + draws.between(-1.5, 1.5) };
    scene.blobs.push({ ...spot, rx: 0.75, ry: 0.75, rz: 0.75, density: 4, softness: 0.3, within: "body" });
    const middle = { x: (spot.x + exit.x) / 2 + draws.between(-3, 3), y: front, z: (spot.z + exit.z) / 2 };
    line(scene, [spot, middle, exit], { radius: 0.15, density: METAL });
  }
}

/** A Catmull-Rom curve through the points, with eight segments between neighbours. */
function smooth(points: readonly Point[]): Point[] {
  const at = (i: number): Point => points[Math.max(0, Math.min(points.length - 1, i))] ?? { x: 0, y: 0, z: 0 };
  const curve: Point[] = [at(0)];
  for (let i = 0; i + 1 < points.length; i++) {
    for (let step = 1; step <= 8; step++) {
      const t = step / 8;
      const along = (a: number, b: number, c: number, d: number): number =>
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
      curve.push({ x: along(a.x, b.x, c.x, d.x), y: along(a.y, b.y, c.y, d.y), z: along(a.z, b.z, c.z, d.z) });
    }
  }
  return curve;
}
