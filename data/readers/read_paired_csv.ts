/**
 * Reads custom data sets: a CSV file described by `dataset.json`.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { readCsv } from "./csv.ts";
import { DropLog } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularSync } from "../../base/regular_file.ts";
import { exists, requireDirectory } from "./find_table.ts";
import { badRow, badRowExample, StudyLabels } from "./label_table.ts";
import { isMissing, withoutDecimals } from "../index/cells.ts";
import { decodeAllText } from "./decode_text.ts";
import type { ReadOptions } from "./read_options.ts";
import { quoted, unsafePathReason } from "../../base/safe_path.ts";
import { splitCode } from "../index/splits.ts";
import { IndexBuilder, SPLITS, StudyIndex } from "../index/study_index.ts";

/** The header file of a custom data set. */
export const PAIRED_CSV_HEADER = "dataset.json";

const name = z.string().min(1).max(100);

/** The content of the header file. */
export interface PairedCsvHeader {
  /** Kind of the file. */
  format: "mmvm-paired-csv";
  /** Version of the format. */
  version: 1;
  /** Path of the table relative to the header's directory; `.csv` or `.csv.gz`. */
  csv: string;
  /** Columns with image paths relative to the header's directory; a blank cell means the view is missing. */
  views: string[];
  /** Label columns with 1, 0, -1 or blank cells; none by default. */
  labels: string[];
  /** Where the labels come from, `csv` by default. */
  labelSource: string;
  /** Claims that no image shows a person. Only honoured with `trustSynthetic`; then images may appear in reports. */
  synthetic: boolean;
  /** Histogram equalisation after the resize, as for radiographs; true by default. */
  equalize: boolean;
}

const headerSchema: z.ZodType<PairedCsvHeader> = z.strictObject({
  format: z.literal("mmvm-paired-csv"),
  version: z.literal(1),
  csv: z.string(),
  views: z.array(name).min(1).max(16),
  labels: z.array(name).max(1000).default([]),
  labelSource: name.default("csv"),
  synthetic: z.boolean().default(false),
  equalize: z.boolean().default(true),
});

const HEADER = { maxBytes: 2 ** 20, kind: "a header of a data set" };

/** True if the directory has a header file. */
export function looksLikePairedCsv(root: string): boolean {
  return exists(join(root, PAIRED_CSV_HEADER), "file");
}

/**
 * Reads a custom data set: a table with the columns `subject`, `study`, `split`, one column per view and one per label,
 * described by `dataset.json` in the same directory. A study is identified by subject and study together. It may span
 * several rows (one per pair, for example), and an image may appear in several of them: the study's images are
 * collected, and the pair policy forms the pairs. No image is decoded.
 *
 * @throws {DataError} for an invalid header, a missing table or column, or a patient in two splits.
 *
 * @example
 * ```json
 * {
 *   "format": "mmvm-paired-csv",
 *   "version": 1,
 *   "csv": "studies.csv",
 *   "views": ["frontal", "lateral"],
 *   "labels": ["Edema"]
 * }
 * ```
 */
export async function readPairedCsv(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  const header = readHeader(root);
  const path = join(root, header.csv);
  const drops = new DropLog({ strict: options.strict });
  const builder = new IndexBuilder();
  const labels = new StudyLabels(drops);
  const listed = await readTable(path, { header, builder, drops, labels, options });
  if (listed === 0) throw new DataError("the table lists no image", { file: path });
  const columns = builder.columns(header.labels.length);
  const preprocessing = header.equalize ? "radiograph" : "plain";
  const pathOf = (image: number) => columns.images.ids[image]!;
  const index = new StudyIndex(
    {
      dataset: "csv",
      root,
      synthetic: header.synthetic && options.trustSynthetic,
      claimsSynthetic: header.synthetic,
      views: header.views,
      labels: header.labels,
      labelSource: header.labelSource,
      policies: options.policies,
      source: {
        preprocessing,
        name: pathOf,
        locate: (image) => ({ kind: "file", path: join(root, pathOf(image)) }),
        hasImages: true,
      },
    },
    columns,
    drops,
  );
  index.listed = listed;
  labels.fill(index);
  return index;
}

