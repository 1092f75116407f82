/**
 * Random texture, so that tissue is not uniform.
 *
 * @module
 */
import type { Camera } from "./camera.ts";
import type { Field, Shadow } from "./cast.ts";
import type { Draws } from "./draws.ts";
import type { Scene, Side } from "./scene.ts";

/** Adds low-frequency unevenness and mottle to all tissue, and a texture to the lungs. */
export function addTexture(
  { attenuation, air }: Shadow,
  scene: Scene,
  { camera, draws }: { camera: Camera; draws: Draws },
): void {
  const { lungs, everywhere } = scene.texture;
  const tissue = attenuation.values.map((value) => Math.max(0, Math.min(1, value / 6)));
  const aerated = new Float32Array(tissue.length);
  for (const side of ["right", "left"] satisfies Side[]) {
    const lengths = air[side];
    for (let i = 0; i < aerated.length; i++) aerated[i] = aerated[i]! + Math.min(1, lengths[i]! / 8);
  }
  // Lateral rays pass through more tissue.
  const mottle = camera.view === "frontal" ? 2 : 2.8;
  addNoise(attenuation, { cell: 4, amount: 1.6 * everywhere, weights: tissue, draws });
  addNoise(attenuation, { cell: 1.9, amount: 0.8 * everywhere, weights: tissue, draws });
  addNoise(attenuation, { cell: 0.6, amount: mottle * everywhere, weights: tissue, draws });
  addNoise(attenuation, { cell: 0.9, amount: 1.2 * lungs, weights: aerated, draws });
}

/**
 * Adds a random quadratic B-spline surface times the weights, with coefficients uniform in +-amount on a randomly
 * shifted lattice of spacing `cell` centimetres.
 */
function addNoise(
  { columns, rows, step, values }: Field,
  { cell, amount, weights, draws }: { cell: number; amount: number; weights: Float32Array; draws: Draws },
): void {
  const stride = Math.ceil(columns * step / cell) + 4;
  const count = stride * (Math.ceil(rows * step / cell) + 4);
  const lattice = new Float32Array(count);
  for (let i = 0; i < count; i++) lattice[i] = draws.between(-amount, amount);
  const across = splineWeights(columns, { scale: step / cell, phase: draws.uniform() });
  const down = splineWeights(rows, { scale: step / cell, phase: draws.uniform() });
  const line = new Float32Array(stride);
  for (let row = 0; row < rows; row++) {
    const start = down.first[row]! * stride;
    const [a, b, c] = [down.low[row]!, down.middle[row]!, down.high[row]!];
    for (let i = 0; i < stride; i++) {
      line[i] = a * lattice[start + i]! + b * lattice[start + stride + i]! + c * lattice[start + 2 * stride + i]!;
    }
    for (let column = 0; column < columns; column++) {
      const i = across.first[column]!;
      const noise = across.low[column]! * line[i]! + across.middle[column]! * line[i + 1]! +
        across.high[column]! * line[i + 2]!;
      const place = row * columns + column;
      values[place] = values[place]! + noise * weights[place]!;
    }
  }
}

/** For each of `count` positions: the index of the first of its three coefficients, and their weights. */
function splineWeights(
  count: number,
  { scale, phase }: { scale: number; phase: number },
): { first: Int32Array; low: Float32Array; middle: Float32Array; high: Float32Array } {
  const first = new Int32Array(count);
  const [low, middle, high] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  for (let i = 0; i < count; i++) {
    const place = i * scale + phase;
    first[i] = Math.floor(place);
    const t = place - first[i]!;
    low[i] = 0.5 * (1 - t) * (1 - t);
    middle[i] = 0.5 + t - t * t;
    high[i] = 0.5 * t * t;
  }
  return { first, low, middle, high };
}
