/**
 * Modifies a healthy scene according to the findings of a study.
 *
 * @module
 */
import type { Draws } from "./draws.ts";
import { changeFaintly, FLUID_DEPTH } from "./faint_findings.ts";
import { type Finding, FINDINGS, type Severities } from "./findings.ts";
import { type Blob, type FindingSide, type Scene, type Side, sideSign, spineAt, taperAt } from "./scene.ts";

type Change = (scene: Scene, severity: number, draws: Draws) => void;

/**
 * Applies the findings of a study to a healthy scene. Each finding has a random stream of its own, so that changing one
 * severity leaves the appearance of the other findings unchanged.
 *
 * @param options.faint Findings that show only faintly.
 */
export function addFindings(
  scene: Scene,
  severities: Severities,
  { streamOf, faint }: { streamOf: (finding: Finding) => Draws; faint: ReadonlySet<Finding> },
): void {
  for (const finding of FINDINGS) {
    const change = CHANGES[finding];
    if (severities[finding] === 0 || change === undefined) continue;
    const make = () => change(scene, severities[finding], streamOf(finding));
    if (faint.has(finding)) changeFaintly(scene, make);
    else make();
  }
}

// Support devices need the finished scene: devices.ts adds them.
const CHANGES: Readonly<Partial<Record<Finding, Change>>> = {
  "Cardiomegaly": enlargeHeart,
  "Enlarged Cardiomediastinum": widenMediastinum,
  "Edema": flood,
  "Atelectasis": collapseBase,
  "Consolidation": consolidate,
  "Pneumonia": infect,
  "Lung Opacity": cloud,
  "Lung Lesion": addLesions,
  "Pleural Effusion": effuse,
  "Pleural Other": thickenPleura,
  "Pneumothorax": letAirIn,
  "Fracture": breakBones,
};

function pickSide(draws: Draws, right = 0.5): Side {
  return draws.chance(right) ? "right" : "left";
}

/** The side, or both if there are two. */
function sideOf(sides: Iterable<Side>): FindingSide {
  const [side, second] = new Set(sides);
  return second === undefined ? side! : "bilateral";
}

function other(side: Side): Side {
  return side === "right" ? "left" : "right";
}

/**
 * Cardiomegaly: the left ventricle grows to the left, down and back, the right heart to the front; the left atrium
 * fills the space behind.
 */
function enlargeHeart(scene: Scene, severity: number, draws: Draws): void {
  const growth = 1 + (0.08 + 0.3 * severity) * draws.between(0.85, 1.15);
  const [ventricle, rightHeart] = scene.organs;
  if (ventricle === undefined || rightHeart === undefined) return;
  for (const chamber of [ventricle, rightHeart]) {
    chamber.rx *= growth;
    chamber.ry *= 0.4 + 0.6 * growth;
    chamber.rz *= 0.5 + 0.5 * growth;
  }
  ventricle.x += 1.1 * (growth - 1) / 0.3;
  scene.organs.push({ x: 0.8, y: -3.4, z: -2.6, rx: 3.2 * growth, ry: 2.2 * growth, rz: 2.9 });
}

/**
 * Enlarged cardiomediastinum: a wide upper mediastinum and a large, tortuous aorta, which also fill the retrosternal
 * space.
 */
function widenMediastinum(scene: Scene, severity: number, draws: Draws): void {
  const amount = (0.25 + 0.75 * severity) * draws.between(0.85, 1.15);
  scene.mediastinum.bulge += 2.3 * amount;
  scene.mediastinum.bulgeHeight = draws.around(5, 0.7);
  scene.mediastinum.front += 3.4 * amount;
  const arch = scene.organs[2];
  if (arch === undefined) return;
  arch.x += 0.9 * amount;
  arch.rx += 0.8 * amount;
  arch.rz += 0.7 * amount;
  scene.organs.push({ x: 1.8, y: 4.5, z: 3.4, rx: 2.6 * amount + 1, ry: 3 * amount + 0.6, rz: 3.4 });
}

/** Oedema: haze around the hila and in the lower zones, and a coarse texture. */
function flood(scene: Scene, severity: number, draws: Draws): void {
  const amount = 0.2 + 0.65 * severity;
  for (const side of ["right", "left"] as const) {
    const share = amount * draws.between(0.8, 1.2);
    scene.lungs[side].density += 0.05 * share;
    scene.blobs.push({
      x: sideSign(side) * draws.around(5.2, 0.4),
      y: -0.6,
      z: draws.around(0.3, 0.5),
      rx: 4,
      ry: 5,
      rz: draws.around(4.6, 0.4),
      density: 0.5 * share,
      softness: 1,
      within: side,
    });
  }
  scene.texture.lungs += 0.9 * amount;
}

