/**
 * Links of guides: where they lead to in the site, and whether they lead anywhere.
 *
 * @module
 */
import { dirname, join, normalize } from "node:path/posix";
import { DataError } from "../../base/errors.ts";
import { relativePath } from "./html.ts";
import { GUIDE_PAGES } from "./pages.ts";

/** A file or folder of the project that a guide links to and that is no guide itself. */
export type LinkedFile = { readonly source: string; readonly path: string };

/** Where links lead to, with the files that the site must therefore have. */
export class LinkResolver {
  /** Pictures and pages, which are copied, and sources, which are shown, by path in the project. */
  readonly linked = new Map<string, LinkedFile>();

  /** @param kindOf What is at a path of the project. */
  constructor(private readonly kindOf: (path: string) => "file" | "folder" | undefined) {}

  /**
   * The link of a page to a target as it is in the page's source.
   *
   * @throws {DataError} if there is no such file in the project.
   */
  resolve(target: string, page: { readonly source: string; readonly path: string }): string {
    if (/^(https?:|mailto:|#)/.test(target)) return target;
    const [file, anchor] = target.split("#") as [string, string?];
    const source = normalize(join(dirname(page.source), decodeURIComponent(file))).replace(/\/$/, "");
    const guide = GUIDE_PAGES.find((guide) => guide.source === source);
    const path = guide?.path ?? this.include(source, page.source);
    return relativePath(page.path, path) + (anchor === undefined ? "" : `#${anchor}`);
  }

  /**
   * Has the site show or copy a file or folder of the project; returns its path in the site.
   *
   * @param from The page that leads to it.
   * @throws {DataError} if there is no such file in the project.
   */
  include(source: string, from: string): string {
    const kind = this.kindOf(source);
    if (kind === undefined) {
      throw new DataError(`the link to ${source} leads nowhere: correct it`, { file: from });
    }
    const path = kind === "folder" ? `source/${source}/index.html` : copied(source) ?? `source/${source}.html`;
    this.linked.set(source, { source, path });
    return path;
  }
}

/** The path of a file that is copied as it is: a picture or a page. */
function copied(source: string): string | undefined {
  return /\.(png|svg|html)$/.test(source) ? source.replace(/^docs\//, "") : undefined;
}

/** Links of finished pages that lead nowhere, each as `PAGE: TARGET`. */
export function brokenLinks(pages: ReadonlyMap<string, string>): string[] {
  const anchors = new Map(
    [...pages].map(([path, html]) =>
      [path, new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id))] as const
    ),
  );
  return [...pages].flatMap(([path, html]) => {
    if (!path.endsWith(".html")) return [];
    const targets = [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target]) => target!);
    return targets.filter((target) => {
      if (/^(https?:|mailto:|data:)/.test(target)) return false;
      const [file, anchor] = target.split("#") as [string, string?];
      const to = file === "" ? path : normalize(join(dirname(path), file));
      const found = anchors.get(to);
      return !found || (anchor !== undefined && !found.has(decodeURIComponent(anchor)));
    }).map((target) => `${path}: ${target}`);
  });
}
