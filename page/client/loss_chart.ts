/**
 * The curve of a loss during training.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";

const WIDTH = 600;
const HEIGHT = 160;
const MARGIN = 4;

/** Draws the loss of each step so far. */
export function lossChart(h: Builder, losses: readonly number[]): HTMLElement {
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const points = losses.map((loss, step) => {
    const x = MARGIN + (WIDTH - 2 * MARGIN) * step / Math.max(1, losses.length - 1);
    const y = MARGIN + (HEIGHT - 2 * MARGIN) * (high - loss) / (high - low || 1);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const label = `Loss of ${losses.length} steps, from ${losses[0]!.toFixed(1)} to ${losses.at(-1)!.toFixed(1)}`;
  return h(
    "figure",
    null,
    h.svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "loss-chart" },
      h.svg("polyline", { points: points.join(" "), class: "loss-line" }),
    ),
    h("figcaption", null, label),
  );
}
