/**
 * Findings that one of a study's two views shows only faintly, so that a view alone tells less than both.
 *
 * @module
 */
import { Draws } from "./draws.ts";
import { type Finding, FINDINGS } from "./findings.ts";
import type { StudyState } from "./patients.ts";
import type { Ellipsoid, Lung, Scene } from "./scene.ts";

/** What is left of a finding's changes to the scene where it is faint: sizes, shifts and densities times this. */
export const FAINTNESS = 0.25;

/** Depth below the dome of the diaphragm at which fluid in the pleura begins to show. */
export const FLUID_DEPTH = 3.2;

/**
 * The findings that a view of a study shows only faintly. Each finding of each study is faint with a probability of
 * `share` in one of the views, either with equal probability, and in full in the other.
 *
 * The random stream is of its own, and a larger share keeps the faint findings of a smaller one.
 */
export function faintFindingsOf(
  { seed, index }: Pick<StudyState, "seed" | "index">,
  { view, share }: { view: "frontal" | "lateral"; share: number },
): ReadonlySet<Finding> {
  const draws = new Draws("phantom faint findings", seed, index);
  const faint = new Set<Finding>();
  for (const finding of FINDINGS) {
    const isFaint = draws.chance(share);
    const where = draws.chance(0.5) ? "frontal" : "lateral";
    if (isFaint && where === view) faint.add(finding);
  }
  return faint;
}

/** Makes a change to a scene, and takes back all but {@linkcode FAINTNESS} of it. */
export function changeFaintly(scene: Scene, change: () => void): void {
  const before = structuredClone(scene);
  change();
  scene.thorax = partway(before.thorax, scene.thorax);
  scene.mediastinum = partway(before.mediastinum, scene.mediastinum);
  scene.texture = partway(before.texture, scene.texture);
  for (const side of ["right", "left"] as const) scene.lungs[side] = faintLung(before.lungs[side], scene.lungs[side]);
  scene.organs = scene.organs.map((organ, i): Ellipsoid =>
    partway(before.organs[i] ?? { ...organ, rx: 0, ry: 0, rz: 0 }, organ)
  );
  for (const blob of scene.blobs.slice(before.blobs.length)) blob.density *= FAINTNESS;
  for (const tube of scene.tubes.slice(before.tubes.length)) {
    tube.density = [tube.density[0] * FAINTNESS, tube.density[1] * FAINTNESS];
  }
}

/** Fluid rises from where it begins to show, not from where it is kept while there is none. */
function faintLung(before: Lung, after: Lung): Lung {
  const fluid = after.fluid > before.fluid ? Math.max(before.fluid, after.dome - FLUID_DEPTH) : before.fluid;
  return partway({ ...before, fluid }, after);
}

function partway<T extends { [K in keyof T]: number }>(from: T, to: T): T {
  const numbers = Object.entries<number>(to).map(([key, value]) => {
    const start = from[key as keyof T];
    return [key, start + FAINTNESS * (value - start)];
  });
  return Object.fromEntries(numbers) as T;
}
