/**
 * A patient on the day of a study, as solids in space. Both views are projections of one scene, so whatever is in it shows
 * in both at consistent places.
 *
 * Lengths are centimetres. x points to the patient's left, y to the front, z up; the origin lies between the hila. Densities
 * are relative to soft tissue (1); air is 0.
 */

/** A point in space. */
export interface Point {
  x: number;
  y: number;
  z: number;
}

/** An axis-aligned ellipsoid. */
export interface Ellipsoid extends Point {
  rx: number;
  ry: number;
  rz: number;
}

/** An ellipsoid that adds to the attenuation. */
export interface Blob extends Ellipsoid {
  /** Added density; negative for gas. */
  density: number;
  /** Exponent of the edge: 0.5 is a sharp solid, larger ones fade outwards. */
  softness: number;
  /** The lung that the blob is confined to, or the whole body. */
  within: "right" | "left" | "body";
}

/** A curve with a round cross-section that adds to the attenuation. */
export interface Tube {
  points: readonly Point[];
  /** Radius at the first and at the last point. */
  radius: readonly [number, number];
  /** Added density at the first and at the last point, both of one sign; negative for gas. */
  density: readonly [number, number];
  /** `shell` is dense at its rim, as cortical bone is. */
  section: "solid" | "shell";
}

/** One lung and the pleura around it. */
export interface Lung {
  /** Top of the dome of the diaphragm under it (z), and where the top is. */
  dome: number;
  domeX: number;
  /** Density of the aerated lung. */
  density: number;
  /** Thickness of solid pleura around it. */
  rind: number;
  /** Height (z) that fluid fills the pleura to; below the lung where there is none. */
  fluid: number;
  /** How far the fluid climbs at the walls. */
  meniscus: number;
  /** Fluid layered behind the lung of a patient who lies down: added density all over. */
  veil: number;
  /** How far the lung has shrunk from the chest wall, 0 to 1; free air fills the rest. */
  collapse: number;
}

/** Everything that is drawn. */
export interface Scene {
  thorax: { halfWidth: number; halfDepth: number; apex: number; kyphosis: number };
  wall: number;
  lungs: { right: Lung; left: Lung };
  /** Solids that displace lung: the chambers of the heart, the aortic arch. */
  organs: Ellipsoid[];
  mediastinum: { halfWidth: number; bulge: number; bulgeHeight: number; front: number; shift: number };
  blobs: Blob[];
  tubes: Tube[];
  /** Strength of the irregular texture of the lungs and of everything. */
  texture: { lungs: number; everywhere: number };
}

/** The side of x: the patient's right is negative. */
export type Side = "right" | "left";

/** -1 for the right, 1 for the left. */
export function sideSign(side: Side): -1 | 1 {
  return side === "right" ? -1 : 1;
}

/** Where the spine runs at height z: it bends forward above, more so with kyphosis. */
export function spineAt(thorax: Scene["thorax"], z: number): number {
  const above = Math.max(0, z + 6) / 16;
  const below = Math.max(0, -6 - z) / 10;
  return -thorax.halfDepth + 1.4 + thorax.kyphosis * above * above * 1.9 + 0.8 * below * below;
}

/** The share of its greatest width and depth that the thorax has at height z. */
export function taperAt(thorax: Scene["thorax"], z: number): number {
  const height = (z + 3) / (thorax.apex + 3);
  if (height <= 0) return 1;
  return height >= 1 ? 0 : Math.pow(1 - Math.pow(height, 2.3), 0.62);
}
