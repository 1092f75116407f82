/**
 * Text tables for the terminal.
 *
 * @module
 */
import { printable } from "./errors.ts";

/**
 * Lays out a table as text: texts to the left, numbers to the right, a blank line after. Cells may be of a file from
 * elsewhere: their control characters are shown, and line ends are spaces.
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
