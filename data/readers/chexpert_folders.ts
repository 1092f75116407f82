/**
 * Finds CheXpert's tables and images in all layouts in which the data set is distributed.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { constants, gunzipSync } from "node:zlib";
import type { Split } from "../index/study_index.ts";
import { decodeAllText } from "./decode_text.ts";
import { exists, findTable } from "./find_table.ts";

/** Names of the tables of each split, likeliest first; the official test labels came later and are often missing. */
const TABLES: readonly [Split, readonly string[]][] = [
  ["train", ["train"]],
  ["validate", ["valid", "val", "validate", "valid_labels", "val_labels"]],
  ["test", ["test", "test_labels", "groundtruth"]],
];

/** Folders that may hold tables or patients. */
const FOLDERS = /^(chexpert|chexlocalize)|^(train|val|valid|validate|validation|test|images)$|batch/i;
/** Depth to which the data directory is searched. */
const MAX_DEPTH = 4;

/** A folder that was searched. */
interface Folder {
  path: string;
  /** Names of the patients' folders in it. */
  patients: string[];
}

/** The files of a CheXpert directory. */
export interface ChexpertFiles {
  /** The directory that holds all of the images: the given one, or one in it. */
  root: string;
  tables: { split: Split; path: string }[];
  /** False if there are no patient folders. */
  hasImages: boolean;
  /** The folder of a patient, as a table's path names it. */
  patientFolder(path: string): string | undefined;
}

/**
 * Finds CheXpert in a directory: tables and images in one folder (`CheXpert-v1.0`, `CheXpert-v1.0-small`, or any), in
 * the folder around it, or in the batches of the full-size download (`CheXpert-v1.0 batch 1 (validate & csv)`, ...),
 * with or without the test set's tables and images beside them. Returns `undefined` if there is no training table.
 */
export function findChexpert(root: string): ChexpertFiles | undefined {
  const folders = listFolders(root);
  const tables = folders.find(({ path }) => isChexpertTable(findTable(path, ["train"])));
  if (tables === undefined) return undefined;
  // Of several copies, the one with the table is used; batches lie beside each other.
  const home = isBatch(tables.path) && tables.path !== root ? dirname(tables.path) : tables.path;
  const isBelow = (path: string) => path === home || path.startsWith(`${home}/`);
  const ordered = [...folders.filter(({ path }) => isBelow(path)), ...folders.filter(({ path }) => !isBelow(path))];
  const homes = ordered.filter(({ patients }) => patients.length > 0);
  return {
    root: homes.every(({ path }) => isBelow(path)) ? home : root,
    tables: findTables([tables, ...ordered]),
    hasImages: homes.length > 0,
    patientFolder: patientFinder(homes),
  };
}

/** True if the data set has a test table, and therefore a complete official split. */
export function chexpertHasTest(root: string): boolean {
  return findChexpert(root)?.tables.some(({ split }) => split === "test") ?? false;
}

function isBatch(path: string): boolean {
  return /batch/i.test(basename(path));
}

/** The directory and the folders below it that CheXpert could be in, level by level. */
function listFolders(root: string): Folder[] {
  const found: Folder[] = [];
  let level = exists(root, "directory") ? [root] : [];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const path of level) {
      const folder: Folder = { path, patients: [] };
      const children: string[] = [];
      for (const { name, isDirectory, isSymlink } of Deno.readDirSync(path)) {
        if (!isDirectory && !isSymlink) continue;
        if (/^patient[0-9]+$/.test(name)) folder.patients.push(name);
        else if (FOLDERS.test(name) && exists(join(path, name), "directory")) children.push(join(path, name));
      }
      found.push(folder);
      next.push(...children.sort());
    }
    level = next;
  }
  return found;
}

function findTables(folders: readonly Folder[]): ChexpertFiles["tables"] {
  return TABLES.flatMap(([split, names]) => {
    for (const name of names) {
      for (const { path } of folders) {
        const table = findTable(path, [name]);
        if (isChexpertTable(table)) return [{ split, path: table! }];
      }
    }
    return [];
  });
}

/** Checks the header, so that another data set's `train.csv` is not mistaken for CheXpert's. */
function isChexpertTable(path: string | undefined): boolean {
  if (path === undefined) return false;
  try {
    const [header] = decodeAllText(firstBytes(path), path).split(/[\r\n]/).filter((line) => line.trim() !== "");
    return /(^|[,;\t|])\s*"?(Path|Study)"?\s*([,;\t|]|$)/i.test(header ?? "");
  } catch {
    // Damaged or not text: the reader reports it if the table is used.
    return /\.gz$/.test(path);
  }
}

/** The beginning of a file, decompressed. */
function firstBytes(path: string): Uint8Array {
  using file = Deno.openSync(path);
  const buffer = new Uint8Array(4096);
  const head = buffer.subarray(0, file.readSync(buffer) ?? 0);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 23 });
}

/** Looks up the patient of a path. If several folders contain it, the best match for the path wins. */
function patientFinder(homes: readonly Folder[]): (path: string) => string | undefined {
  const byPatient = new Map<string, string[]>();
  for (const { path, patients } of homes) {
    for (const patient of patients) {
      const known = byPatient.get(patient);
      if (known === undefined) byPatient.set(patient, [path]);
      else known.push(path);
    }
  }
  return (path) => {
    const segments = path.split("/");
    const at = segments.findIndex((segment) => byPatient.has(segment));
    if (at < 0) return undefined;
    const folders = byPatient.get(segments[at]!)!;
    const likeness = (folder: string) => {
      const own = folder.split("/");
      let same = 0;
      while (same < at && own.at(-1 - same) === segments[at - 1 - same]) same++;
      return same;
    };
    const best = folders.reduce((a, b) => likeness(b) > likeness(a) ? b : a);
    return join(best, segments[at]!);
  };
}
