/**
 * A part that is added to a report, with a script of its own, such as a model that runs in the page.
 *
 * @module
 */
import type { Builder } from "./markup/dom.ts";

/** What is added to a report. */
export interface AddedPart {
  /** Id of the part's element. */
  readonly id: string;
  /** What it is called in the table of contents. */
  readonly name: string;
  /** Whether it precedes or follows the report's sections. */
  readonly place: "first" | "last";
  /** What a reader must know before anything else. */
  readonly notice: string;
  /** Creates the part's element. */
  readonly build: (h: Builder) => HTMLElement;
  /** Data for the script, each in a script element of a type that browsers do not run. */
  readonly blocks: readonly { readonly id: string; readonly type: string; readonly text: string }[];
  /** The script, which may compile WebAssembly. */
  readonly script: string;
  /** The style sheet, which follows the report's. */
  readonly style: string;
}
