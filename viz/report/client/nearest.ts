/**
 * Hit testing for scatter plots, whose points are one path and so have no elements to point at.
 *
 * @module
 */
import { UNITS } from "../figures/curves.ts";
import type { Page } from "./page.ts";

/** Largest distance between pointer and point, in pixels. */
const REACH = 14;

/** The name of the study drawn nearest to a screen position; empty if none is within {@linkcode REACH}. */
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
