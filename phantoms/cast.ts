/**
 * Ray casting: integrates attenuation and air along parallel rays through the soft tissues of a scene.
 *
 * @module
 */
import { type Camera, project } from "./camera.ts";
import { type Ellipsoid, type Lung, type Scene, type Side, sideSign, spineAt, taperAt } from "./scene.ts";

/** Values on a grid over the detector; row 0 is at the top. */
export interface Field {
  columns: number;
  rows: number;
  /** Detector coordinates of the first value, and the grid spacing, in centimetres. */
  left: number;
  top: number;
  step: number;
  values: Float32Array;
}

/** Integrals along the rays of an image: attenuation, and the air-filled length in each lung. */
export interface Shadow {
  attenuation: Field;
  air: Readonly<Record<Side, Float32Array>>;
}

const HALF_WIDTH = 24;
const TOP = 22;
const BOTTOM = -26;
const SIDES: readonly Side[] = ["right", "left"];

// Exponent of the superellipse of the thorax; an ellipse has 2.
const ROUNDNESS = 2.3;
const CHORDS = Float64Array.from({ length: 1026 }, (_, i) => {
  const u = Math.min(1, i / 1024);
  return Math.pow(1 - Math.pow(u, ROUNDNESS), 1 / ROUNDNESS);
});

/** Half the chord of the unit cross-section at |u|, 0 outside. */
function chord(u: number): number {
  const place = Math.abs(u) * 1024;
  if (place >= 1024) return 0;
  const i = Math.floor(place);
  const low = CHORDS[i]!;
  return low + (CHORDS[i + 1]! - low) * (place - i);
}

/**
 * Casts parallel rays through the soft tissues of a scene. Bones, vessels and devices are drawn on top of the result.
 */
export function castShadow(scene: Scene, camera: Camera, step: number): Shadow {
  const columns = Math.ceil(2 * HALF_WIDTH / step) + 1;
  const rows = Math.ceil((TOP - BOTTOM) / step) + 1;
  const field: Field = {
    columns,
    rows,
    left: -HALF_WIDTH,
    top: TOP,
    step,
    values: new Float32Array(columns * rows),
  };
  const air = { right: new Float32Array(columns * rows), left: new Float32Array(columns * rows) };
  for (let row = 0; row < rows; row++) castRow(scene, camera, { field, air, row });
  return { attenuation: field, air };
}

/**
 * The cross-section of a solid at the height of a row: its chord at u is 2 ray sqrt(base - ((u - centre) / half)^2).
 */
interface Section {
  centre: number;
  half: number;
  base: number;
  ray: number;
  rayCentre: number;
}

function castRow(
  scene: Scene,
  camera: Camera,
  { field, air, row }: { field: Field; air: Record<Side, Float32Array>; row: number },
): void {
  const z = field.top - row * field.step;
  const sections = sectionsAt(scene, camera, z);
  const body = bodyAt(scene, camera, z);
  const chest = chestAt(scene, camera, z);
  for (let column = 0; column < field.columns; column++) {
    const u = field.left + column * field.step;
    const i = row * field.columns + column;
    let attenuation = 2 * body.ray * chord((u - body.centre) / body.half);
    if (chest.half > 0) {
      for (const side of SIDES) {
        const length = airLength(chest, sections, { side, u, z });
        if (length <= 0) continue;
        air[side][i] = length;
        attenuation += length * (lungDensity(chest, { side, u, z }) - 1);
      }
    }
    field.values[i] = attenuation;
  }
}

function bodyAt({ thorax, wall }: Scene, camera: Camera, z: number): { centre: number; half: number; ray: number } {
  // Above the shoulders the body narrows to the neck.
  const rise = Math.max(0, Math.min(1, (z - thorax.apex + 5) / 9.5));
  const neck = rise * rise * (3 - 2 * rise);
  const halfWidth = (thorax.halfWidth + wall + 0.8) * (1 - neck) + 6.2 * neck;
  const halfDepth = (thorax.halfDepth + wall) * (1 - neck) + 6.2 * neck;
  const y = (spineAt(thorax, z) + thorax.halfDepth - 1.4) * 0.7;
  return camera.view === "frontal"
    ? { centre: 0, half: halfWidth, ray: halfDepth }
    : { centre: -y, half: halfDepth, ray: halfWidth };
}

interface Chest {
  frontal: boolean;
  scene: Scene;
  /** Half extents perpendicular to and along the rays, and their centres. */
  half: number;
  ray: number;
  centre: number;
  rayCentre: number;
  shift: number;
  turn: number;
}

function chestAt(scene: Scene, camera: Camera, z: number): Chest {
  const { thorax } = scene;
  const taper = taperAt(thorax, z);
  const bend = spineAt(thorax, z) + thorax.halfDepth - 1.4;
  const width = thorax.halfWidth * taper;
  const depth = taper === 0 ? 0 : Math.max(0.1, thorax.halfDepth * Math.pow(taper, 0.8) - 0.5 * bend);
  const frontal = camera.view === "frontal";
  const common = { frontal, scene, shift: scene.mediastinum.shift, turn: camera.turn };
  return frontal
    ? { ...common, half: width, ray: depth, centre: 0.5 * bend * camera.turn, rayCentre: 0.5 * bend }
    : { ...common, half: depth, ray: width, centre: -0.5 * bend, rayCentre: 0 };
}

const starts = new Float64Array(16);
const ends = new Float64Array(16);

