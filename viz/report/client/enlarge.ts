/**
 * The dialog that shows one panel of the small multiples enlarged.
 *
 * @module
 */
import { enlargedPanel } from "./enlarged_panel.ts";
import { all, type Page } from "./page.ts";

/** Opens panels of the small multiples in a dialog, which also shows every curve's value at a chosen x. */
export function setUpEnlarging(page: Page): void {
  const { h } = page;
  const title = h("h3", { id: "dialog-title" });
  const body = h("div", { class: "dialog-body" });
  const button = (text: string, act: () => void) => {
    const element = h("button", { type: "button" }, text);
    element.addEventListener("click", act);
    return element;
  };
  let current: HTMLElement | null = null;
  const show = (panel: HTMLElement | null) => {
    if (panel === null) return;
    current = panel;
    title.textContent = panel.dataset["title"] ?? "";
    body.replaceChildren(...enlargedPanel(page, panel));
  };
  const step = (by: number) => show(neighbour(current, by));
  const close = button("Close", () => dialog.close());
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    h(
      "div",
      { class: "dialog-head" },
      title,
      button("Previous label", () => step(-1)),
      button("Next label", () => step(1)),
      close,
    ),
    body,
  );
  document.body.append(dialog);
  dialog.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  for (const panel of all<HTMLElement>("button.panel")) {
    panel.addEventListener("click", () => {
      show(panel);
      dialog.showModal();
      close.focus();
    });
  }
}

/** The panel `by` positions further among those of the same view and kind, wrapping around at the ends. */
function neighbour(panel: HTMLElement | null, by: number): HTMLElement | null {
  const siblings = panel === null ? [] : all<HTMLElement>("button.panel", panel.closest(".panel-grid")!);
  const at = siblings.indexOf(panel!);
  return siblings[(at + by + siblings.length) % siblings.length] ?? null;
}
