/**
 * Sortable tables.
 *
 * @module
 */
import { compareNaturally } from "../figures/natural_order.ts";
import { all } from "./page.ts";

/**
 * Turns column headings into buttons that sort the table body. Numbers sort in descending order first; missing values
 * come last in either order.
 */
export function setUpSorting(table: HTMLTableElement): void {
  const body = table.tBodies[0];
  if (body === undefined) return;
  const rows = Array.from(body.rows);
  const headings = all<HTMLTableCellElement>("thead th[data-sort]", table);
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...Array.from(heading.childNodes));
    heading.append(button);
    button.addEventListener("click", () => {
      const numeric = heading.dataset["sort"] === "number";
      const next = nextOrder(heading.getAttribute("aria-sort"), numeric ? "descending" : "ascending");
      for (const other of headings) other.removeAttribute("aria-sort");
      if (next !== null) heading.setAttribute("aria-sort", next);
      body.append(...(next === null ? rows : sorted(rows, { column, numeric, descending: next === "descending" })));
    });
  });
}

/** Cycles through the first order, the opposite order and the original order. */
function nextOrder(current: string | null, first: "ascending" | "descending"): "ascending" | "descending" | null {
  if (current === null) return first;
  return current === first ? (first === "ascending" ? "descending" : "ascending") : null;
}

function sorted(
  rows: readonly HTMLTableRowElement[],
  by: { column: number; numeric: boolean; descending: boolean },
): HTMLTableRowElement[] {
  const sign = by.descending ? -1 : 1;
  const cell = (row: HTMLTableRowElement) => row.cells[by.column]!;
  return rows.toSorted((a, b) => {
    if (!by.numeric) return sign * compareNaturally(cell(a).textContent ?? "", cell(b).textContent ?? "");
    const [x, y] = [numberOf(cell(a)), numberOf(cell(b))];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

function numberOf(cell: HTMLTableCellElement): number | null {
  const text = cell.dataset["value"];
  return text === undefined ? null : Number(text);
}
