/**
 * The lines of a text, one at a time.
 *
 * @module
 */

/**
 * The lines that are not empty, without their ends (LF or CRLF). Unlike `split("\n")` it makes nothing for empty lines,
 * so that a file of line ends alone costs no memory.
 */
export function* nonEmptyLines(text: string): Generator<string, void, void> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    const last = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    if (last > start) yield text.slice(start, last);
    start = end + 1;
  }
}
