/**
 * The three-dimensional scene of a study. Both views are projections of one scene, so that its content appears in both
 * at consistent positions.
 *
 * Lengths are centimetres. x points to the patient's left, y to the front, z up; the origin lies between the hila.
 * Densities are relative to soft tissue (1); air is 0.
 *
 * @module
 */

import type { Finding } from "./findings.ts";

/** A point in space. */
export interface Point {
  /** Left of the midline, in centimetres. */
  x: number;
  /** Towards the front, in centimetres. */
  y: number;
  /** Up, in centimetres. */
  z: number;
}

/** An axis-aligned ellipsoid. */
export interface Ellipsoid extends Point {
  /** Radius along x. */
  rx: number;
  /** Radius along y. */
  ry: number;
  /** Radius along z. */
  rz: number;
}

/** An ellipsoid that adds to the attenuation. */
export interface Blob extends Ellipsoid {
  /** Added density; negative for gas. */
  density: number;
  /** Exponent of the edge profile: 0.5 is a sharp solid, larger values fade outwards. */
  softness: number;
  /** The lung to which the blob is confined, or the whole body. */
  within: "right" | "left" | "body";
}

/** A curve with a round cross-section that adds to the attenuation. */
export interface Tube {
  /** Points of the curve. */
  points: readonly Point[];
  /** Radius at the first and at the last point. */
  radius: readonly [number, number];
  /** Added density at the first and at the last point, with equal signs; negative for gas. */
  density: readonly [number, number];
  /** `shell` is dense at its rim, like cortical bone. */
  section: "solid" | "shell";
}

/** The side on which a finding was drawn. */
export type FindingSide = Side | "bilateral";

/** One lung and the pleura around it. */
export interface Lung {
  /** Height (z) of the dome of the diaphragm below, and the position of its top. */
  dome: number;
  /** Horizontal position of the dome's top. */
  domeX: number;
  /** Density of the aerated lung. */
  density: number;
  /** Thickness of solid pleura around the lung. */
  rind: number;
  /** Fluid level (z) in the pleura; below the lung if there is no fluid. */
  fluid: number;
  /** Rise of the fluid at the walls. */
  meniscus: number;
  /** Fluid layered behind the lung of a supine patient: added density over the whole lung. */
  veil: number;
  /** Collapse of the lung away from the chest wall, 0 to 1; free air fills the space. */
  collapse: number;
}

/** Everything in a scene. */
export interface Scene {
  /** Shape of the rib cage. */
  thorax: { halfWidth: number; halfDepth: number; apex: number; kyphosis: number };
  /** Thickness of the soft tissue around the thorax. */
  wall: number;
  /** Both lungs. */
  lungs: { right: Lung; left: Lung };
  /** Solids that displace lung: the chambers of the heart, the aortic arch. */
  organs: Ellipsoid[];
  /** Shape of the mediastinum. */
  mediastinum: { halfWidth: number; bulge: number; bulgeHeight: number; front: number; shift: number };
  /** Solids and gas that add to the attenuation. */
  blobs: Blob[];
  /** Bones, vessels and devices. */
  tubes: Tube[];
  /** Strength of the irregular texture of the lungs and of everything. */
  texture: { lungs: number; everywhere: number };
  /** The sides of the findings that were drawn; those in the middle of the body have none. */
  sides: Partial<Record<Finding, FindingSide>>;
  /** The kinds of support devices that were added. */
  devices: string[];
}

/** The patient's side; x is negative on the right. */
export type Side = "right" | "left";

/** -1 for the right, 1 for the left. */
export function sideSign(side: Side): -1 | 1 {
  return side === "right" ? -1 : 1;
}

/** Position (y) of the spine at height z: the upper part bends forward, more so with kyphosis. */
export function spineAt(thorax: Scene["thorax"], z: number): number {
  const above = Math.max(0, z + 6) / 16;
  const below = Math.max(0, -6 - z) / 10;
  return -thorax.halfDepth + 1.4 + thorax.kyphosis * above * above * 1.9 + 0.8 * below * below;
}

/** Width and depth of the thorax at height z as a fraction of their maximum. */
export function taperAt(thorax: Scene["thorax"], z: number): number {
  const height = (z + 3) / (thorax.apex + 3);
  if (height <= 0) return 1;
  return height >= 1 ? 0 : Math.pow(1 - Math.pow(height, 2.3), 0.62);
}
