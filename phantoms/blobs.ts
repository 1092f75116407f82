/**
 * Projects the soft-edged ellipsoids of a scene.
 *
 * @module
 */
import { type Camera, project } from "./camera.ts";
import type { Shadow } from "./cast.ts";
import type { Blob, Scene } from "./scene.ts";

/** Adds the blobs of a scene to its shadow. Blobs confined to a lung add only where there is air to displace. */
export function addBlobs(shadow: Shadow, scene: Scene, camera: Camera): void {
  for (const blob of scene.blobs) addBlob(shadow, blob, camera);
  for (const arm of armsOf(scene, camera)) addBlob(shadow, arm, camera);
}

function addBlob({ attenuation, air }: Shadow, blob: Blob, camera: Camera): void {
  const { u, v } = project(camera, blob);
  const [across, along] = camera.view === "frontal" ? [blob.rx, blob.ry] : [blob.ry, blob.rx];
  const { left, top, step, columns, rows, values } = attenuation;
  const lung = blob.within === "body" ? undefined : air[blob.within];
  const firstRow = Math.max(0, Math.ceil((top - v - blob.rz) / step));
  const lastRow = Math.min(rows - 1, Math.floor((top - v + blob.rz) / step));
  const firstColumn = Math.max(0, Math.ceil((u - across - left) / step));
  const lastColumn = Math.min(columns - 1, Math.floor((u + across - left) / step));
  for (let row = firstRow; row <= lastRow; row++) {
    const dv = (top - row * step - v) / blob.rz;
    for (let column = firstColumn; column <= lastColumn; column++) {
      const du = (left + column * step - u) / across;
      const inside = 1 - du * du - dv * dv;
      if (inside <= 0) continue;
      const i = row * columns + column;
      const chord = 2 * along * Math.pow(inside, blob.softness);
      values[i] = values[i]! + blob.density * (lung === undefined ? chord : Math.min(chord, lung[i]!));
    }
  }
}

/** Arms hang or rest at the sides for a frontal image and are raised for a lateral one. */
function armsOf({ thorax, wall }: Scene, camera: Camera): Blob[] {
  const common = { density: 0.65, softness: 0.7, within: "body" } as const;
  return [-1, 1].map((sign) =>
    camera.view === "frontal"
      ? {
        ...common,
        x: sign * (thorax.halfWidth + wall + (camera.bedside ? 0.7 : 1.5)),
        y: -1,
        z: thorax.apex - (camera.bedside ? 6.2 : 5.5),
        rx: 7.5,
        ry: 5,
        rz: 12,
      }
      : { ...common, x: sign * 9, y: 1.5, z: thorax.apex + 3.5, rx: 4, ry: 6.5, rz: 6 }
  );
}
