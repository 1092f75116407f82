/**
 * The members of `golden/dicom.zip`, by name.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { readZipMember } from "../../../../data/zip/read_member.ts";
import { readZipDirectory } from "../../../../data/zip/zip_directory.ts";

const ARCHIVE = fileURLToPath(new URL("../../golden/dicom.zip", import.meta.url));

/** DICOM files of all transfer syntaxes, and what pydicom makes of them; see `make_dicom_golden.py`. */
export function goldenDicom(): Map<string, Uint8Array<ArrayBuffer>> {
  using archive = Deno.openSync(ARCHIVE);
  const members = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, entry] of readZipDirectory(ARCHIVE).entries) {
    const bytes = readZipMember(archive, { kind: "zip", archive: ARCHIVE, member: name, ...entry }, {
      maxBytes: 2 ** 20,
    });
    // Inflated bytes are a Buffer, whose slice() would not copy.
    members.set(name, Uint8Array.from(bytes));
  }
  return members;
}
