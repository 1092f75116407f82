import { join } from "node:path";
import { z } from "zod";
import { readCsv } from "./csv.ts";
import { DropLog } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { exists, requireDirectory } from "./find_table.ts";
import { fileSource } from "../image/image_source.ts";
import { raggedExample, raggedRow, StudyLabels } from "./label_table.ts";
import type { ReadOptions } from "./read_options.ts";
import { quoted, unsafePathReason } from "../../base/safe_path.ts";
import { splitCode } from "../index/splits.ts";
import { IndexBuilder, SPLITS, StudyIndex } from "../index/study_index.ts";

/** The header file of a data set of one's own. */
export const PAIRED_CSV_HEADER = "dataset.json";

const name = z.string().min(1).max(100);
const headerSchema = z.strictObject({
  format: z.literal("mmvm-paired-csv"),
  version: z.literal(1),
  /** The table, a path from the header's directory; `.csv` or `.csv.gz`. */
  csv: z.string(),
  /** Columns with image paths, from the header's directory; a blank cell: the view is missing. */
  views: z.array(name).min(1).max(16),
  /** Columns with 1, 0, -1 or nothing. */
  labels: z.array(name).max(1000),
  labelSource: name.default("csv"),
  /** True where no picture shows a person: then pictures may be put into reports. */
  synthetic: z.boolean().default(false),
  /** Histogram equalisation after the resize, as for radiographs. */
  equalize: z.boolean().default(true),
});

/** What the header file says. */
export type PairedCsvHeader = z.infer<typeof headerSchema>;

/** True where the directory has a header file. */
export function looksLikePairedCsv(root: string): boolean {
  return exists(join(root, PAIRED_CSV_HEADER), "file");
}

/**
 * Reads a data set of one's own: a table with the columns `subject`, `study`, `split`, one a view and one a label, named by the header
 * `dataset.json` in the same directory. A study may have several rows; its images are then gathered. Nothing is decoded.
 *
 * @throws {DataError} for a header that does not fit, a missing table or column, a patient in two splits.
 *
 * @example
 * ```json
 * { "format": "mmvm-paired-csv", "version": 1, "csv": "studies.csv", "views": ["frontal", "lateral"], "labels": ["Edema"] }
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
  if (listed === 0) throw new DataError("the table lists no image.", { file: path });
  const columns = builder.columns(header.labels.length);
  const preprocessing = header.equalize ? "radiograph" : "plain";
  const index = new StudyIndex(
    {
      dataset: "csv",
      root,
      synthetic: header.synthetic,
      views: header.views,
      labels: header.labels,
      labelSource: header.labelSource,
      policies: options.policies,
      source: fileSource(root, { preprocessing, name: (image) => columns.images.ids[image]! }),
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
    throw new DataError(`${PAIRED_CSV_HEADER} is missing; it names the table, the views and the labels.`, {
      file: root,
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(Deno.readTextFileSync(file));
  } catch (error) {
    throw new DataError(`this is not valid JSON (${error instanceof Error ? error.message : error}).`, { file });
  }
  const parsed = headerSchema.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new DataError(`${issue.message}.`, {
      file,
      ...(issue.path.length > 0 ? { column: issue.path.join(".") } : {}),
    });
  }
  const header = parsed.data;
  const unsafe = unsafePathReason(header.csv);
  if (unsafe !== undefined) throw new DataError(`${quoted(header.csv)}: ${unsafe}.`, { file, column: "csv" });
  const names = ["subject", "study", "split", ...header.views, ...header.labels];
  const twice = names.find((column, i) => names.indexOf(column) !== i);
  if (twice !== undefined) throw new DataError(`the column name ${quoted(twice)} is used twice.`, { file });
  return header;
}

interface TableContext {
  header: PairedCsvHeader;
  builder: IndexBuilder;
  drops: DropLog;
  labels: StudyLabels;
  options: ReadOptions;
}

/** Reads the table; returns the number of image cells that are not blank. */
async function readTable(path: string, context: TableContext): Promise<number> {
  const { header, drops, options } = context;
  const views = header.views.length;
  let listed = 0;
  await readCsv(path, {
    columns: ["subject", "study", "split", ...header.views, ...header.labels],
    onRow: (cells, line) => {
      const paths = cells.slice(3, 3 + views).map((cell) => cell.trim());
      listed += paths.filter((cell) => cell !== "").length;
      const place = { file: path, line };
      const study = readStudy(cells, { ...context, place });
      if (study === undefined) return;
      paths.forEach((image, view) => readImage(image, { ...context, place, study, view }));
      const labels = cells.slice(3 + views);
      context.labels.add({ study, cells: labels, place: `${path}, line ${line}`, names: header.labels });
    },
    onRagged: (line, fields, expected) => drops.add(raggedRow("rows"), raggedExample(path, line, { fields, expected })),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return listed;
}

interface RowContext extends TableContext {
  place: { file: string; line: number };
}

/** The study of a row, with its subject's split set; `undefined` where the row is refused. */
function readStudy(cells: readonly string[], { builder, drops, options, place }: RowContext): number | undefined {
  const [subjectId, studyId, splitName] = cells.slice(0, 3).map((cell) => cell.trim()) as [string, string, string];
  const example = (what: string) => `${place.file}, line ${place.line}: ${quoted(what)}`;
  if (subjectId === "" || studyId === "") {
    drops.add({ step: "rows", reason: "subject or study is blank", unit: "row", fault: true }, example(subjectId));
    return undefined;
  }
  const subject = builder.subject(subjectId);
  const study = builder.study(studyId, subject);
  if (study === undefined) {
    const reason = "study is listed under another subject before";
    drops.add({ step: "rows", reason, unit: "row", fault: true }, example(studyId));
    return undefined;
  }
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
        "no patient may be in two splits.",
      { ...place, column: "split" },
    );
  }
  builder.setSplit(subject, split);
  return study;
}

function readImage(image: string, context: RowContext & { study: number; view: number }): void {
  const { builder, drops, place, study, view, header } = context;
  if (image === "") return;
  const example = `${place.file}, line ${place.line}, column ${JSON.stringify(header.views[view])}: ${quoted(image)}`;
  const unsafe = unsafePathReason(image);
  if (unsafe !== undefined) {
    const reason = "path could leave the data directory";
    drops.add({ step: "rows", reason, unit: "row", fault: true }, `${example}: ${unsafe}`);
    return;
  }
  if (builder.image(image, { study, view, position: header.views[view]! }) === undefined) {
    drops.add({ step: "rows", reason: "image identifier was listed before", unit: "row", fault: true }, example);
  }
}
