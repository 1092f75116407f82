import { type Camera, project } from "./camera.ts";
import type { Field } from "./cast.ts";
import type { Draws } from "./draws.ts";
import type { Tube } from "./scene.ts";

/** An image in the making: attenuation at each pixel, row by row. */
export interface Film {
  width: number;
  height: number;
  values: Float32Array;
}

/** Samples a field at the pixels of a camera (bilinear). */
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

/** The pixel (fractional column and row) of a point of the plate; the inverse of what {@linkcode expose} samples by. */
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

/** Draws a tube: each piece adds its thickness, greatest in the middle of a solid and at the rim of a shell. */
export function drawTube(film: Film, tube: Tube, camera: Camera): void {
  const spots = tube.points.map((point) => pixelOf(camera, project(camera, point)));
  const pieces = spots.length - 1;
  for (let i = 0; i < pieces; i++) {
    const from = spots[i]!;
    const to = spots[i + 1]!;
    const radius = tube.radius[0] + (tube.radius[1] - tube.radius[0]) * (i + 0.5) / pieces;
    drawPiece(film, { from, to, radius: radius / camera.pixel, amount: tube.density * 2 * radius, tube });
  }
}

interface Piece {
  from: { column: number; row: number };
  to: { column: number; row: number };
  /** In pixels. */
  radius: number;
  /** What the middle of a solid adds. */
  amount: number;
  tube: Tube;
}

function drawPiece(film: Film, { from, to, radius, amount, tube }: Piece): void {
  const dx = to.column - from.column;
  const dy = to.row - from.row;
  const length2 = dx * dx + dy * dy;
  if (length2 < 1e-9) return;
  // A line thinner than a pixel is drawn a pixel wide and fainter.
  const reach = Math.max(radius, 0.75);
  const strength = amount * Math.min(1, radius / reach);
  const shell = tube.section === "shell";
  const firstRow = Math.max(0, Math.ceil(Math.min(from.row, to.row) - reach));
  const lastRow = Math.min(film.height - 1, Math.floor(Math.max(from.row, to.row) + reach));
  const firstColumn = Math.max(0, Math.ceil(Math.min(from.column, to.column) - reach));
  const lastColumn = Math.min(film.width - 1, Math.floor(Math.max(from.column, to.column) + reach));
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const px = column - from.column;
      const py = row - from.row;
      // Half-open, so that a pixel belongs to one piece of a smooth curve.
      const along = (px * dx + py * dy) / length2;
      if (along < 0 || along >= 1) continue;
      const off = px * dy - py * dx;
      const distance2 = off * off / (length2 * reach * reach);
      if (distance2 >= 1) continue;
      const thickness = Math.sqrt(1 - distance2);
      const i = row * film.width + column;
      film.values[i] = film.values[i]! +
        strength * (shell ? thickness * (0.45 + 0.9 * distance2) : thickness);
    }
  }
}

/**
 * Develops a film: the response of the plate with its exposure, uneven by a little, and grain; dark edges and a side marker;
 * then the histogram is equalised, as that of the real images is.
 */
export function develop(film: Film, camera: Camera, draws: Draws): Uint8Array<ArrayBuffer> {
  const { width, height, values } = film;
  const middle = (camera.view === "frontal" ? 15 : 21) + draws.around(0, 1);
  const contrast = 0.5 / (draws.between(4.5, 6.5) * (camera.view === "frontal" ? 1 : 1.3));
  const tiltX = draws.around(0, 0.9) / width;
  const tiltY = draws.around(0, 0.9) / height;
  const grain = draws.between(0.02, 0.045) * (camera.bedside ? 1.3 : 1) / 147.8;
  const levels = new Uint16Array(values.length);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const tilt = tiltX * (column - width / 2) + tiltY * (row - height / 2);
      const excess = (values[i]! + tilt - middle) * contrast;
      const response = 0.5 + 0.5 * excess / Math.sqrt(1 + excess * excess);
      // The sum of four uniform bytes is near enough to normal: mean 510, deviation 147.8.
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

/** Dark edges, and a lead letter at the patient's left: L on frontal images. */
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

/** Spreads levels over 0..255 by their cumulative histogram. */
export function equalised(levels: Uint16Array): Uint8Array<ArrayBuffer> {
  const counts = new Uint32Array(LEVELS);
  for (let i = 0; i < levels.length; i++) counts[levels[i]!]!++;
  const table = new Uint8Array(LEVELS);
  // The darkest level there is maps to 0, whatever its share.
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