function readHeader(root: string): PairedCsvHeader {
  const file = join(root, PAIRED_CSV_HEADER);
  if (!exists(file, "file")) {
    throw new DataError(`${PAIRED_CSV_HEADER} is missing; it names the table, the views and the labels`, {
      file: root,
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(decodeAllText(readRegularSync(file, HEADER), file));
  } catch (error) {
    throw new DataError(`this is not valid JSON (${error instanceof Error ? error.message : error})`, { file });
  }
  const parsed = headerSchema.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new DataError(`${issue.message}`, {
      file,
      ...(issue.path.length > 0 ? { column: issue.path.join(".") } : {}),
    });
  }
  const header = parsed.data;
  const unsafe = unsafePathReason(header.csv);
  if (unsafe !== undefined) throw new DataError(`${quoted(header.csv)}: ${unsafe}`, { file, column: "csv" });
  const names = ["subject", "study", "split", ...header.views, ...header.labels];
  const twice = names.find((column, i) => names.indexOf(column) !== i);
  if (twice !== undefined) throw new DataError(`the column name ${quoted(twice)} is used twice`, { file });
  return header;
}

interface TableContext {
  header: PairedCsvHeader;
  builder: IndexBuilder;
  drops: DropLog;
  labels: StudyLabels;
  options: ReadOptions;
}

/** Reads the table and returns the number of images listed, counting repeats within a study once. */
async function readTable(path: string, context: TableContext): Promise<number> {
  const { header, drops, options } = context;
  const views = header.views.length;
  let listed = 0;
  await readCsv(path, {
    columns: ["subject", "study", "split", ...header.views, ...header.labels],
    // Other splits are drawn at random or read from a separate file.
    optional: options.splits === "official" ? [] : ["split"],
    onRow: (cells, line) => {
      const paths = cells.slice(3, 3 + views).map((cell) => isMissing(cell) ? "" : cell.replace(/^\.\//, ""));
      const place = { file: path, line };
      const study = readStudy(cells, { ...context, place });
      paths.forEach((image, view) => {
        if (image === "") return;
        const isRepeat = study !== undefined && readImage(image, { ...context, place, study, view }) === "repeated";
        if (!isRepeat) listed++;
      });
      if (study === undefined) return;
      const labels = cells.slice(3 + views);
      context.labels.add({ study, cells: labels, place: `${path}, line ${line}`, names: header.labels });
    },
    onBadRow: (line, fault) => {
      listed++;
      drops.add(badRow("rows", fault), badRowExample(path, line, fault));
    },
    signal: options.signal,
  });
  return listed;
}

interface RowContext extends TableContext {
  place: { file: string; line: number };
}

/** The study of a row, after setting its subject's split; `undefined` if the row is rejected. */
function readStudy(cells: readonly string[], { builder, drops, options, place }: RowContext): number | undefined {
  const [subjectId, studyId] = cells.slice(0, 2).map(withoutDecimals) as [string, string];
  const splitName = cells[2]!;
  const example = (what: string) => `${place.file}, line ${place.line}: ${quoted(what)}`;
  if (isMissing(subjectId) || isMissing(studyId)) {
    drops.add({ step: "rows", reason: "subject or study is blank", unit: "row", fault: true }, example(subjectId));
    return undefined;
  }
  const subject = builder.subject(subjectId);
  const study = builder.studyOfSubject(studyId, subject);
  if (options.splits !== "official") return study;
  const split = splitCode(splitName);
  if (split < 0) {
    const reason = "split is none of train, validate and test";
    drops.add({ step: "split", reason, unit: "row", fault: true }, `${example(splitName)} in column "split"`);
    return undefined;
  }
  const known = builder.split(subject);
  if (known >= 0 && known !== split) {
    throw new DataError(
      `subject ${quoted(subjectId)} is in ${SPLITS[split]} here and in ${SPLITS[known]} before; ` +
        "no patient may be in two splits",
      { ...place, column: "split" },
    );
  }
  builder.setSplit(subject, split);
  return study;
}

/** Adds the image of a cell; `repeated` if an earlier row of the study has it in the same column. */
function readImage(
  image: string,
  context: RowContext & { study: number; view: number },
): "added" | "repeated" | "refused" {
  const { builder, drops, place, study, view, header } = context;
  const refuse = (reason: string, more = "") => {
    const column = JSON.stringify(header.views[view]);
    const example = `${place.file}, line ${place.line}, column ${column}: ${quoted(image)}${more}`;
    drops.add({ step: "rows", reason, unit: "row", fault: true }, example);
    return "refused" as const;
  };
  const unsafe = unsafePathReason(image);
  if (unsafe !== undefined) return refuse("path could leave the data directory", `: ${unsafe}`);
  if (builder.image(image, { study, view, position: header.views[view]! }) !== undefined) return "added";
  const known = builder.findImage(image)!;
  if (builder.studyOfImage(known) !== study) return refuse("image is listed in another study before");
  if (builder.viewOfImage(known) !== view) return refuse("image is listed as another view before");
  return "repeated";
}
