/**
 * Cells of CSV files.
 *
 * @module
 */

/** The text of a cell, quoted where it has to be (RFC 4180). */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