/** Atelectasis: the dome rises, with bands of dense lung above it, and the mediastinum shifts to that side. */
function collapseBase(scene: Scene, severity: number, draws: Draws): void {
  const first = pickSide(draws, 0.4);
  const sides: Side[] = draws.chance(0.4) ? [first, other(first)] : [first];
  scene.sides.Atelectasis = sideOf(sides);
  for (const side of sides) {
    const share = (0.4 + 0.6 * severity) * (side === first ? 1 : 0.6);
    const lung = scene.lungs[side];
    lung.dome += 1.5 * share * draws.between(0.8, 1.2);
    for (let plate = 0; plate < 2; plate++) {
      scene.blobs.push({
        x: sideSign(side) * draws.between(6, 7.5),
        y: draws.between(-3, 1),
        z: lung.dome + 0.9 + 1.9 * plate * draws.between(0.7, 1.3),
        rx: draws.between(4, 5.5),
        ry: draws.between(4.5, 6),
        rz: draws.between(1, 1.7),
        density: 0.5 * (0.5 + share),
        softness: 0.8,
        within: side,
      });
    }
  }
  if (sides.length === 1) scene.mediastinum.shift += sideSign(first) * 1.3 * severity;
}

/** Consolidation: one lobe is filled. */
function consolidate(scene: Scene, severity: number, draws: Draws): void {
  const side = pickSide(draws, 0.75);
  scene.sides.Consolidation = side;
  const low = draws.chance(0.2);
  const size = 0.75 + 0.45 * severity;
  scene.blobs.push({
    x: sideSign(side) * draws.between(6, 7.5),
    y: low ? draws.between(-5, -2.5) : draws.between(1.5, 3.5),
    z: low ? draws.between(-5, -3.5) : draws.between(4.5, 6),
    rx: 3.9 * size * draws.between(0.9, 1.15),
    ry: 3.9 * size * draws.between(0.9, 1.15),
    rz: 3.0 * size * draws.between(0.9, 1.15),
    density: 0.5 + 0.3 * severity,
    softness: 0.6,
    within: side,
  });
  scene.texture.lungs += 0.3;
}

/** Pneumonia: several patches, mostly in the lower zones, on one or both sides. */
function infect(scene: Scene, severity: number, draws: Draws): void {
  const main = pickSide(draws, 0.7);
  const patches = 3 + draws.below(3);
  const sides: Side[] = [];
  for (let k = 0; k < patches; k++) {
    const side = draws.chance(0.75) ? main : other(main);
    sides.push(side);
    const size = (0.7 + 0.5 * severity) * draws.between(0.8, 1.25);
    scene.blobs.push({
      x: sideSign(side) * draws.around(8.2, 1.2),
      y: draws.around(-3, 2),
      z: draws.around(-3.3, 1.7),
      rx: 2.6 * size,
      ry: 2.8 * size,
      rz: 2.4 * size,
      density: 0.46 + 0.2 * severity,
      softness: 1,
      within: side,
    });
  }
  scene.sides.Pneumonia = sideOf(sides);
  scene.texture.lungs += 0.6 * severity;
}

/** Lung opacity: ground-glass haze over one zone or both sides. */
function cloud(scene: Scene, severity: number, draws: Draws): void {
  const main = pickSide(draws);
  const sides: Side[] = draws.chance(0.6) ? [main, other(main)] : [main];
  scene.sides["Lung Opacity"] = sideOf(sides);
  const z = draws.around(4, 1);
  for (const side of sides) {
    scene.blobs.push({
      x: sideSign(side) * draws.between(8, 9.5),
      y: draws.between(-2, 1),
      z: z + draws.between(-1, 1),
      rx: draws.between(3.5, 4.5),
      ry: draws.between(4.5, 6),
      rz: draws.between(4.5, 6),
      density: 0.4 + 0.25 * severity,
      softness: 1,
      within: side,
    });
    scene.lungs[side].density += 0.02 * severity;
  }
  scene.texture.lungs += 0.4;
}

/** Lung lesions: one to three round masses, mostly in the upper and middle zones. */
function addLesions(scene: Scene, severity: number, draws: Draws): void {
  const main = pickSide(draws, 0.15);
  const count = draws.pick([1, 1, 2, 3]);
  const sides: Side[] = [];
  for (let k = 0; k < count; k++) {
    const side = k === 0 || draws.chance(0.6) ? main : other(main);
    sides.push(side);
    const radius = (2.2 + 1.6 * severity) * (k === 0 ? draws.between(0.9, 1.15) : draws.between(0.5, 0.8));
    const centre = {
      x: sideSign(side) * (k === 0 ? draws.around(8, 0.7) : draws.between(5, 9)),
      y: k === 0 ? draws.around(-1.5, 1) : draws.between(-4, 3),
      z: k === 0 ? draws.around(2.6, 0.9) : draws.between(-5, 6),
    };
    scene.blobs.push({
      ...centre,
      rx: radius,
      ry: radius * draws.between(0.9, 1.1),
      rz: radius * draws.between(0.9, 1.1),
      density: 1.15,
      softness: 0.45,
      within: side,
    });
  }
  scene.sides["Lung Lesion"] = sideOf(sides);
}

