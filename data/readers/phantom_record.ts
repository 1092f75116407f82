/**
 * The record `phantoms.json`, which marks a directory of generated phantoms.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { nonEmptyLines } from "../../base/lines.ts";
import { unsafePathReason } from "../../base/safe_path.ts";
import { exists } from "./find_table.ts";

/** The data set layouts in which phantoms can be written. */
export const PHANTOM_LAYOUTS = ["mimic-cxr", "mimic-dicom", "chexpert"] as const;
/** One of {@linkcode PHANTOM_LAYOUTS}. */
export type PhantomLayout = typeof PHANTOM_LAYOUTS[number];

/** Incremented whenever the same settings would produce different files. */
export const PHANTOM_VERSION = 5;

/**
 * The file that marks a directory as phantoms. It is written last, so its presence means that the directory is
 * complete.
 */
export const RECORD_NAME = "phantoms.json";

const RECORD = { maxBytes: 2 ** 20, kind: "a record of phantoms" };
/** Enough for about a million studies. */
const FILE_NAMES = { maxBytes: 2 ** 28, kind: "a list of images" };

/** True if the directory's images are generated phantoms. */
export function looksLikePhantoms(root: string): boolean {
  return exists(join(root, RECORD_NAME), "file");
}

/** The settings that determine every file of a phantom directory. */
export interface PhantomSettings {
  studies: number;
  seed: number;
  scale: number;
  layout: PhantomLayout;
  /** Share of the images whose view position is left blank, in addition to those without one; absent for 0. */
  blankPositions?: number;
  /** Probability of each finding to show only faintly in one of the two views; absent for 0. */
  faintFindings?: number;
}

const recordSchema = z.strictObject({
  format: z.literal("mmvm phantoms"),
  note: z.string(),
  version: z.int(),
  settings: z.strictObject({
    studies: z.int(),
    seed: z.int(),
    scale: z.number(),
    // Older records have no layout.
    layout: z.enum(PHANTOM_LAYOUTS).default("mimic-cxr"),
    blankPositions: z.number().exactOptional(),
    faintFindings: z.number().exactOptional(),
  }),
  patients: z.int(),
  images: z.int(),
  /** Total size of all images in bytes. */
  imageBytes: z.int(),
});

/** The content of `phantoms.json`. */
export type PhantomRecord = z.infer<typeof recordSchema>;

/** Whether two settings produce the same files. */
export function sameSettings(a: PhantomSettings, b: PhantomSettings): boolean {
  return a.studies === b.studies && a.seed === b.seed && a.scale === b.scale && a.layout === b.layout &&
    (a.blankPositions ?? 0) === (b.blankPositions ?? 0) && (a.faintFindings ?? 0) === (b.faintFindings ?? 0);
}

/**
 * The record of a phantom directory.
 *
 * @returns `undefined` if the directory does not exist or is empty
 * @throws {DataError} if the directory holds anything else, which must not be overwritten
 */
export async function readRecord(root: string): Promise<PhantomRecord | undefined> {
  const refuse = (found: string): DataError =>
    new DataError(`${found}; phantoms are written to a new or empty folder only, so name another`, { file: root });
  let text: string | undefined;
  try {
    text = await readIfPresent(root);
    if (text === undefined) {
      if (await isMissingOrEmpty(root)) return undefined;
      // Another process may have moved whole phantoms here since the record was looked for.
      text = await readIfPresent(root);
    }
  } catch (error) {
    if (await isFile(root)) throw refuse("this is a file");
    throw error;
  }
  if (text === undefined) throw refuse("the folder holds other files than phantoms");
  const record = recordSchema.safeParse(parseJson(text));
  if (!record.success) throw refuse(`${RECORD_NAME} in it is not one that phantoms leave`);
  return record.data;
}

/** The text of a directory's record; `undefined` if it has none. */
async function readIfPresent(root: string): Promise<string | undefined> {
  try {
    return await readRegularText(join(root, RECORD_NAME), RECORD);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

async function isMissingOrEmpty(root: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(root)) return false;
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** Whether all images of a record exist with the recorded total size. */
export async function isComplete(root: string, record: PhantomRecord): Promise<boolean> {
  try {
    const text = await readRegularText(join(root, "IMAGE_FILENAMES"), FILE_NAMES);
    let [images, bytes] = [0, 0];
    for (const name of nonEmptyLines(text)) {
      if (++images > record.images || unsafePathReason(name) !== undefined) return false;
      bytes += (await Deno.stat(join(root, name))).size;
    }
    return images === record.images && bytes === record.imageBytes;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
