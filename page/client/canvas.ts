/**
 * Pictures as canvases: the page loads none, so they need no address.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";

/** Changes of this size, in shares of the gray range, are shown as black or white. */
const FULL_CHANGE = 0.25;

/** A square canvas with a description for those who do not see it. */
export function pictureCanvas(h: Builder, { side, label }: { side: number; label: string }): HTMLCanvasElement {
  return h("canvas", { width: side, height: side, role: "img", "aria-label": label, class: "picture" });
}

/** Paints gray pixels: bytes, or numbers in [0, 1]. */
export function paint(canvas: HTMLCanvasElement, pixels: Uint8Array | Float32Array): void {
  const scale = pixels instanceof Uint8Array ? 1 : 255;
  paintGray(canvas, (i) => pixels[i]! * scale);
}

/** Paints the change between two pictures: gray where they are equal, lighter where the second one is. */
export function paintChange(canvas: HTMLCanvasElement, from: Float32Array, to: Float32Array): void {
  paintGray(canvas, (i) => 127.5 + (to[i]! - from[i]!) / FULL_CHANGE * 127.5);
}

function paintGray(canvas: HTMLCanvasElement, grayAt: (pixel: number) => number): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    // A Uint8ClampedArray rounds and clamps.
    image.data.fill(Math.round(grayAt(i)), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
