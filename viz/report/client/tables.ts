/**
 * Interactive AUROC tables.
 *
 * @module
 */
import { aurocTable } from "../charts/auroc_table.ts";
import { sliceName } from "../figures/summary.ts";
import { aurocCsv } from "./csv.ts";
import { setUpGrid } from "./grid.ts";
import { highlightOnHover } from "./keys.ts";
import { all, byId, type Page } from "./page.ts";
import { setUpSorting } from "./sorting.ts";

/** Sets up sorting, keyboard navigation, slice selection and copying as CSV. */
export function setUpTables(page: Page): void {
  let slice = page.summary.primary;
  for (const table of all<HTMLTableElement>("table.auroc")) makeInteractive(table);
  const select = byId<HTMLSelectElement>("slice");
  select?.addEventListener("change", () => {
    slice = Number(select.value);
    for (const table of all<HTMLTableElement>("table.auroc")) {
      const fresh = aurocTable(page.h, page.summary, { slice, view: Number(table.dataset["view"]) });
      table.replaceWith(fresh);
      makeInteractive(fresh);
    }
    const name = sliceName(page.summary.slices[slice]!);
    for (const element of all("[data-slice-name]")) element.textContent = name;
  });
  const button = byId<HTMLButtonElement>("copy-csv");
  button?.addEventListener("click", () => void copy(page, { text: aurocCsv(page.summary, slice), button }));
}

function makeInteractive(table: HTMLTableElement): void {
  setUpSorting(table);
  setUpGrid(table);
  for (const heading of all<HTMLElement>("th[data-arm]", table)) highlightOnHover(heading, heading.dataset["arm"]!);
}

/** Copies with the Clipboard API or, where the browser denies it to local files, from a selected text area. */
async function copy(page: Page, { text, button }: { text: string; button: HTMLButtonElement }): Promise<void> {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    const area = page.h("textarea", { class: "visually-hidden", "aria-label": "CSV" });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const before = "Copy as CSV";
  button.textContent = done ? "Copied" : "Copying was blocked by the browser";
  announce(page, button.textContent);
  setTimeout(() => button.textContent = before, 2000);
}

function announce(page: Page, text: string): void {
  let region = byId("announcements");
  if (region === null) {
    region = page.h("div", { id: "announcements", class: "visually-hidden", role: "status" });
    document.body.append(region);
  }
  region.textContent = text;
}
