/**
 * The site's script: search, and a menu that is closed on small screens.
 *
 * @module
 */
import MiniSearch from "minisearch";
import { SEARCH_FIELDS, type SearchEntry } from "./search_entry.ts";

const MOST = 12;

declare global {
  var MMVM_SEARCH_INDEX: string;
}

const root = document.body.dataset.root ?? "";
const input = document.querySelector<HTMLInputElement>("#search")!;
const list = document.querySelector<HTMLUListElement>("#results")!;

let index: MiniSearch<SearchEntry> | undefined;
let selected = -1;

/** The results of what has been typed. */
function update(): void {
  index ??= MiniSearch.loadJSON<SearchEntry>(MMVM_SEARCH_INDEX, SEARCH_FIELDS);
  const query = input.value.trim();
  const found = query === "" ? [] : index.search(query).slice(0, MOST);
  list.replaceChildren(...found.map(({ path, title, page }, i) => {
    const item = document.createElement("li");
    item.id = `result-${i}`;
    item.role = "option";
    const link = document.createElement("a");
    link.href = root + path;
    link.tabIndex = -1;
    link.append(title);
    const where = document.createElement("small");
    where.textContent = page;
    item.append(link, " ", where);
    return item;
  }));
  if (query !== "" && found.length === 0) {
    const item = document.createElement("li");
    item.role = "option";
    item.setAttribute("aria-disabled", "true");
    item.textContent = "Nothing found";
    list.append(item);
  }
  show(query !== "");
  select(found.length > 0 ? 0 : -1);
}

function show(open: boolean): void {
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
}

function select(to: number): void {
  selected = to;
  [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === to)));
  if (to >= 0) {
    input.setAttribute("aria-activedescendant", `result-${to}`);
    list.children[to]?.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

input.addEventListener("input", update);
input.addEventListener("focus", () => input.value !== "" && update());
input.addEventListener("keydown", (event) => {
  const links = list.querySelectorAll("a");
  if (event.key === "Escape") show(false);
  else if (event.key === "Enter") links[selected]?.click();
  else if (links.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    select((selected + (event.key === "ArrowDown" ? 1 : links.length - 1)) % links.length);
  }
});
document.addEventListener("click", (event) => {
  if (!(event.target as Element).closest("search")) show(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target === input) return;
  event.preventDefault();
  input.focus();
});

// The menu is open in the file, so that it can be used without this script.
const menu = document.querySelector<HTMLDetailsElement>(".menu details")!;
if (matchMedia("(max-width: 60rem)").matches) menu.open = false;
