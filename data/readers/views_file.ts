/**
 * The table of views that `deno task views` writes: each image's probabilities of being frontal, lateral or neither.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { quoted } from "../../base/safe_path.ts";
import type { DropReason } from "../index/drop_log.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { readCsv } from "./csv.ts";
import { badRow, badRowExample } from "./label_table.ts";

/** The class of images that show none of the data set's views. */
export const OTHER_VIEW = "other";

/** Columns before the probabilities. */
export const VIEWS_COLUMNS = ["image", "position", "view", "part", "suspicious"] as const;

function noted(reason: string): DropReason & { kept: true } {
  return { step: "views", reason, unit: "image", fault: false, kept: true };
}

const FILLED = noted("view position is blank; the view is the views file's (kept)");
const CONTRADICTED = noted("labelled view is confidently contradicted by the views file (kept)");
const UNLISTED = { ...noted("row of the views file is about an unlisted image"), unit: "row" } as const;

/**
 * Gives images whose view position is blank the views of a views file. Labelled images keep theirs; those that the file
 * calls suspicious are counted and named in the drop log. A blank image whose most probable class is `other` stays
 * without a view.
 *
 * @throws {DataError} for a file that is not of this data set, and rows with an unknown view or probability.
 */
export async function applyViewsFile(index: StudyIndex, path: string): Promise<void> {
  const imageOf = new Map(index.images.ids.map((id, image) => [id, image]));
  const classes = [...index.views, OTHER_VIEW];
  let known = 0;
  const rows = await readCsv(path, {
    columns: [...VIEWS_COLUMNS, ...classes],
    onRow: ([id, _position, view, _part, suspicious, ...cells], line) => {
      const image = imageOf.get(id!);
      if (image === undefined) {
        index.drops.add(UNLISTED, `${path}, line ${line}: ${quoted(id!)}`);
        return;
      }
      known++;
      checkRow({ view: view!, cells, classes }, { file: path, line });
      const isBlank = index.images.positions[index.images.position[image]!] === "";
      const number = index.views.indexOf(view!);
      if (isBlank && index.images.view[image] === -1 && number >= 0) {
        index.images.view[image] = number;
        index.noteImage(image, FILLED, index.source.name(image));
      } else if (!isBlank && suspicious === "1") {
        index.noteImage(image, CONTRADICTED, `${index.source.name(image)}: ${view}`);
      }
    },
    onBadRow: (line, fault) => index.drops.add(badRow("views", fault), badRowExample(path, line, fault)),
  });
  if (known === 0) {
    throw new DataError(
      `none of the ${rows} images of this views file is in the data set; make one with \`deno task views --data DIR\``,
      { file: path },
    );
  }
}

function checkRow(
  { view, cells, classes }: { view: string; cells: readonly string[]; classes: readonly string[] },
  place: { file: string; line: number },
): void {
  if (!classes.includes(view)) {
    throw new DataError(`${quoted(view)} is no view; ${classes.join(", ")} are`, { ...place, column: "view" });
  }
  const bad = cells.findIndex((cell) => !(/^[0-9]/.test(cell) && Number(cell) >= 0 && Number(cell) <= 1));
  if (bad >= 0) {
    throw new DataError(`${quoted(cells[bad]!)} is no probability from 0 to 1`, { ...place, column: classes[bad]! });
  }
}
