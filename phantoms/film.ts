/**
 * From attenuation to pixels: sampling, the detector's response, noise, collimation, markers and histogram
 * equalisation.
 *
 * @module
 */
import type { Camera } from "./camera.ts";
import type { Field } from "./cast.ts";
import type { Draws } from "./draws.ts";

/** Attenuation at each pixel, row-major. */
export interface Film {
  width: number;
  height: number;
  values: Float32Array;
}

/** Samples a field at the pixels of a camera by bilinear interpolation. */
export function expose(field: Field, camera: Camera): Film {
  const { width, height } = camera;
  const film: Film = { width, height, values: new Float32Array(width * height) };
  const cos = Math.cos(camera.angle) * camera.pixel / field.step;
  const sin = Math.sin(camera.angle) * camera.pixel / field.step;
  const lastColumn = field.columns - 1.001;
  const lastRow = field.rows - 1.001;
  const { values, columns } = field;
  for (let row = 0; row < height; row++) {
    const dy = row + 0.5 - height / 2;
    for (let column = 0; column < width; column++) {
      const dx = column + 0.5 - width / 2;
      const u = Math.max(0, Math.min(lastColumn, (camera.u - field.left) / field.step + dx * cos - dy * sin));
      const v = Math.max(0, Math.min(lastRow, (field.top - camera.v) / field.step + dx * sin + dy * cos));
      const i = Math.floor(u);
      const j = Math.floor(v);
      const at = j * columns + i;
      const upper = values[at]! + (values[at + 1]! - values[at]!) * (u - i);
      const lower = values[at + columns]! + (values[at + columns + 1]! - values[at + columns]!) * (u - i);
      film.values[row * width + column] = upper + (lower - upper) * (v - j);
    }
  }
  return film;
}

/** The pixel (fractional column and row) of a point on the detector; inverse of the mapping in {@linkcode expose}. */
export function pixelOf(camera: Camera, { u, v }: { u: number; v: number }): { column: number; row: number } {
  const cos = Math.cos(camera.angle) / camera.pixel;
  const sin = Math.sin(camera.angle) / camera.pixel;
  const right = u - camera.u;
  const down = camera.v - v;
  return {
    column: right * cos + down * sin + camera.width / 2 - 0.5,
    row: down * cos - right * sin + camera.height / 2 - 0.5,
  };
}

/**
 * Converts attenuation to pixels: exposure with slight unevenness, detector response and noise, collimated margins and
 * a side marker, and finally histogram equalisation, as in the real images.
 */
export function develop(film: Film, camera: Camera, draws: Draws): Uint8Array<ArrayBuffer> {
  const { width, height, values } = film;
  const middle = (camera.view === "frontal" ? 15 : 21) + draws.around(0, 1);
  const contrast = 0.5 / (draws.between(4.5, 6.5) * (camera.view === "frontal" ? 1 : 1.3));
  const tiltX = draws.around(0, 0.9) / width;
  const tiltY = draws.around(0, 0.9) / height;
  // Smoothing increases with resolution, so that full-size files are about as large as real ones.
  const smoothing = 1 + 3 * Math.min(1, 0.014 / camera.pixel);
  const grain = draws.between(0.025, 0.055) * (camera.bedside ? 1.3 : 1) / smoothing / 147.8;
  const levels = new Uint16Array(values.length);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const tilt = tiltX * (column - width / 2) + tiltY * (row - height / 2);
      const excess = (values[i]! + tilt - middle) * contrast;
      const response = 0.5 + 0.5 * excess / Math.sqrt(1 + excess * excess);
      // The sum of four uniform bytes is approximately normal: mean 510, standard deviation 147.8.
      const bits = draws.uint32();
      const sum = (bits & 255) + (bits >>> 8 & 255) + (bits >>> 16 & 255) + (bits >>> 24);
      levels[i] = Math.max(
        0,
        Math.min(LEVELS - 1, (response + (sum - 510) * grain * (0.2 + response)) * (LEVELS - 80) + 40),
      );
    }
  }
  mark(levels, camera, draws);
  return equalised(levels);
}

const LEVELS = 4096;

/** Draws the collimated margins and a lead marker at the patient's left: L on frontal images. */
function mark(levels: Uint16Array, camera: Camera, draws: Draws): void {
  const { width, height, edges } = camera;
  const [left, top, right, bottom] = edges.map((edge) => Math.round(edge / camera.pixel)) as [
    number,
    number,
    number,
    number,
  ];
  for (let row = 0; row < height; row++) {
    if (row < top || row >= height - bottom) levels.fill(0, row * width, (row + 1) * width);
    else {
      levels.fill(0, row * width, row * width + left);
      levels.fill(0, (row + 1) * width - right, (row + 1) * width);
    }
  }
  const size = 1.3 / camera.pixel;
  const column = Math.round(width * draws.between(0.86, 0.9));
  const upper = Math.round(height * draws.between(0.05, 0.12));
  if (camera.view !== "frontal" || draws.chance(0.3)) return;
  for (let row = upper; row < Math.min(height, upper + size); row++) {
    const foot = row > upper + 0.78 * size;
    const end = Math.min(width, column + size * (foot ? 0.65 : 0.2));
    for (let x = column; x < end; x++) levels[row * width + x] = LEVELS - 1;
  }
}

/** Equalises the histogram, mapping levels to 0..255. */
export function equalised(levels: Uint16Array): Uint8Array<ArrayBuffer> {
  const counts = new Uint32Array(LEVELS);
  for (let i = 0; i < levels.length; i++) counts[levels[i]!]!++;
  const table = new Uint8Array(LEVELS);
  // The darkest level present maps to 0, whatever its frequency.
  const darkest = counts.findIndex((count) => count > 0);
  const others = Math.max(1, levels.length - (counts[darkest] ?? 0));
  let below = 0;
  for (let level = darkest + 1; level < LEVELS; level++) {
    below += counts[level]!;
    table[level] = Math.round(below / others * 255);
  }
  const pixels = new Uint8Array(levels.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[levels[i]!]!;
  return pixels;
}
