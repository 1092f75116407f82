/**
 * Keyboard navigation of the AUROC tables.
 *
 * @module
 */

/**
 * Makes a table navigable with the keyboard (the grid pattern of the ARIA Authoring Practices): one tab stop, then
 * arrow keys, Home and End, so that every interval can be read without a pointer.
 */
export function setUpGrid(table: HTMLTableElement): void {
  table.setAttribute("role", "grid");
  const first = table.querySelector<HTMLElement>("tbody td");
  for (const cell of table.querySelectorAll<HTMLElement>("tbody th, tbody td, tfoot th, tfoot td")) {
    cell.tabIndex = cell === first ? 0 : -1;
  }
  table.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (cell === null || cell.closest("thead") !== null) return;
    table.querySelector<HTMLElement>('td[tabindex="0"], tbody th[tabindex="0"], tfoot th[tabindex="0"]')
      ?.setAttribute("tabindex", "-1");
    cell.tabIndex = 0;
  });
  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    if (cell === null || cell.closest("thead") !== null) return;
    const target = neighbour(table, cell, event.key);
    if (target === null) return;
    event.preventDefault();
    target.focus();
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}

function cellOf(target: EventTarget | null): HTMLTableCellElement | null {
  return target instanceof Element ? target.closest<HTMLTableCellElement>("td, th") : null;
}

/** The next cell in the direction of a key, skipping hidden columns. */
function neighbour(table: HTMLTableElement, cell: HTMLTableCellElement, key: string): HTMLElement | null {
  const row = cell.parentElement as HTMLTableRowElement;
  const rows = [
    ...Array.from(table.tBodies).flatMap((body) => Array.from(body.rows)),
    ...Array.from(table.tFoot?.rows ?? []),
  ];
  const at = rows.indexOf(row);
  if (key === "ArrowDown" || key === "ArrowUp") {
    return rows[at + (key === "ArrowDown" ? 1 : -1)]?.cells[cell.cellIndex] ?? null;
  }
  const shown = Array.from(row.cells).filter((other) => other.offsetParent !== null);
  const column = shown.indexOf(cell);
  if (key === "ArrowRight") return shown[column + 1] ?? null;
  if (key === "ArrowLeft") return shown[column - 1] ?? null;
  if (key === "Home") return shown[0] ?? null;
  if (key === "End") return shown.at(-1) ?? null;
  return null;
}
