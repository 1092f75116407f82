/**
 * Interactive legends.
 *
 * @module
 */
import { all } from "./page.ts";

/**
 * Turns legend entries into buttons: hovering highlights a method's curves in all figures, clicking hides or shows
 * them.
 */
export function setUpKeys(): void {
  for (const key of all<HTMLElement>(".key[data-arm]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "key";
    button.dataset["arm"] = key.dataset["arm"] ?? "";
    button.setAttribute("aria-pressed", "true");
    button.append(...Array.from(key.childNodes));
    key.replaceWith(button);
    button.addEventListener("click", () => toggle(button.dataset["arm"]!));
    highlightOnHover(button, button.dataset["arm"]!);
  }
}

/** Dims all other methods' curves while the element is hovered or focused. */
export function highlightOnHover(element: Element, arm: string): void {
  const root = document.documentElement.classList;
  for (const type of ["pointerenter", "focus"]) element.addEventListener(type, () => root.add(`lit-${arm}`));
  for (const type of ["pointerleave", "blur"]) element.addEventListener(type, () => root.remove(`lit-${arm}`));
}

function toggle(arm: string): void {
  const hidden = document.documentElement.classList.toggle(`off-${arm}`);
  for (const key of all(`button.key[data-arm="${arm}"]`)) key.setAttribute("aria-pressed", String(!hidden));
}
