/**
 * Highlights the current section in the table of contents.
 *
 * @module
 */
import { all } from "./page.ts";

/** Marks the section being read in the table of contents. */
export function setUpContents(): void {
  const links = all<HTMLAnchorElement>("nav.contents a");
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links) {
        if (link.hash === `#${entry.target.id}`) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of all("main > section")) observer.observe(section);
}
