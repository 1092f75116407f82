/**
 * Reads the label files beside CheXpert Plus's table.
 *
 * @module
 */
import { DataError } from "../../../base/errors.ts";
import { exists, findTable } from "../find_table.ts";
import { join } from "node:path";
import type { DropLog, DropReason } from "../../index/drop_log.ts";
import { CHEST_LABELS, LABEL_ALIASES } from "../../index/labels.ts";
import { readCsv } from "../csv.ts";
import { decodeText } from "../decode_text.ts";
import { badRow, badRowExample } from "../label_table.ts";
import { readChunks } from "../read_chunks.ts";

/** Folders and names of the label files, likeliest first: CheXbert's labels of whole reports, then of sections. */
const FOLDERS = ["", "chexbert_labels", "labels"];
const NAMES = ["report_fixed", "impression_fixed", "findings_fixed"];
const TABLES = ["train_cheXbert", "train", "chexpert_labels"];

/** A line of a label file is shorter than this. */
const MAX_LINE = 2 ** 16;

const BAD_LINE: DropReason = {
  step: "labels",
  reason: "line of the label file is not a JSON object with path_to_image",
  unit: "row",
  fault: true,
};

/** Finds a label file: CheXbert's JSON lines, or a table with a path and the 14 labels. */
export function findChexpertPlusLabels(root: string): string | undefined {
  const places = FOLDERS.map((folder) => join(root, folder));
  for (const name of NAMES) {
    const found = places.map((place) => join(place, `${name}.json`)).find((path) => exists(path, "file"));
    if (found !== undefined) return found;
  }
  return places.map((place) => findTable(place, TABLES)).find((path) => path !== undefined);
}

/** A row of a label file: the path of an image, and the cells of the 14 labels as text. */
export type OnLabels = (path: string, cells: readonly string[], line: number) => void;

/**
 * Reads a label file: JSON lines (`{"path_to_image": ..., "Edema": 1.0, ...}`) or a table with the column
 * `path_to_image` or `Path`. Lines that are neither are counted in `drops`.
 *
 * @throws {DataError} for a file that has no usable line.
 */
export async function readChexpertPlusLabels(
  path: string,
  { drops, onLabels, signal }: { drops: DropLog; onLabels: OnLabels; signal: AbortSignal | undefined },
): Promise<void> {
  let usable = 0;
  if (!/\.json$/.test(path)) {
    usable = await readCsv(path, {
      columns: ["path_to_image", ...CHEST_LABELS],
      aliases: { ...LABEL_ALIASES, Path: "path_to_image" },
      onRow: ([image, ...cells], line) => onLabels(image!, cells, line),
      onBadRow: (line, fault) => drops.add(badRow("labels", fault), badRowExample(path, line, fault)),
      signal,
    });
  } else {
    for await (const { text, line } of linesOf(path)) {
      signal?.throwIfAborted();
      const row = parseLine(text);
      if (row === undefined) {
        drops.add(BAD_LINE, `${path}, line ${line}`);
        continue;
      }
      usable++;
      onLabels(row.path, row.cells, line);
    }
  }
  if (usable === 0) throw new DataError("the label file has no row", { file: path });
}

function parseLine(text: string): { path: string; cells: string[] } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map(Object.entries(value));
  const path = fields.get("path_to_image");
  if (typeof path !== "string") return undefined;
  return { path, cells: CHEST_LABELS.map((label) => cellOf(fields.get(label))) };
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "number" || typeof value === "string" ? String(value) : "not a label";
}

/** The lines of a file that are not blank; one that is too long is cut, so that it is no JSON. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; line: number }, void, void> {
  let rest = "";
  let line = 0;
  const take = (text: string) => text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text;
  for await (const piece of decodeText(readChunks(path), path)) {
    const lines = (rest + piece).split("\n");
    rest = take(lines.pop()!);
    for (const text of lines) {
      line++;
      if (text.trim() !== "") yield { text: take(text), line };
    }
  }
  if (rest.trim() !== "") yield { text: rest, line: line + 1 };
}
