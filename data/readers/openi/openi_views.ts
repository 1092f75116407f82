/**
 * The views of Open-i's images: from a table of projections, from DICOM's view positions, or from captions.
 *
 * @module
 */
import type { DropLog } from "../../index/drop_log.ts";
import { isMissing } from "../../index/cells.ts";
import { CHEST_VIEWS } from "../../index/views.ts";
import { readCsv } from "../csv.ts";
import { badRow, badRowExample } from "../label_table.ts";

/** The view of an image and how the data set names it. */
export interface OpeniView {
  /** Index into {@linkcode CHEST_VIEWS}, or -1. */
  view: number;
  position: string;
}

const FRONTAL = ["PA", "AP", "FRONTAL"];
const LATERAL = ["LATERAL", "LL", "RL", "LARGE LATERAL", "LEFT LATERAL", "RIGHT LATERAL"];

/** The view of a position in the DICOM table or in the table of projections. */
export function openiView(cell: string): OpeniView {
  const position = isMissing(cell) ? "" : cell.trim().toUpperCase();
  const view = FRONTAL.includes(position) ? 0 : LATERAL.includes(position) ? 1 : -1;
  return { view, position };
}

/**
 * The views that a study's caption reveals for images without a known one: if it names one view only, all have that
 * view; if it names both and the study has two images, the second one has what the first has not. If both have the same
 * recorded view then, one record is wrong: both views become unknown.
 *
 * @param known View of each image of the study, -1 if unknown.
 */
export function viewsByCaption(caption: string, known: readonly number[]): number[] {
  const text = caption.toLowerCase();
  const lateral = /\b(lat|lateral)\b/.test(text);
  const frontal = /\b(pa|ap|frontal|portable|anteroposterior|posteroanterior)\b/.test(text);
  const several = /\b(2|two)\b/.test(text) || /(and|&|\/) ?lat/.test(text) || (frontal && lateral);
  // Words are masked by XXXX, a view's name among them.
  if (frontal !== lateral && !several && !text.includes("xxxx")) {
    return known.map((view) => view >= 0 ? view : lateral ? 1 : 0);
  }
  if (known.length === 2 && several) {
    const [first, second] = known as [number, number];
    if (first >= 0 && second < 0) return [first, 1 - first];
    if (second >= 0 && first < 0) return [1 - second, second];
    if (first === second) return [-1, -1];
  }
  return [...known];
}

/**
 * The images' view positions in the DICOM table, by image identifier: columns `imageid` (or `filename`) and
 * `View Position`.
 */
export async function readDicomTable(
  path: string,
  { drops, signal }: { drops: DropLog; signal: AbortSignal | undefined },
): Promise<Map<string, OpeniView>> {
  const views = new Map<string, OpeniView>();
  await readCsv(path, {
    columns: ["imageid", "filename", "View Position"],
    optional: ["imageid", "filename"],
    aliases: { ViewPosition: "View Position", "View position": "View Position" },
    onRow: ([id, file, position]) => {
      for (const name of [id!, file!]) if (name !== "") views.set(openiImageKey(name), openiView(position!));
    },
    onBadRow: (line, fault) => drops.add({ ...badRow("views", fault), kept: true }, badRowExample(path, line, fault)),
    signal,
  });
  return views;
}

/**
 * The part of an image's name that all copies of the collection agree on: `CXR1_1_IM-0001-3001`,
 * `CXR1_IM-0001-3001.png`, `./1_IM-0001-3001.dcm` and `1_IM-0001-3001.dcm.png` are `1_IM-0001-3001`.
 */
export function openiImageKey(name: string): string {
  return name.replace(/^.*\//, "").replace(/(\.(dcm|png|jpe?g))+$/i, "")
    .replace(/^CXR[0-9]+_(?=[0-9]+_IM)/i, "").replace(/^CXR(?=[0-9])/i, "");
}

/**
 * The images' views in the table of projections, by {@linkcode openiImageKey}: columns `filename` and `projection`.
 */
export async function readProjections(
  path: string,
  { drops, signal }: { drops: DropLog; signal: AbortSignal | undefined },
): Promise<Map<string, OpeniView>> {
  const views = new Map<string, OpeniView>();
  await readCsv(path, {
    columns: ["filename", "projection"],
    onRow: ([file, projection]) => views.set(openiImageKey(file!), openiView(projection!)),
    onBadRow: (line, fault) => drops.add({ ...badRow("views", fault), kept: true }, badRowExample(path, line, fault)),
    signal,
  });
  return views;
}

/** The name of a view whose position is not recorded. */
export function positionOfView(view: number): string {
  return view < 0 ? "" : CHEST_VIEWS[view]!.toUpperCase();
}
