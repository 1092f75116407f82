/**
 * Reads what a page has painted.
 *
 * @module
 */
import type { Page } from "playwright-core";

/** The gray pixels of the first canvas that a selector finds. */
export function pixelsOf(page: Page, selector: string): Promise<number[]> {
  return page.locator(selector).first().evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    // A copy, because Chromium complains about a canvas that is read repeatedly.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]!);
  });
}
