import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { nonEmptyLines } from "../../base/lines.ts";
import { unsafePathReason } from "../../base/safe_path.ts";
import { exists } from "./find_table.ts";

/** The data sets whose files and tables phantoms can be written as. */
export const PHANTOM_LAYOUTS = ["mimic-cxr", "chexpert"] as const;
/** One of {@linkcode PHANTOM_LAYOUTS}. */
export type PhantomLayout = typeof PHANTOM_LAYOUTS[number];

/** Raised whenever equal settings would no longer give equal files. */
export const PHANTOM_VERSION = 2;

/**
 * The file beside the tables that tells phantoms from patients; written last, so its presence says that all is there.
 */
export const RECORD_NAME = "phantoms.json";

const RECORD = { maxBytes: 2 ** 20, kind: "a record of phantoms" };
/** A million studies have about this much. */
const FILE_NAMES = { maxBytes: 2 ** 28, kind: "a list of images" };

/** True where the directory's images are drawn, not taken of patients. */
export function looksLikePhantoms(root: string): boolean {
  return exists(join(root, RECORD_NAME), "file");
}

/** What determines every file of a phantom directory. */
export interface PhantomSettings {
  studies: number;
  seed: number;
  scale: number;
  layout: PhantomLayout;
}

const recordSchema = z.strictObject({
  format: z.literal("mmvm phantoms"),
  note: z.string(),
  version: z.int(),
  settings: z.strictObject({
    studies: z.int(),
    seed: z.int(),
    scale: z.number(),
    // Records from before there was a choice have none.
    layout: z.enum(PHANTOM_LAYOUTS).default("mimic-cxr"),
  }),
  patients: z.int(),
  images: z.int(),
  /** Bytes of all images together. */
  imageBytes: z.int(),
});

/** What `phantoms.json` says of the directory that it lies in. */
export type PhantomRecord = z.infer<typeof recordSchema>;

/** Whether two settings give the same files. */
export function sameSettings(a: PhantomSettings, b: PhantomSettings): boolean {
  return a.studies === b.studies && a.seed === b.seed && a.scale === b.scale && a.layout === b.layout;
}

/**
 * The record of a phantom directory.
 *
 * @returns `undefined` where there is no directory, or an empty one
 * @throws {DataError} if something is there that is not a phantom directory, and so is not to be replaced
 */
export async function readRecord(root: string): Promise<PhantomRecord | undefined> {
  const refuse = (found: string): DataError =>
    new DataError(`${found}; phantoms are written to a new or empty folder only, so name another`, { file: root });
  let text: string;
  try {
    text = await readRegularText(join(root, RECORD_NAME), RECORD);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      if (await isMissingOrEmpty(root)) return undefined;
      throw refuse("the folder holds other files than phantoms");
    }
    if (await isFile(root)) throw refuse("this is a file");
    throw error;
  }
  const record = recordSchema.safeParse(parseJson(text));
  if (!record.success) throw refuse(`${RECORD_NAME} in it is not one that phantoms leave`);
  return record.data;
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

/** Whether all images of a record are there, with as many bytes as were written. */
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
