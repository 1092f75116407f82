/**
 * The data blocks of the page.
 *
 * @module
 */

/** The text of a data block; empty if the page has no such block. */
export function blockText(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

/** The bytes of a block in base64. */
export function blockBytes(id: string): Uint8Array<ArrayBuffer> {
  const text = atob(blockText(id));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The bytes of a block that is compressed with gzip. */
export async function unzippedBlock(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([blockBytes(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
