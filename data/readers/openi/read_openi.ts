/**
 * Reads the Indiana University chest X-ray collection of Open-i.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../../../base/errors.ts";
import { readRegularSync } from "../../../base/regular_file.ts";
import { isSafeId } from "../../../base/safe_path.ts";
import { isMissing, withoutDecimals } from "../../index/cells.ts";
import { DropLog, type DropReason } from "../../index/drop_log.ts";
import { CHEST_LABELS, type LabelState } from "../../index/labels.ts";
import { IndexBuilder, StudyIndex } from "../../index/study_index.ts";
import { CHEST_VIEWS } from "../../index/views.ts";
import { type ReportParts, StudyTexts } from "../../text/study_texts.ts";
import { readCsv } from "../csv.ts";
import { decodeAllText } from "../decode_text.ts";
import { requireDirectory } from "../find_table.ts";
import { badRow, badRowExample } from "../label_table.ts";
import type { ReadOptions } from "../read_options.ts";
import { findOpeni, type OpeniFiles } from "./find_openi.ts";
import { openiLabels } from "./openi_labels.ts";
import {
  openiImageKey,
  type OpeniView,
  openiView,
  positionOfView,
  readDicomTable,
  readProjections,
  viewsByCaption,
} from "./openi_views.ts";
import { type OpeniReport, parseOpeniReport } from "./parse_openi_report.ts";

/** Real reports have about 8 kilobytes. */
const REPORT = { maxBytes: 2 ** 20, kind: "a report of Open-i" };

function rowFault(reason: string): DropReason {
  return { step: "rows", reason, unit: "row", fault: true };
}
const BAD_REPORT = rowFault("report cannot be read");
const REPEATED = rowFault("report's number was listed before");
const BAD_ID = rowFault("report's number or image's name is not safe or not a number");
const CONTRADICTED: DropReason = {
  step: "views",
  reason: "recorded view positions are equal, but the caption names both views: both count as blank",
  unit: "study",
  fault: false,
  kept: true,
};
const REPEATED_IMAGE = rowFault("image identifier was listed before");

/**
 * Reads the reports (as XML or from the tables on Kaggle), the labels by {@linkcode openiLabels}, and the images' views
 * from the table of projections, else from DICOM's view positions, else from the caption. No patient is named, so each
 * report is a patient of its own. No image is decoded.
 *
 * @throws {DataError} for a missing directory or reports, and if the official split is asked for: there is none.
 */
export async function readOpeni(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  if (options.splits === "official") {
    throw new DataError("Open-i has no official split; use --split paper or --split-file", { file: root });
  }
  const files = findOpeni(root);
  const drops = new DropLog({ strict: options.strict });
  const context: Context = { root, files, drops, builder: new IndexBuilder(), studies: [], listed: 0, options };
  if (files.tables.reports === undefined) await readXml(context);
  else await readTables(context, { ...files.tables, reports: files.tables.reports });
  if (context.studies.length === 0) {
    throw new DataError("no report of Open-i could be read", { file: root });
  }
  return indexOf(context);
}

interface Context {
  root: string;
  files: OpeniFiles;
  drops: DropLog;
  builder: IndexBuilder;
  /** What is known of each study, by its number in the builder. */
  studies: { states: LabelState[]; parts: ReportParts }[];
  /** Number of images listed. */
  listed: number;
  options: ReadOptions;
}

function indexOf({ root, files, drops, builder, studies, listed, options }: Context): StudyIndex {
  const columns = builder.columns(CHEST_LABELS.length);
  const path = (image: number) => files.images.get(openiImageKey(columns.images.ids[image]!));
  const index = new StudyIndex(
    {
      dataset: "openi",
      root,
      synthetic: false,
      views: CHEST_VIEWS,
      labels: CHEST_LABELS,
      labelSource: "mesh",
      policies: options.policies,
      source: {
        preprocessing: "radiograph",
        name: (image) => path(image) ?? columns.images.ids[image]!,
        hasImages: files.images.size > 0,
        locate: (image) => {
          const found = path(image);
          return found === undefined ? undefined : { kind: "file", path: join(root, found) };
        },
      },
    },
    columns,
    drops,
  );
  index.listed = listed;
  if (options.texts.read) index.texts = new StudyTexts(studies.length, options.texts);
  studies.forEach(({ states, parts }, study) => {
    index.studies.states.set(states, study * CHEST_LABELS.length);
    index.texts?.add(study, parts);
  });
  return index;
}

