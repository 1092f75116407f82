/**
 * Makes the pages of the documentation site, in memory.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { readApi } from "./api.ts";
import { apiPage, symbolAnchor } from "./api_page.ts";
import { type Entry, pageHtml } from "./html.ts";
import { brokenLinks, LinkResolver } from "./links.ts";
import { renderMarkdown } from "./markdown.ts";
import { API_MODULES, GUIDE_PAGES } from "./pages.ts";
import type { SearchEntry } from "./search_entry.ts";
import { searchIndexScript } from "./search_index.ts";
import { folderHtml, sourceHtml } from "./source_page.ts";

/** The files of the site by path. */
export type Site = ReadonlyMap<string, string | Uint8Array>;

/** What the site is made of. */
export interface SiteSources {
  /** The project's folder. */
  readonly root: string;
  /** What `deno doc` prints for these arguments. */
  readonly denoDoc: (args: readonly string[]) => Promise<string>;
  /** The site's script and style sheet. */
  readonly script: string;
  readonly style: string;
}

/** The site while it is made. */
class SiteBuilder {
  readonly pages = new Map<string, string>();
  readonly copies = new Map<string, Uint8Array>();
  readonly entries: SearchEntry[] = [];
  readonly links: LinkResolver;

  constructor(private readonly sources: SiteSources) {
    this.links = new LinkResolver((path) => kindOf(join(sources.root, path)));
  }

  async addGuides(): Promise<void> {
    for (const page of GUIDE_PAGES) {
      const { html, sections } = renderMarkdown(await this.#read(page.source), {
        resolve: (target) => this.links.resolve(target, page),
      });
      const headings = sections.map(({ heading }) => heading);
      this.#add(page, html, headings.filter(({ level }) => level === 2));
      for (const { heading: { text: title, id }, text } of sections) {
        this.entries.push({ path: `${page.path}#${id}`, title, page: page.title, text });
      }
    }
  }

  async addApi(): Promise<void> {
    const root = `file://${this.sources.root}/`;
    for (const page of API_MODULES) {
      const module = await readApi({ source: page.source, root, denoDoc: this.sources.denoDoc });
      const { body, parts } = apiPage(page.name, module);
      this.#add({ path: page.path, title: page.name }, body, parts);
      for (const { name, doc } of module.symbols) {
        const path = `${page.path}#${symbolAnchor(name)}`;
        this.entries.push({ path, title: name, page: `API: ${page.name}`, text: doc });
      }
    }
  }

  /** Adds the style sheet and the fonts of formulas. */
  async addFonts(): Promise<void> {
    const folder = join(this.sources.root, "node_modules/katex/dist");
    const fonts = [...Deno.readDirSync(join(folder, "fonts"))].map(({ name }) => `fonts/${name}`);
    for (const file of ["katex.min.css", ...fonts.filter((name) => name.endsWith(".woff2"))]) {
      this.copies.set(`katex/${file}`, await Deno.readFile(join(folder, file)));
    }
  }

  /** Adds the files that guides link to, and those that are in linked folders. */
  async addLinked(): Promise<void> {
    for (const { source, path } of this.links.linked.values()) {
      const file = join(this.sources.root, source);
      if (path.startsWith("source/") && path.endsWith("/index.html")) {
        const names = [...Deno.readDirSync(file)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
        this.#add({ path, title: source }, folderHtml(source, names), []);
        // The map grows while it is gone through, so these files are added too.
        for (const name of names) this.links.include(`${source}/${name}`, source);
      } else if (path.startsWith("source/")) {
        this.#add({ path, title: source }, sourceHtml(source, await this.#read(source)), []);
      } else {
        this.copies.set(path, await Deno.readFile(file));
        if (path.endsWith(".html")) this.#includeLinked(source, await this.#read(source));
      }
    }
  }

  /** Copies the pages beside a copied page to which it leads. */
  #includeLinked(source: string, html: string): void {
    for (const [, name] of html.matchAll(/\shref="(\w[\w.-]*\.html)"/g)) {
      this.links.include(join(dirname(source), name!), source);
    }
  }

  /** @throws {DataError} naming the links that lead nowhere. */
  finish(): Site {
    const all = new Map<string, string>([
      ...this.pages,
      ["site.js", this.sources.script],
      ["site.css", this.sources.style],
      ["search_index.js", searchIndexScript(this.entries)],
    ]);
    const broken = brokenLinks(new Map([...all, ...[...this.copies.keys()].map((path) => [path, ""] as const)]));
    if (broken.length > 0) {
      throw new DataError(`${broken.length} links of the site lead nowhere: correct ${broken.slice(0, 5).join(", ")}`);
    }
    return new Map<string, string | Uint8Array>([...all, ...this.copies]);
  }

  #add(page: { path: string; title: string }, body: string, contents: readonly Entry[]): void {
    this.pages.set(page.path, pageHtml({ ...page, body, contents }));
  }

  #read(source: string): Promise<string> {
    return Deno.readTextFile(join(this.sources.root, source));
  }
}

function kindOf(path: string): "file" | "folder" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Makes the site.
 *
 * @throws {DataError} naming links that lead nowhere.
 */
export async function buildSite(sources: SiteSources): Promise<Site> {
  const builder = new SiteBuilder(sources);
  await builder.addGuides();
  await builder.addApi();
  await builder.addLinked();
  await builder.addFonts();
  return builder.finish();
}
