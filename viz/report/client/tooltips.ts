/**
 * Styled tooltips.
 *
 * @module
 */
import { nearestStudy } from "./nearest.ts";
import type { Page } from "./page.ts";

const SPACE = 12;

/**
 * Shows titles as tooltips immediately, for pointer and keyboard. Native tooltips are slow and do not appear on
 * keyboard focus; they remain the fallback without this script.
 */
export function setUpTooltips(page: Page): void {
  const box = page.h("div", { id: "tooltip", role: "tooltip", hidden: true });
  document.body.append(box);
  const texts = new WeakMap<Element, string>();
  let owner: Element | null = null;
  const hide = () => {
    owner?.removeAttribute("aria-describedby");
    owner = null;
    box.hidden = true;
  };
  const show = (target: EventTarget | null, at: { x: number; y: number } | null) => {
    const element = target instanceof Element ? target.closest("[title], .tipped, .point, [data-projection]") : null;
    if (element === null) return hide();
    const chart = element instanceof HTMLElement && element.dataset["projection"] !== undefined ? element : null;
    const text = chart === null ? textOf(element, texts) : at === null ? "" : nearestStudy(page, chart, at);
    if (text === "") return hide();
    if (element !== owner || chart !== null) {
      hide();
      owner = element;
      box.textContent = text;
      element.setAttribute("aria-describedby", "tooltip");
      box.hidden = false;
      (element.closest("dialog") ?? document.body).append(box);
    }
    place(box, at ?? belowOf(element));
  };
  document.addEventListener("pointermove", (event) => show(event.target, { x: event.clientX, y: event.clientY }));
  addEventListener("focusin", (event) => show(event.target, null));
  addEventListener("focusout", hide);
  addEventListener("scroll", () => {
    if (owner !== null && !owner.matches(":hover, :focus")) hide();
  }, { passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
}

/** Returns an element's title and removes it, so that the browser does not show it as well. */
function textOf(element: Element, texts: WeakMap<Element, string>): string {
  const known = texts.get(element);
  if (known !== undefined) return known;
  const child = element.querySelector(":scope > title");
  const text = element.getAttribute("title") ?? child?.textContent ?? "";
  element.removeAttribute("title");
  child?.remove();
  element.classList.add("tipped");
  texts.set(element, text);
  return text;
}

function belowOf(element: Element): { x: number; y: number } {
  const { left, width, bottom } = element.getBoundingClientRect();
  return { x: left + width / 2, y: bottom };
}

/** Positions the box next to the point, on the side with room. */
function place(box: HTMLElement, { x, y }: { x: number; y: number }): void {
  const { width, height } = box.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const left = x + SPACE + width > clientWidth ? Math.max(0, x - SPACE - width) : x + SPACE;
  const top = y + SPACE + height > clientHeight ? Math.max(0, y - SPACE - height) : y + SPACE;
  box.style.left = `${left}px`;
  box.style.top = `${top}px`;
}
