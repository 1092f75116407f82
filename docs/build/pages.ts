/**
 * The pages of the documentation site, in the order of its menu.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** A page made of a Markdown file. */
export interface GuidePage {
  /** Path in the project. */
  readonly source: string;
  /** Path in the site. */
  readonly path: string;
  /** Its entry in the menu. */
  readonly title: string;
}

/** Pages of the menu under one heading. */
export interface GuideGroup {
  readonly title: string;
  readonly pages: readonly GuidePage[];
}

function guide(name: string, title: string): GuidePage {
  return { source: `docs/${name}.md`, path: `${name}.html`, title };
}

function document(source: string, path: string, title: string): GuidePage {
  return { source, path, title };
}

/** All guides. */
export const GUIDES: readonly GuideGroup[] = [
  {
    title: "Use",
    pages: [
      document("README.md", "index.html", "Overview"),
      guide("getting_started", "Getting started"),
      guide("your_data", "Your own data"),
      guide("open_data", "Open data sets"),
      guide("methods", "Methods"),
      guide("optimisation", "Optimisation"),
      guide("evaluation", "Evaluation"),
      guide("augmentation", "Augmentation"),
      guide("logging", "Logs of training"),
      guide("experiments", "Experiments"),
      guide("reports", "Reports"),
      guide("model_page", "A run as a page"),
      guide("cluster", "On a cluster"),
      guide("faq", "Questions and errors"),
    ],
  },
  {
    title: "Program",
    pages: [
      guide("training", "Training a model"),
      guide("engine", "Engine tour"),
      guide("performance", "Performance"),
      document("bench/RESULTS.md", "results.html", "Benchmark results"),
      document("bench/NOTES.md", "notes.html", "Performance notes"),
    ],
  },
  {
    title: "Contribute",
    pages: [
      document("CONTRIBUTING.md", "contributing.html", "Contributing"),
      document("ARCHITECTURE.md", "architecture.html", "Architecture"),
      document("SECURITY.md", "security.html", "Security"),
      document("THIRD_PARTY.md", "third_party.html", "Third-party packages"),
      document("CHANGELOG.md", "changelog.html", "Changelog"),
    ],
  },
];

/** All guides, one after the other. */
export const GUIDE_PAGES: readonly GuidePage[] = GUIDES.flatMap(({ pages }) => pages);

/** The modules of the API, as `deno.json` exports them; `.` only re-exports the others. */
export const API_MODULES: readonly { readonly name: string; readonly source: string; readonly path: string }[] = Object
  .entries(config.exports)
  .filter(([name]) => name !== ".")
  .map(([name, source]) => [name.slice(2), source.slice(2)] as const)
  .map(([name, source]) => ({ name, source, path: `api/${name}.html` }));
