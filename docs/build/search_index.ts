/**
 * The search index: sections of guides and symbols of the API. It is built here and not in the reader's browser, which
 * loads it as a script, because pages opened from a disk may not fetch files.
 *
 * @module
 */
import MiniSearch from "minisearch";
import { SEARCH_FIELDS, type SearchEntry } from "./search_entry.ts";

/** The text of `search_index.js`. */
export function searchIndexScript(entries: readonly SearchEntry[]): string {
  const index = new MiniSearch<SearchEntry & { id: number }>(SEARCH_FIELDS);
  index.addAll(entries.map((entry, id) => ({ ...entry, id })));
  return `globalThis.MMVM_SEARCH_INDEX = ${JSON.stringify(JSON.stringify(index))};\n`;
}
