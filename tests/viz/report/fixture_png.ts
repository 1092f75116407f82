/**
 * Synthetic pictures for the fixture.
 *
 * @module
 */
import { crc32, deflateSync } from "node:zlib";
import { Buffer } from "node:buffer";

/** A small grayscale PNG in base64 that vaguely resembles a chest X-ray: dark lungs in a bright body. */
export function grayPng(options: { size: number; seed: number; lateral: boolean; blur: number }): string {
  const { size } = options;
  const rows = new Uint8Array(size * (size + 1));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) rows[y * (size + 1) + x + 1] = shade((x + 0.5) / size, (y + 0.5) / size, options);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, size);
  view.setUint32(4, size);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
  const file = [signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", new Uint8Array())];
  return Buffer.concat(file).toString("base64");
}

function shade(x: number, y: number, options: { seed: number; lateral: boolean; blur: number }): number {
  const soft = 18 - 5 * options.blur;
  const bump = (cx: number, cy: number, radius: { x: number; y: number }) =>
    1 / (1 + Math.exp(soft * (Math.hypot((x - cx) / radius.x, (y - cy) / radius.y) - 1)));
  const wide = 0.02 * (options.seed % 4);
  const body = 150 * bump(0.5, 0.6, { x: 0.46, y: 0.62 });
  const lungs = options.lateral
    ? bump(0.52, 0.48, { x: 0.27, y: 0.33 })
    : bump(0.3, 0.48, { x: 0.15, y: 0.3 }) + bump(0.7, 0.48, { x: 0.15, y: 0.3 });
  const heart = bump(0.55, 0.66, { x: 0.14 + wide, y: 0.16 });
  return Math.max(0, Math.min(255, 30 + body - 110 * lungs + 90 * heart));
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}