async function readXml(context: Context): Promise<void> {
  const { root, files, drops, options } = context;
  const reading = { drops, signal: options.signal };
  const none = new Map<string, OpeniView>();
  const projections = files.tables.projections === undefined
    ? none
    : await readProjections(files.tables.projections, reading);
  const dicom = files.dicom === undefined ? none : await readDicomTable(files.dicom, reading);
  for (const [i, name] of files.reports.entries()) {
    if ((i & 255) === 0) options.signal?.throwIfAborted();
    let report: OpeniReport;
    try {
      report = parseOpeniReport(decodeAllText(readRegularSync(join(root, name), REPORT), name), name);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      drops.add(BAD_REPORT, error.line === undefined ? name : `${name}, line ${error.line}`);
      continue;
    }
    const sections = report.sections;
    const study = addStudy(context, {
      id: report.id,
      headings: report.headings,
      parts: { findings: sections.get("FINDINGS"), impression: sections.get("IMPRESSION") },
      place: name,
    });
    if (study === undefined) continue;
    viewsOf(report, { projections, dicom, drops, place: name }).forEach((found, i) => {
      addImage(context, { id: report.images[i]!.id, study, ...found, place: name });
    });
  }
}

/** The views of a report's images: projected, else recorded in DICOM's tags and consistent with the caption. */
function viewsOf(
  { images }: OpeniReport,
  { projections, dicom, drops, place }: {
    projections: ReadonlyMap<string, OpeniView>;
    dicom: ReadonlyMap<string, OpeniView>;
    drops: DropLog;
    place: string;
  },
): OpeniView[] {
  const recorded = images.map(({ id }) => projections.get(openiImageKey(id)) ?? dicom.get(openiImageKey(id)));
  const known = recorded.map((found) => found?.view ?? -1);
  if (images.every(({ id }) => projections.has(openiImageKey(id)))) return recorded.map((found) => found!);
  const views = viewsByCaption(images[0]?.caption ?? "", known);
  if (views.some((view, i) => view < 0 && known[i]! >= 0)) drops.add(CONTRADICTED, place);
  return views.map((view, i) => {
    const position = recorded[i]?.position ?? "";
    if (view === known[i]) return { view, position };
    return { view, position: positionOfView(view) };
  });
}

function addStudy(
  { builder, drops, studies }: Context,
  { id, headings, parts, place }: { id: string; headings: string[]; parts: ReportParts; place: string },
): number | undefined {
  if (builder.findStudy(id) !== undefined) {
    drops.add(REPEATED, place);
    return undefined;
  }
  const study = builder.study(id, builder.subject(id))!;
  studies[study] = { states: openiLabels(headings), parts };
  return study;
}

function addImage(
  context: Context,
  { id, study, view, position, place }: { id: string; study: number; view: number; position: string; place: string },
): void {
  context.listed++;
  if (!isSafeId(id)) context.drops.add(BAD_ID, place);
  else if (context.builder.image(id, { study, view, position }) === undefined) context.drops.add(REPEATED_IMAGE, place);
}

async function readTables(
  context: Context,
  tables: { reports: string; projections: string | undefined },
): Promise<void> {
  const { builder, drops, files, options } = context;
  const text = (cell: string) => isMissing(cell) ? "" : cell;
  await readCsv(tables.reports, {
    columns: ["uid", "MeSH", "Problems", "findings", "impression"],
    optional: ["MeSH", "Problems"],
    onRow: ([cell, mesh, problems, findings, impression], line) => {
      const id = withoutDecimals(cell!);
      const place = `${tables.reports}, line ${line}`;
      if (!/^[0-9]{1,9}$/.test(id)) {
        drops.add(BAD_ID, place);
        return;
      }
      const headings = (text(mesh!) || text(problems!)).split(";");
      addStudy(context, { id, headings, parts: { findings: text(findings!), impression: text(impression!) }, place });
    },
    onBadRow: (line, fault) => drops.add(badRow("rows", fault), badRowExample(tables.reports, line, fault)),
    signal: options.signal,
  });
  if (tables.projections === undefined) {
    throw new DataError("indiana_projections.csv is missing; it lists the images and their views", {
      file: context.root,
    });
  }
  const path = tables.projections;
  const unlisted = { ...rowFault("image is about an unlisted report"), fault: false };
  await readCsv(path, {
    columns: ["uid", "filename", "projection"],
    onRow: ([uid, file, projection], line) => {
      const study = builder.findStudy(withoutDecimals(uid!));
      const place = `${path}, line ${line}`;
      if (study !== undefined) addImage(context, { id: file!, study, ...openiView(projection!), place });
      else {
        context.listed++;
        drops.add(unlisted, place);
      }
    },
    onBadRow: (line, fault) => {
      context.listed++;
      drops.add(badRow("rows", fault), badRowExample(path, line, fault));
    },
    signal: options.signal,
  });
  if (files.images.size === 0 && context.listed === 0) throw new DataError("the table lists no image", { file: path });
}
