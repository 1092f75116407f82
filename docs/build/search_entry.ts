/**
 * What the search knows of a place in the site; shared by the build and the site's script.
 *
 * @module
 */

/** A section of a guide, or a symbol of the API. */
export interface SearchEntry {
  /** Path in the site, with an anchor. */
  readonly path: string;
  /** Heading or name. */
  readonly title: string;
  /** The page's title. */
  readonly page: string;
  readonly text: string;
}

/** Options of MiniSearch: what is indexed, and what is kept to show results. */
export const SEARCH_FIELDS = {
  fields: ["title", "page", "text"],
  storeFields: ["path", "title", "page"],
  searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" as const },
};
