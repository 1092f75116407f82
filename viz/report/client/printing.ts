/**
 * Prepares the page for printing.
 *
 * @module
 */
import { all } from "./page.ts";

/** Opens collapsed details before printing and closes them again afterwards. */
export function setUpPrinting(): void {
  const closed = new Set<HTMLDetailsElement>();
  addEventListener("beforeprint", () => {
    for (const details of all<HTMLDetailsElement>("details:not([open])")) {
      details.open = true;
      closed.add(details);
    }
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
    closed.clear();
  });
}