/** The length of a ray inside one lung that is not occupied by solids. */
function airLength(
  chest: Chest,
  sections: readonly Section[],
  { side, u, z }: { side: Side; u: number; z: number },
): number {
  const lung = chest.scene.lungs[side];
  const sign = sideSign(side);
  let low: number;
  let high: number;
  if (chest.frontal) {
    // A frontal ray passes through only one lung, that of its side.
    if ((u < 0.3 * chest.shift) !== (sign < 0)) return 0;
    const half = (chest.ray - 0.6 * lung.rind) * chord((u - chest.centre) / (chest.half - lung.rind));
    low = chest.rayCentre - half;
    high = chest.rayCentre + half;
  } else {
    const half = chest.ray * chord((u - chest.centre) / (chest.half - 0.6 * lung.rind)) - lung.rind;
    low = sign < 0 ? -half : 0;
    high = sign < 0 ? 0 : half;
  }
  if (high <= low) return 0;
  let count = 0;
  for (const section of sections) {
    const across = (u - section.centre) / section.half;
    const inside = section.base - across * across;
    if (inside <= 0) continue;
    const half = section.ray * Math.sqrt(inside);
    count = insert(count, section.rayCentre - half, section.rayCentre + half);
  }
  count = insertDome(count, lung, { chest, u, z });
  const length = high - low - covered(count, low, high);
  return length <= 0 ? 0 : length * (1 - fluidShare(chest, lung, { u, z }));
}

/** The diaphragm is a paraboloid, flat at the top and descending to the wall, most steeply at the back. */
function insertDome(count: number, lung: Lung, { chest, u, z }: { chest: Chest; u: number; z: number }): number {
  const steepX = 0.105;
  const steepY = 0.048;
  const domeY = 1.5;
  const across = chest.frontal ? u - lung.domeX : -u - domeY;
  const inside = lung.dome - (chest.frontal ? steepX : steepY) * across * across - z;
  if (inside <= 0) return count;
  const half = Math.sqrt(inside / (chest.frontal ? steepY : steepX));
  const centre = chest.frontal ? domeY : lung.domeX;
  return insert(count, centre - half, centre + half);
}

function insert(count: number, start: number, end: number): number {
  let i = count;
  while (i > 0 && starts[i - 1]! > start) {
    starts[i] = starts[i - 1]!;
    ends[i] = ends[i - 1]!;
    i--;
  }
  starts[i] = start;
  ends[i] = end;
  return count + 1;
}

/** The length of [low, high] covered by the union of the sorted intervals. */
function covered(count: number, low: number, high: number): number {
  let total = 0;
  let reached = low;
  for (let i = 0; i < count; i++) {
    const start = Math.max(reached, starts[i]!);
    const end = Math.min(high, ends[i]!);
    if (end <= start) continue;
    total += end - start;
    reached = end;
  }
  return total;
}

/** The fraction of a ray's air replaced by fluid: zero above the meniscus, which rises at the walls. */
function fluidShare(chest: Chest, lung: Lung, { u, z }: { u: number; z: number }): number {
  if (lung.fluid < BOTTOM) return 0;
  const place = (u - chest.centre) / (chest.half + 0.01);
  const climb = chest.frontal ? place * place * place * place : 0.8 * place * place;
  const depth = lung.fluid + lung.meniscus * climb - z;
  return 1 / (1 + Math.exp(-depth / 0.45));
}

/** Mean density along a ray through one lung: higher below because of gravity, zero where free air has replaced it. */
function lungDensity(chest: Chest, { side, u, z }: { side: Side; u: number; z: number }): number {
  const lung = chest.scene.lungs[side];
  const density = lung.density * (1 - 0.012 * z) + lung.veil;
  if (lung.collapse === 0) return density;
  const top = chest.scene.thorax.apex - 9 * lung.collapse;
  const reach = 1 - lung.collapse * Math.max(0.45, Math.min(1, 0.7 + 0.03 * z));
  const place = Math.abs(u - chest.centre) / (chest.half + 0.01);
  const outside = Math.max((place - reach) * 10, (z - top) * 1.5);
  const free = 1 / (1 + Math.exp(-3 * outside));
  return density * (1 - (chest.frontal ? free : 0.85 * free));
}

/** The cross-sections at height z of all solids that displace lung. */
function sectionsAt(scene: Scene, camera: Camera, z: number): Section[] {
  const { thorax, mediastinum } = scene;
  const sections: Section[] = [];
  const add = ({ x, y, rx, ry }: Omit<Ellipsoid, "z" | "rz">, base: number): void => {
    const { u, ray } = project(camera, { x, y, z });
    sections.push(
      camera.view === "frontal"
        ? { centre: u, half: rx, base, ray: ry, rayCentre: ray }
        : { centre: u, half: ry, base, ray: rx, rayCentre: ray },
    );
  };
  const drag = mediastinum.shift * Math.max(0.25, Math.min(1, (9 - z) / 9));
  for (const organ of scene.organs) {
    const grown = organ.y > 0 ? camera.magnification : 1;
    const height = (z - organ.z) / (organ.rz * grown);
    const base = 1 - height * height;
    if (base > 0) {
      add({ ...organ, x: organ.x * grown + drag, rx: organ.rx * grown, ry: organ.ry * grown }, base);
    }
  }
  const above = (z - mediastinum.bulgeHeight) / 4.5;
  const halfWidth = (mediastinum.halfWidth + mediastinum.bulge * Math.exp(-above * above)) *
    (z > 8 ? 1 + 0.05 * (z - 8) : 1);
  add({ x: drag, y: -1.5, rx: halfWidth, ry: mediastinum.front + 1.5 }, 1);
  add({ x: 0, y: spineAt(thorax, z), rx: 1.7, ry: 2.3 }, 1);
  return sections;
}
