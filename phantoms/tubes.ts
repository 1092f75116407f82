/**
 * Projects tubes: bones, vessels and devices.
 *
 * @module
 */
import { type Camera, project } from "./camera.ts";
import { type Film, pixelOf } from "./film.ts";
import type { Tube } from "./scene.ts";

/** Adds the projected thickness of tubes to a film: greatest at the centre of a solid and near the rim of a shell. */
export function drawTubes(film: Film, tubes: readonly Tube[], camera: Camera): void {
  const pixels = film.values.length;
  const layer: Layer = { film, amounts: new Float32Array(pixels), touched: new Int32Array(pixels), count: 0 };
  for (const tube of tubes) drawTube(layer, tube, camera);
}

/** Accumulates one tube: its pieces overlap at the joints, where only the maximum counts. */
interface Layer {
  film: Film;
  amounts: Float32Array;
  /** Pixels covered by the tube: the first `count`. */
  touched: Int32Array;
  count: number;
}

function drawTube(layer: Layer, tube: Tube, camera: Camera): void {
  const spots = tube.points.map((point) => pixelOf(camera, project(camera, point)));
  const pieces = spots.length - 1;
  layer.count = 0;
  for (let i = 0; i < pieces; i++) {
    const place = (i + 0.5) / pieces;
    const radius = tube.radius[0] + (tube.radius[1] - tube.radius[0]) * place;
    const density = tube.density[0] + (tube.density[1] - tube.density[0]) * place;
    addPiece(layer, {
      from: spots[i]!,
      to: spots[i + 1]!,
      radius: radius / camera.pixel,
      amount: 2 * radius * Math.abs(density),
      shell: tube.section === "shell",
    });
  }
  const { values } = layer.film;
  const sign = Math.sign(tube.density[0]);
  for (let k = 0; k < layer.count; k++) {
    const i = layer.touched[k]!;
    values[i] = values[i]! + sign * layer.amounts[i]!;
    layer.amounts[i] = 0;
  }
}

interface Piece {
  from: { column: number; row: number };
  to: { column: number; row: number };
  /** In pixels. */
  radius: number;
  /** Absolute attenuation added at the centre of a solid. */
  amount: number;
  shell: boolean;
}

function addPiece(layer: Layer, { from, to, radius, amount, shell }: Piece): void {
  const { film, amounts, touched } = layer;
  const dx = to.column - from.column;
  const dy = to.row - from.row;
  const inverse = 1 / Math.max(1e-9, dx * dx + dy * dy);
  // A line thinner than a pixel is drawn one pixel wide and fainter.
  const reach = Math.max(radius, 0.75);
  const most = amount * Math.min(1, radius / reach);
  const reach2 = reach * reach;
  const firstRow = Math.max(0, Math.ceil(Math.min(from.row, to.row) - reach));
  const lastRow = Math.min(film.height - 1, Math.floor(Math.max(from.row, to.row) + reach));
  const firstColumn = Math.max(0, Math.ceil(Math.min(from.column, to.column) - reach));
  const lastColumn = Math.min(film.width - 1, Math.floor(Math.max(from.column, to.column) + reach));
  // Of a row, only what is near the line through both ends: half of its width there, and a pixel for rounding.
  const slope = dy === 0 ? 0 : dx / dy;
  const halfWidth = dy === 0 ? Infinity : reach * Math.sqrt(dx * dx + dy * dy) / Math.abs(dy) + 1;
  for (let row = firstRow; row <= lastRow; row++) {
    const py = row - from.row;
    const middle = from.column + py * slope;
    const begin = Math.max(firstColumn, Math.ceil(middle - halfWidth));
    const end = Math.min(lastColumn, Math.floor(middle + halfWidth));
    for (let column = begin; column <= end; column++) {
      const px = column - from.column;
      const along = Math.max(0, Math.min(1, (px * dx + py * dy) * inverse));
      const offX = px - along * dx;
      const offY = py - along * dy;
      const away = (offX * offX + offY * offY) / reach2;
      if (away >= 1) continue;
      const added = Math.sqrt(1 - away) * (shell ? 0.45 + 0.9 * away : 1) * most;
      const i = row * film.width + column;
      const known = amounts[i]!;
      if (known >= added) continue;
      if (known === 0) touched[layer.count++] = i;
      amounts[i] = added;
    }
  }
}
