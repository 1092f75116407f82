/**
 * Reads the reports of MIMIC-CXR: from its folders, from `mimic-cxr-reports.zip`, or from a table of sections.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { openRegularSync, readRegularSync } from "../../base/regular_file.ts";
import { ImageError } from "../image/image_error.ts";
import type { ImageLocation } from "../image/image_source.ts";
import { Containment } from "../index/containment.ts";
import type { DropReason } from "../index/drop_log.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { decodeAllText } from "../readers/decode_text.ts";
import { exists, findTable } from "../readers/find_table.ts";
import { readZipMember } from "../zip/read_member.ts";
import { readZipDirectory, type ZipDirectory } from "../zip/zip_directory.ts";
import { parseReport } from "./parse_report.ts";
import { readSectionTable } from "./section_table.ts";
import { StudyTexts, type TextSelection } from "./study_texts.ts";

/** Options of {@linkcode readMimicTexts}. */
export interface MimicTextOptions {
  selection: TextSelection | undefined;
  /** Folder, zip archive or table of the reports; by default they are looked for in the data directory. */
  reports: string | undefined;
  /** Follow links to reports outside the folder that holds them. */
  followLinks: boolean;
  signal: AbortSignal | undefined;
}

/** Real reports have a few kilobytes. */
const REPORT = { maxBytes: 2 ** 18, kind: "a radiology report" };
const ARCHIVE = { maxBytes: Infinity, kind: "a zip archive" };
/** Folders in the data directory that may hold the reports. */
const FOLDERS = ["", "mimic-cxr-reports", "reports"];
const ARCHIVES = ["mimic-cxr-reports.zip"];
const TABLES = ["mimic_cxr_sectioned", "mimic_cxr_sections"];

function noted(reason: string): DropReason & { kept: true } {
  return { step: "texts", reason, unit: "study", fault: true, kept: true };
}
const UNREADABLE = noted("report cannot be read");
const OUTSIDE = noted("report's link leads out of its directory (--follow-links reads it)");

/** Reads the report of a study by the path `p10/p10000032/s50414267.txt`; `undefined` if there is none. */
interface ReportFiles extends Disposable {
  read(path: string): Uint8Array | undefined;
}

/**
 * Reads the reports of an index of MIMIC-CXR, or of phantoms. Reports that cannot be read are logged in `index.drops`;
 * studies without a report are counted by {@linkcode StudyTexts.counts}.
 *
 * @returns `undefined` if there are no reports.
 * @throws {DataError} if `options.reports` does not exist or holds no report of any study.
 */
export async function readMimicTexts(index: StudyIndex, options: MimicTextOptions): Promise<StudyTexts | undefined> {
  const texts = new StudyTexts(index.studies.count, options);
  const given = options.reports;
  if (given !== undefined && exists(given, "directory")) {
    using files = folderFiles([given], index, options);
    if (files === undefined) throw new DataError("no study's report is in this folder", { file: given });
    readFiles(files, texts, { index, ...options });
    return texts;
  }
  if (given !== undefined && !exists(given, "file")) {
    throw new DataError("there is no such file or folder; it holds the reports", { file: given });
  }
  const archive = given === undefined
    ? ARCHIVES.map((name) => join(index.root, name)).find((path) => exists(path, "file"))
    : /\.zip$/i.test(given)
    ? given
    : undefined;
  using files =
    (given === undefined
      ? folderFiles(FOLDERS.map((folder) => join(index.root, folder)), index, options)
      : undefined) ?? (archive === undefined ? undefined : archiveFiles(archive));
  if (files !== undefined) {
    readFiles(files, texts, { index, ...options });
    return texts;
  }
  const table = given ?? findTable(index.root, TABLES);
  if (table === undefined) return undefined;
  await readSectionTable(table, { index, texts, signal: options.signal });
  return texts;
}

function readFiles(
  files: ReportFiles,
  texts: StudyTexts,
  { index, signal }: { index: StudyIndex; signal: AbortSignal | undefined },
): void {
  for (let study = 0; study < index.studies.count; study++) {
    if ((study & 1023) === 0) signal?.throwIfAborted();
    const path = reportPath(index, study);
    try {
      const bytes = files.read(path);
      if (bytes !== undefined) texts.add(study, parseReport(decodeAllText(bytes, path)));
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
      index.drops.add(error instanceof LinkError ? OUTSIDE : UNREADABLE, `study ${index.studies.ids[study]}`);
    }
  }
}

/** `p10/p10000032/s50414267.txt` */
function reportPath(index: StudyIndex, study: number): string {
  const subject = index.subjects.ids[index.studies.subject[study]!]!;
  return `p${subject.slice(0, 2)}/p${subject}/s${index.studies.ids[study]}.txt`;
}

class LinkError extends DataError {}

/** The first of some folders, or of the folder `files` in each, that holds the report of any study. */
function folderFiles(
  folders: readonly string[],
  index: StudyIndex,
  { followLinks }: { followLinks: boolean },
): ReportFiles | undefined {
  for (const folder of folders.flatMap((folder) => [join(folder, "files"), folder])) {
    if (!exists(folder, "directory")) continue;
    const containment = new Containment(folder);
    const look = (path: string): boolean => {
      try {
        if (followLinks) return Deno.statSync(path).isFile;
        const { info, isInside } = containment.look(path);
        if (!isInside) throw new LinkError("the link leads out of the folder");
        return info.isFile;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
        throw error;
      }
    };
    const files: ReportFiles = {
      read: (path) => look(join(folder, path)) ? readRegularSync(join(folder, path), REPORT) : undefined,
      [Symbol.dispose]: () => {},
    };
    for (let study = 0; study < index.studies.count; study++) {
      if (exists(join(folder, reportPath(index, study)), "file")) return files;
    }
  }
  return undefined;
}

/** The reports in a zip archive, at any depth. */
function archiveFiles(path: string): ReportFiles {
  const directory = readZipDirectory(path);
  const prefix = prefixOf(directory);
  const opened = openRegularSync(path, ARCHIVE);
  return {
    read: (name) => {
      const entry = directory.entries.get(prefix + name);
      if (entry === undefined) return undefined;
      const { name: member, ...where } = entry;
      const location: Extract<ImageLocation, { kind: "zip" }> = { kind: "zip", archive: path, member, ...where };
      return readZipMember(opened.file, location, { maxBytes: REPORT.maxBytes });
    },
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

/** The path before `p10/p10000032/s50414267.txt` in the archive: `files/`, nothing, or an outer folder. */
function prefixOf({ path, entries }: ZipDirectory): string {
  for (const name of entries.keys()) {
    const match = /^(|.*?\/)p[0-9]{2}\/p[0-9]+\/s[0-9]+\.txt$/.exec(name);
    if (match !== null) return match[1]!;
  }
  throw new DataError("the archive holds no report of the form p10/p10000032/s50414267.txt", { file: path });
}
