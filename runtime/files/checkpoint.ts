/**
 * Checkpoints: everything needed to resume a run, in one safetensors file that Python can open, too.
 *
 * Checkpoints are written atomically (`base/atomic_file.ts`). The metadata holds a SHA-256 checksum of the whole file
 * (computed with the checksum's digits set to zero), so that later damage is detected; {@link latestCheckpoint} then
 * falls back to the previous one.
 *
 * This module accesses files and therefore needs Deno; the format itself (`safetensors.ts`) does not.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { makeFolder, removeIfPresent, removeTemporaryFiles, writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { type OpenedFile, openRegular } from "../../base/regular_file.ts";
import { encodeParts, SafetensorsError } from "./safetensors.ts";
import { headerEnd, parseHeader } from "./safetensors_header.ts";

/** Parameters, statistics and moments of the largest model that any memory holds. */
const CHECKPOINT = { maxBytes: 2 ** 34, kind: "a checkpoint" };
/** Version of the checkpoint layout; other versions are rejected. */
const VERSION = "1";
const NO_SUM = "0".repeat(64);
const FILE_NAME = /^step-(\d{1,15})\.safetensors$/;

const count = z.int().nonnegative();

/** The part of a checkpoint that is not tensors. */
const checkpointStateSchema = z.strictObject({
  /** Optimiser steps done. */
  step: count,
  /** Epochs begun, including the current one. */
  epoch: count,
  /** Seeds by purpose. */
  seeds: z.record(z.string(), count),
  /** Counters of random numbers and of batches drawn, by name. */
  counters: z.record(z.string(), count),
  /** Fingerprint of the configuration that the run was started with. */
  configHash: z.string(),
  /** Other data of the run: best score so far, history, and so on. */
  details: z.record(z.string(), z.json()).default({}),
});

/** The part of a checkpoint that is not tensors. */
export type CheckpointState = z.infer<typeof checkpointStateSchema>;

/** A float tensor on the host. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a checkpoint holds: parameters, running statistics and optimiser moments by name, and the state of the run. */
export interface Checkpoint {
  readonly state: CheckpointState;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** A checkpoint is incomplete, damaged, or not a checkpoint; the message names the file. */
export class CheckpointError extends Error {
  override name = "CheckpointError";
}

/**
 * Writes `step-<step>.safetensors`, then deletes all but the last `keep` checkpoints up to this step.
 *
 * @param directory Created if it does not exist.
 * @param options.keep Number of checkpoints to keep, including this one; all by default.
 * @returns The file's path.
 * @throws {RangeError} if `keep` is not a positive whole number, or a tensor's shape does not fit its values.
 * @throws {Deno.errors} for errors of the file system; older checkpoints are never damaged.
 */
export async function saveCheckpoint(
  directory: string,
  checkpoint: Checkpoint,
  options: { keep?: number } = {},
): Promise<string> {
  const { keep = Infinity } = options;
  if (keep !== Infinity && !(Number.isInteger(keep) && keep >= 1)) {
    throw new RangeError(`saveCheckpoint() keeps a positive whole number of checkpoints, got keep = ${keep}`);
  }
  const state = checkpointStateSchema.parse(checkpoint.state);
  const { header, data } = encodeParts(checkpoint.tensors, {
    "mmvm.checkpoint": VERSION,
    "mmvm.state": JSON.stringify(state),
    "mmvm.sha256": NO_SUM,
  });
  header.set(new TextEncoder().encode(sumOf([header, ...data])), sumPosition(header));
  await makeFolder(directory);
  const path = join(directory, `step-${String(state.step).padStart(8, "0")}.safetensors`);
  // First, so that leftovers of interrupted writes do not fill the disk.
  await removeTemporaryFiles(directory, ({ name }) => Number(FILE_NAME.exec(name)?.[1]) <= state.step);
  await writeFileAtomic(path, [header, ...data]);
  await prune(directory, { step: state.step, keep });
  return path;
}

/** Deletes the checkpoints up to `step` except the last `keep`. */
async function prune(directory: string, options: { step: number; keep: number }): Promise<void> {
  const old = (await listCheckpoints(directory)).filter((file) => file.step <= options.step).slice(options.keep);
  for (const { path } of old) await removeIfPresent(path);
}

/** The checkpoints of a directory by file name, latest first; empty if the directory does not exist. */
export async function listCheckpoints(directory: string): Promise<{ path: string; step: number }[]> {
  const found: { path: string; step: number }[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) {
      const [, step] = FILE_NAME.exec(name) ?? [];
      if (step !== undefined) found.push({ path: join(directory, name), step: Number(step) });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => b.step - a.step);
}

/**
 * Reads a checkpoint. The header is checked before anything else is read, and the tensors are read one by one, so
 * that a checkpoint takes its own size in memory and a file that only claims to be one takes nothing.
 *
 * @throws {CheckpointError} if it is not a regular file, or not a whole checkpoint of this version.
 * @throws {Deno.errors.NotFound} if there is no such file.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  try {
    using opened = await openRegular(path, CHECKPOINT);
    return await decodeCheckpoint(opened);
  } catch (error) {
    if (error instanceof SafetensorsError || error instanceof CheckpointError) {
      throw new CheckpointError(`${path} is not a usable checkpoint: ${error.message}`);
    }
    if (error instanceof DataError) throw new CheckpointError(error.message.replace(/\.$/, ""));
    throw error;
  }
}

/** @throws {SafetensorsError | CheckpointError} if the file is damaged or not a checkpoint. */
async function decodeCheckpoint({ file, size }: OpenedFile): Promise<Checkpoint> {
  const start = await readBytes(file, Math.min(8, size));
  const end = headerEnd(start, { fileBytes: size });
  const header = new Uint8Array(end);
  header.set(start);
  header.set(await readBytes(file, end - 8), 8);
  const { tensors, metadata } = parseHeader(header, { fileBytes: size });
  const version = metadata.get("mmvm.checkpoint");
  if (version !== VERSION) {
    throw new CheckpointError(
      version === undefined
        ? "it is a safetensors file without the metadata of a checkpoint"
        : `its version is ${version}, this program reads version ${VERSION}`,
    );
  }
  const sum = metadata.get("mmvm.sha256");
  header.set(new TextEncoder().encode(NO_SUM), sumPosition(header));
  const state = checkpointStateSchema.safeParse(parseJson(metadata.get("mmvm.state") ?? "null"));
  if (!state.success) throw new CheckpointError(`its state is not valid: ${z.prettifyError(state.error)}`);
  const hash = createHash("sha256").update(header);
  const values = new Map<string, HostTensor>();
  // In file order; tensors cover the data without gaps.
  const inFileOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { dtype, shape, begin, end }] of inFileOrder) {
    if (dtype !== "F32") throw new CheckpointError(`its tensor ${name} is ${dtype}, not F32`);
    const bytes = await readBytes(file, end - begin);
    hash.update(bytes);
    values.set(name, { shape, data: new Float32Array(bytes.buffer) });
  }
  if (hash.digest("hex") !== sum) {
    throw new CheckpointError("its SHA-256 sum does not fit its contents: it was damaged");
  }
  return { state: state.data, tensors: new Map([...tensors.keys()].map((name) => [name, values.get(name)!])) };
}

