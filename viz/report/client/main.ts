/**
 * Entry point of the report's script, which adds sorting, interactive legends, tooltips, redrawing and enlarged panels.
 * The report remains readable without it.
 *
 * @module
 */
import { createBuilder } from "../markup/dom.ts";
import { type PackedPageData, PAGE_DATA_ID, unpackPageData } from "../page_data.ts";
import { setUpContents } from "./contents.ts";
import { setUpEnlarging } from "./enlarge.ts";
import { setUpKeys } from "./keys.ts";
import { setUpPrinting } from "./printing.ts";
import { setUpRedrawing } from "./redraw.ts";
import { setUpTables } from "./tables.ts";
import { setUpTooltips } from "./tooltips.ts";

const source = document.getElementById(PAGE_DATA_ID)?.textContent;
if (source) {
  const page = { h: createBuilder(document), ...unpackPageData(JSON.parse(source) as PackedPageData) };
  document.documentElement.classList.add("scripted");
  setUpTables(page);
  setUpRedrawing(page);
  setUpKeys();
  setUpEnlarging(page);
  setUpTooltips(page);
  setUpContents();
  setUpPrinting();
}
