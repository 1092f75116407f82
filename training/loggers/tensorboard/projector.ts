/**
 * Latents for TensorBoard's projector: tables of tab-separated values, and the file that names them.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../../base/atomic_file.ts";
import type { LoggedLatents } from "../logger.ts";

/** Writes the latents into a folder of event files. */
export async function writeProjector(folder: string, latents: readonly LoggedLatents[]): Promise<void> {
  const entries = [];
  for (const [i, each] of latents.entries()) {
    // Names of views may hold anything; numbers are safe as names of folders.
    const place = `latents/${i}`;
    await makeFolder(join(folder, place));
    await writeFileAtomic(join(folder, place, "tensors.tsv"), tensorLines(each));
    await writeFileAtomic(join(folder, place, "metadata.tsv"), metadataLines(each));
    if (each.sprite) await writeFileAtomic(join(folder, place, "sprite.png"), each.sprite.png);
    entries.push(configOf(each, place));
  }
  await writeFileAtomic(join(folder, "projector_config.pbtxt"), entries.join(""));
}

function* tensorLines({ values, width }: LoggedLatents): Generator<string> {
  for (let at = 0; at < values.length; at += width) yield `${values.subarray(at, at + width).join("\t")}\n`;
}

/** TensorBoard wants headings only for several columns. */
function* metadataLines({ columns, rows }: LoggedLatents): Generator<string> {
  if (columns.length > 1) yield lineOf(columns);
  for (const row of rows) yield lineOf(row);
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map((cell) => cell.replaceAll(/[\t\r\n]+/g, " ")).join("\t")}\n`;
}

/** An entry of the message ProjectorConfig in protobuf's text format. */
function configOf({ view, sprite }: LoggedLatents, place: string): string {
  const lines = [
    `tensor_name: ${quoted(`latents ${view}`)}`,
    `tensor_path: ${quoted(`${place}/tensors.tsv`)}`,
    `metadata_path: ${quoted(`${place}/metadata.tsv`)}`,
  ];
  if (sprite) {
    const side = `single_image_dim: ${sprite.size}`;
    lines.push(`sprite { image_path: ${quoted(`${place}/sprite.png`)} ${side} ${side} }`);
  }
  return `embeddings {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

/** A string of the text format; bytes outside of ASCII are escaped. */
function quoted(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const safe = (byte: number) => byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
  const escaped = bytes.map((byte) =>
    safe(byte) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`
  );
  return `"${escaped.join("")}"`;
}