/** @throws {CheckpointError} if the file ends before. */
async function readBytes(file: Deno.FsFile, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) throw new CheckpointError("it became shorter while it was read");
    at += count;
  }
  return bytes;
}

/** @throws {CheckpointError} if it is not valid JSON: the checksum proves integrity, not origin. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`its state is not JSON: ${(error as Error).message}`);
  }
}

function sumOf(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/**
 * Offset of the checksum's 64 digits in a header. Its key can be searched for as text, because quotes within strings
 * are escaped.
 *
 * @throws {CheckpointError} if there is no sum of 64 digits.
 */
function sumPosition(header: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(header);
  const [found, key] = /("mmvm\.sha256":")[0-9a-f]{64}"/.exec(text) ?? [];
  if (found === undefined || key === undefined) throw new CheckpointError("it has no SHA-256 sum");
  return text.indexOf(found) + key.length;
}

/** The result of {@link latestCheckpoint}. */
export interface LatestCheckpoint {
  /** The latest intact checkpoint, `undefined` if there is none. */
  readonly found: (Checkpoint & { readonly path: string }) | undefined;
  /** One sentence for each later file that was skipped. */
  readonly warnings: readonly string[];
}

/**
 * The latest intact checkpoint of a directory. Later ones that are incomplete, damaged or unreadable are skipped with
 * a warning.
 *
 * @throws {Deno.errors} for errors of the file system; a directory that does not exist counts as empty.
 */
export async function latestCheckpoint(directory: string): Promise<LatestCheckpoint> {
  const warnings: string[] = [];
  let gone = false;
  for (const { path } of await listCheckpoints(directory)) {
    try {
      return { found: { ...await readCheckpoint(path), path }, warnings };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) gone = true;
      else if (error instanceof CheckpointError) warnings.push(`${error.message}; falling back to the one before`);
      else if (isReadFault(error)) {
        warnings.push(`${path} cannot be read (${error.message}); falling back to the one before`);
      } else throw error;
    }
  }
  // A concurrent run has deleted the listed checkpoints and written later ones.
  return gone ? await latestCheckpoint(directory) : { found: undefined, warnings };
}

/** True for I/O errors, and for files larger than memory. */
function isReadFault(error: unknown): error is Error & { code?: string } {
  return error instanceof Error &&
    ((error as { code?: string }).code === "EIO" || /^out of memory/.test(error.message));
}
