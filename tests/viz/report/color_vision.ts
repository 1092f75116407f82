/**
 * Simulates colour vision deficiencies and measures how distinguishable colours remain.
 *
 * @module
 */

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Kinds of colour vision. */
export type Vision = "normal" | "protanopia" | "deuteranopia" | "tritanopia";

/** Simulation matrices for linear RGB at full severity (Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009). */
const SIMULATION: Readonly<Record<Vision, Matrix>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** Matrices from linear sRGB to cone responses, and from those to OKLab (Ottosson, 2020). */
const TO_CONES: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_LAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

/** The OKLab distance, times 100, of two colours `#rrggbb` under a kind of vision; about 2 is just noticeable. */
export function distanceSeen(a: string, b: string, vision: Vision): number {
  const [p, q] = [seen(a, vision), seen(b, vision)];
  return 100 * Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/** The contrast ratio of two colours `#rrggbb` as WCAG 2 defines it, from 1 to 21. */
export function contrast(a: string, b: string): number {
  const luminance = (color: string) => {
    const [red, green, blue] = linear(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function seen(color: string, vision: Vision): Triple {
  const clamped = multiply(SIMULATION[vision], linear(color)).map((v) => Math.min(1, Math.max(0, v)));
  return multiply(TO_LAB, multiply(TO_CONES, clamped as unknown as Triple).map(Math.cbrt) as unknown as Triple);
}

function linear(color: string): Triple {
  return [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

function multiply(matrix: Matrix, [x, y, z]: Triple): Triple {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;
}
