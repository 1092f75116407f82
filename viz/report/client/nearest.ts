import { UNITS } from "../figures/curves.ts";
import type { Page } from "./page.ts";

/** How near a point must be to the pointer to be named, in pixels. */
const REACH = 14;

/** The name of the study that is drawn nearest to a place on the screen, or an empty string where none is near. */
export function nearestStudy(page: Page, chart: HTMLElement, at: { x: number; y: number }): string {
  const projection = page.latents.projections[Number(chart.dataset["projection"])];
  const box = chart.querySelector("svg.lines")?.getBoundingClientRect();
  if (projection === undefined || box === undefined) return "";
  let name = "";
  let least = REACH;
  projection.x.forEach((x, i) => {
    const dx = box.left + x / UNITS * box.width - at.x;
    const dy = box.top + (1 - projection.y[i]! / UNITS) * box.height - at.y;
    const distance = Math.hypot(dx, dy);
    if (distance >= least) return;
    least = distance;
    name = page.latents.names[projection.cases]![i]!;
  });
  return name;
}
