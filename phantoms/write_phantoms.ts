/**
 * Writes phantom data sets to disk, atomically and reproducibly.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { writeFileAtomicSync } from "../base/atomic_file.ts";
import { DataError } from "../base/errors.ts";
import { openForUpdateSync } from "../base/regular_file.ts";
import { withBlankPositions } from "./blank_positions.ts";
import { drawInWorkers } from "./draw_pool.ts";
import {
  isComplete,
  PHANTOM_VERSION,
  type PhantomLayout,
  type PhantomRecord,
  type PhantomSettings,
  readRecord,
  RECORD_NAME,
  sameSettings,
} from "../data/readers/phantom_record.ts";
import { layoutOf } from "./layout.ts";
import { phantomStudies, type StudyState } from "./patients.ts";
import type { ImageFile, StudyFiles } from "./study_files.ts";
import type { WrittenStudy } from "./written_study.ts";

/** Options of {@linkcode writePhantoms}. */
export interface PhantomOptions {
  /** 1 to 1,000,000. */
  studies: number;
  /** 0 to 2^53 - 1. */
  seed: number;
  /** Size of the images, 0.02 to 1; 0.1 by default. 1 is full size, about 2544 x 3056 pixels. */
  scale?: number;
  /** The data set whose layout to write; MIMIC-CXR-JPG's by default. */
  layout?: PhantomLayout;
  /** Share of the images whose view position is left blank, 0 to 1; only in MIMIC's layouts. */
  blankPositions?: number;
  /** Probability of each finding of a study to show only faintly in one of the two views, 0 to 1; 0 by default. */
  faintFindings?: number;
  /** Number of Web Workers; the number of cores, at most 8, by default. Does not affect the files. */
  workers?: number;
  /** Called after each study. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Aborts the drawing; no files are left behind. */
  signal?: AbortSignal | undefined;
}

/** Summary of a phantom directory. */
export interface PhantomSummary {
  /** Folder of the data set. */
  root: string;
  /** Number of patients. */
  patients: number;
  /** Number of studies. */
  studies: number;
  /** Number of images. */
  images: number;
  /** Total size of the images in bytes. */
  imageBytes: number;
  /** Whether a complete directory with the same settings already existed. */
  reused: boolean;
}

const LOCK_NAME = "writer.lock";

/**
 * Draws phantom chest X-ray studies and writes them in MIMIC-CXR-JPG's layout (with reports as in MIMIC-CXR), or
 * CheXpert's, with a `phantoms.json` that describes them. Everything is determined by the seed; study k does not depend
 * on the number of studies.
 *
 * Everything is written to a temporary folder beside `root` and moved into place when complete. An existing directory
 * with the same settings is reused; one from an older version or with missing images is replaced.
 *
 * @throws {RangeError} if an option is out of range
 * @throws {DataError} if `root` contains anything else or cannot be written
 *
 * @example
 * ```ts
 * const { images } = await writePhantoms("cache/phantoms", { studies: 400, seed: 1 });
 * ```
 */
export async function writePhantoms(root: string, options: PhantomOptions): Promise<PhantomSummary> {
  const settings = {
    studies: options.studies,
    seed: options.seed,
    scale: options.scale ?? 0.1,
    layout: options.layout ?? "mimic-cxr",
    ...(options.blankPositions ? { blankPositions: options.blankPositions } : {}),
    ...(options.faintFindings ? { faintFindings: options.faintFindings } : {}),
  };
  checkOptions(settings, options.workers);
  const target = resolve(root);
  try {
    const present = await readRecord(target);
    if (present !== undefined && await reusable(target, { present, settings })) return summaryOf(root, present, true);
    await Deno.mkdir(dirname(target), { recursive: true });
    await sweepAbandoned(target);
    const record = await drawBeside(target, settings, options);
    return summaryOf(root, record, false);
  } catch (error) {
    if (error instanceof DataError || options.signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`phantoms could not be written: ${reason}; nothing was left behind`, { file: root });
  }
}