/**
 * Pleural effusion: fluid fills the costophrenic angles first; in a bedside patient part of it layers behind the lung.
 */
function effuse(scene: Scene, severity: number, draws: Draws): void {
  const first = pickSide(draws, 0.5);
  const sides: Side[] = draws.chance(0.5) ? [first, other(first)] : [first];
  scene.sides["Pleural Effusion"] = sideOf(sides);
  for (const side of sides) {
    const share = severity * (side === first ? 1 : draws.between(0.4, 0.8));
    const lung = scene.lungs[side];
    lung.fluid = Math.max(lung.fluid, lung.dome - FLUID_DEPTH + 5.4 * share * draws.between(0.85, 1.1));
    lung.meniscus = draws.between(2.2, 3.4);
    lung.veil += 0.02 * share;
  }
}

/**
 * Other pleural findings: thick, partly calcified pleura moves the outline of the lung inwards, most at the side and
 * the base.
 */
function thickenPleura(scene: Scene, severity: number, draws: Draws): void {
  const first = pickSide(draws);
  const sides: Side[] = draws.chance(0.7) ? [first, other(first)] : [first];
  scene.sides["Pleural Other"] = sideOf(sides);
  for (const side of sides) {
    scene.lungs[side].rind += (1.2 + 1.7 * severity) * (side === first ? 1 : 0.7);
    const { thorax } = scene;
    const plaques = 2 + draws.below(3);
    for (let k = 0; k < plaques; k++) {
      const angle = draws.between(-0.9, 0.9);
      const z = draws.around(-3.5, 1.8);
      const taper = taperAt(thorax, z);
      scene.blobs.push({
        x: sideSign(side) * (thorax.halfWidth * taper - 0.6) * Math.cos(angle),
        y: thorax.halfDepth * taper * Math.sin(angle),
        z,
        rx: 1.0,
        ry: 2.2,
        rz: draws.between(1, 2.2),
        density: 0.9,
        softness: 0.8,
        within: "body",
      });
    }
  }
}

/**
 * Pneumothorax: free air at the side and the apex; the lung collapses, the dome sinks and the mediastinum is pushed
 * away.
 */
function letAirIn(scene: Scene, severity: number, draws: Draws): void {
  const side = pickSide(draws, 0.88);
  scene.sides.Pneumothorax = side;
  const lung = scene.lungs[side];
  lung.collapse = 0.28 + 0.5 * severity * draws.between(0.85, 1.1);
  lung.density += 0.25 * lung.collapse;
  lung.dome -= 1.2 + 2.4 * severity;
  scene.mediastinum.shift -= sideSign(side) * (0.4 + 1.6 * severity);
}

/** Fracture: broken ribs with an extrapleural haematoma, compressed vertebrae, or both. */
function breakBones(scene: Scene, severity: number, draws: Draws): void {
  const kind = draws.pick(["ribs", "spine", "both", "both"]);
  if (kind !== "ribs") bendSpine(scene, severity, draws);
  if (kind === "spine") return;
  const side = pickSide(draws);
  scene.sides.Fracture = side;
  const breaks = 2 + draws.below(3);
  const top = draws.between(-1, 4);
  for (let k = 0; k < breaks; k++) scene.blobs.push(...brokenRib(scene, side, { z: top - 2.3 * k, severity }, draws));
}

function bendSpine(scene: Scene, severity: number, draws: Draws): void {
  scene.thorax.kyphosis += 0.8 + 1.4 * severity * draws.between(0.8, 1.2);
  // Kyphosis makes the chest shorter and deeper.
  scene.thorax.apex -= 0.5 + 1.0 * severity;
  scene.thorax.halfDepth += 0.4 + 0.6 * severity;
  const z = draws.between(-7, -2);
  scene.blobs.push({
    x: 0,
    y: spineAt(scene.thorax, z) + 0.4,
    z,
    rx: 2,
    ry: 2,
    rz: 0.8,
    density: 0.9,
    softness: 0.4,
    within: "body",
  });
}

function brokenRib(scene: Scene, side: Side, { z, severity }: { z: number; severity: number }, draws: Draws): Blob[] {
  const { thorax } = scene;
  const angle = draws.between(-0.8, 0.5);
  const taper = taperAt(thorax, z);
  const place = {
    x: sideSign(side) * thorax.halfWidth * taper * Math.cos(angle),
    y: thorax.halfDepth * taper * Math.sin(angle),
    z,
  };
  const blood = 1.3 + 1.1 * severity;
  return [
    { ...place, rx: 0.9, ry: 0.9, rz: 0.9, density: 1.6, softness: 0.6, within: "body" },
    { ...place, rx: blood, ry: 1.6 * blood, rz: 1.5 * blood, density: 0.75, softness: 0.7, within: "body" },
  ];
}
