/**
 * CSS rules that depend on the results.
 *
 * @module
 */
import type { Arm } from "./arms.ts";
import { PALETTE } from "./palette.ts";

/** Generates the CSS rules for the colour of each arm and for what legends and choices show, highlight and hide. */
export function methodStyles(arms: readonly Arm[], views: number): string {
  const slots = [...new Set(arms.map((arm) => arm.slot)), ...PALETTE.keys()];
  const colours = (theme: "light" | "dark") =>
    [...new Set(slots)].map((slot) => `.slot-${slot}{--colour:${PALETTE[slot]![theme]}}`).join("");
  const keys = arms.map((_, k) =>
    `.off-${k} :is(.chart,.curves) .arm-${k}{display:none}` +
    `.lit-${k} :is(.chart,.curves) .series:not(.arm-${k}):not(.band){opacity:.12}` +
    `.lit-${k} .lines .band{opacity:0}.lit-${k} .lines .band.arm-${k}{opacity:.22}`
  );
  const choose = (value: string, shown: string, all: string) =>
    `#curves:has([data-choice="${value}"]:checked) .panels${all}:not(${shown}){display:none}`;
  const choices = [
    ...Array.from({ length: views }, (_, v) => choose(`view-${v}`, `.view-${v}`, "")),
    ...["roc", "pr", "reliability", "scaled"].map((kind) => choose(kind, `.kind-${kind}`, "")),
  ];
  return `${colours("light")}@media screen and (prefers-color-scheme:dark){${colours("dark")}}` +
    `${keys.join("")}@media screen{${choices.join("")}}`;
}
