/**
 * Text tables for the terminal.
 *
 * @module
 */
import { printable } from "./errors.ts";

/**
 * Formats a text table with left-aligned text and right-aligned numbers, followed by a blank line. Cells may contain
 * untrusted text: control characters are escaped, and line breaks become spaces.
 */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  const texts = [
    header,
    ...rows.map((row) => row.map((cell) => typeof cell === "number" ? cell.toLocaleString("en") : oneLine(cell))),
  ];
  const widths = header.map((_, column) => Math.max(...texts.map((row) => row[column]!.length)));
  const lines = texts.map((row) =>
    row.map((cell, column) => numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)).join(
      "  ",
    )
      .trimEnd()
  );
  return lines.join("\n") + "\n";
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, " "));
}
