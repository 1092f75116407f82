/**
 * The document that Observable Plot draws into: `Plot.plot({ document, ... })`. Deno has none of its own.
 *
 * @module
 */
import { parseHTML } from "linkedom";

/** An empty document. */
export const document: Document = parseHTML("<html><body></body></html>").document;