function checkOptions(settings: PhantomSettings, workers: number | undefined): void {
  const { studies, seed, scale, layout, blankPositions = 0, faintFindings = 0 } = settings;
  const whole = (name: string, value: number, low: number, high: number): void => {
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(`writePhantoms: ${name} is ${value}, but must be a whole number from ${low} to ${high}`);
    }
  };
  whole("studies", studies, 1, 1_000_000);
  whole("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  if (workers !== undefined) whole("workers", workers, 1, 256);
  if (!(scale >= 0.02 && scale <= 1)) {
    throw new RangeError(`writePhantoms: scale is ${scale}, but must be from 0.02 to 1`);
  }
  for (const [name, share] of Object.entries({ blankPositions, faintFindings })) {
    if (!(share >= 0 && share <= 1)) {
      throw new RangeError(`writePhantoms: ${name} is ${share}, but must be from 0 to 1`);
    }
  }
  if (blankPositions > 0 && layout === "chexpert") {
    throw new RangeError("writePhantoms: CheXpert's layout has no blank view positions");
  }
}

/** Whether {@linkcode writePhantoms} takes these settings. */
export function areValidSettings(settings: PhantomSettings): boolean {
  try {
    checkOptions(settings, undefined);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

async function reusable(
  target: string,
  { present, settings }: { present: PhantomRecord; settings: PhantomSettings },
): Promise<boolean> {
  if (!sameSettings(present.settings, settings)) {
    const { studies, seed, scale, layout, blankPositions, faintFindings } = present.settings;
    const blank = blankPositions === undefined ? "" : `, blank positions ${blankPositions}`;
    const faint = faintFindings === undefined ? "" : `, faint findings ${faintFindings}`;
    throw new DataError(
      `the folder holds other phantoms (${studies} studies, seed ${seed}, scale ${scale}, layout ${layout}${blank}` +
        `${faint}); name another, or delete it`,
      { file: target },
    );
  }
  return present.version === PHANTOM_VERSION && await isComplete(target, present);
}

function summaryOf(root: string, record: PhantomRecord, reused: boolean): PhantomSummary {
  const { patients, images, imageBytes, settings } = record;
  return { root, patients, studies: settings.studies, images, imageBytes, reused };
}

function partialPrefix(target: string): string {
  return `.${basename(target)}.partial-`;
}

/** Draws into a temporary folder beside the target, then moves it into place. */
async function drawBeside(target: string, settings: PhantomSettings, options: PhantomOptions): Promise<PhantomRecord> {
  const partial = await Deno.makeTempDir({ dir: dirname(target), prefix: partialPrefix(target) });
  try {
    // makeTempDir() restricts access to the owner; apply the user's umask instead.
    const directory = join(partial, "whole");
    await Deno.mkdir(directory);
    using lock = openForUpdateSync(join(partial, LOCK_NAME));
    // Held while the folder is in use. The system releases it if this process dies, which marks the folder as
    // abandoned.
    await lock.lock(true);
    const record = await drawInto(directory, settings, options);
    return await install(directory, target, { partial, record });
  } finally {
    await removeIfThere(partial);
  }
}

async function drawInto(directory: string, settings: PhantomSettings, options: PhantomOptions): Promise<PhantomRecord> {
  const written = new Map<number, StudyFiles>();
  const cores = Math.min(8, navigator.hardwareConcurrency);
  await drawInWorkers({
    ...settings,
    directory,
    workers: Math.min(options.workers ?? cores, Math.ceil(settings.studies / 8)),
    signal: options.signal,
    onStudy: (index, files) => {
      written.set(index, files);
      options.onProgress?.({ done: written.size, total: settings.studies });
    },
  });
  const studies: WrittenStudy[] = [];
  const files: ImageFile[] = [];
  const reports: NonNullable<StudyFiles["report"]>[] = [];
  for (const drawn of phantomStudies(settings.seed, settings.studies)) {
    const study = withBlankPositions(drawn, settings.blankPositions ?? 0);
    const { images, report } = written.get(study.index) ?? { images: [] };
    files.push(...images);
    if (report !== undefined) reports.push(report);
    studies.push(joined(study, images));
  }
  writeTables(directory, { layout: settings.layout, studies, files, reports });
  const record: PhantomRecord = {
    format: "mmvm phantoms",
    note: "Drawn by a program. No patient is shown, and every label is made up.",
    version: PHANTOM_VERSION,
    settings,
    patients: new Set(studies.map(({ study }) => study.patient.index)).size,
    images: files.length,
    imageBytes: files.reduce((sum, file) => sum + file.bytes, 0),
  };
  writeFileAtomicSync(join(directory, RECORD_NAME), JSON.stringify(record, null, 2) + "\n");
  return record;
}

function joined(study: StudyState, files: readonly ImageFile[]): WrittenStudy {
  const images = study.images.flatMap((image, i) => {
    const file = files[i];
    return file === undefined ? [] : [{ image, width: file.width, height: file.height }];
  });
  return { study, images };
}

/** Writes the CSV files, the list of images and the checksums, as PhysioNet does. */
function writeTables(
  directory: string,
  { layout, studies, files, reports }: {
    layout: PhantomLayout;
    studies: readonly WrittenStudy[];
    files: readonly ImageFile[];
    reports: readonly { path: string; sha256: string }[];
  },
): void {
  const sums = [...files, ...reports].map(({ path, sha256 }) => ({ path, sha256 }));
  const write = (path: string, bytes: Uint8Array): void => {
    writeFileAtomicSync(join(directory, path), bytes);
    sums.push({ path, sha256: createHash("sha256").update(bytes).digest("hex") });
  };
  const encoder = new TextEncoder();
  for (const { path, text, gzip } of layoutOf(layout).tables(studies)) {
    write(path, gzip ? gzipSync(text) : encoder.encode(text));
  }
  const names = files.map(({ path }) => path).sort();
  write("IMAGE_FILENAMES", encoder.encode(names.join("\n") + "\n"));
  sums.sort((a, b) => a.path < b.path ? -1 : 1);
  writeFileAtomicSync(
    join(directory, "SHA256SUMS.txt"),
    sums.map(({ path, sha256 }) => `${sha256} ${path}\n`).join(""),
  );
}

/** Times that {@linkcode install} tries again because another process put phantoms there in the meantime. */
const INSTALL_ATTEMPTS = 5;

/** Moves a complete directory to the target. Older phantoms there are first moved away, and deleted last. */
async function install(
  directory: string,
  target: string,
  { partial, record }: { partial: string; record: PhantomRecord },
): Promise<PhantomRecord> {
  for (let attempt = 1;; attempt++) {
    const present = await readRecord(target);
    if (present !== undefined && await reusable(target, { present, settings: record.settings })) {
      // Another process was faster; its files are identical.
      return present;
    }
    try {
      await Deno.rename(target, join(partial, `replaced-${attempt}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      await Deno.rename(directory, target);
      return record;
    } catch (error) {
      // A folder that is not empty cannot be replaced: one was moved there since.
      if (attempt === INSTALL_ATTEMPTS || (error as { code?: string }).code !== "ENOTEMPTY") throw error;
    }
  }
}

/** Removes folders left beside the target by killed processes: those whose lock is not held. */
async function sweepAbandoned(target: string): Promise<void> {
  const parent = dirname(target);
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(partialPrefix(target))) continue;
    const partial = join(parent, name);
    try {
      using lock = await Deno.open(join(partial, LOCK_NAME), { write: true });
      if (!await lock.tryLock(true)) continue;
      await Deno.remove(partial, { recursive: true });
    } catch (error) {
      // No lock: its writer has just started, or another process has already removed the folder.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
