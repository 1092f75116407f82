/**
 * DICOM transfer syntaxes: how a data set and its pixels are encoded (PS3.5, section 10 and annex A).
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import type { ElementEncoding } from "./dicom_elements.ts";

/** How the pixels are encoded. */
export type PixelCodec = "native" | "rle" | "jpeg" | "jpeg-lossless" | "jpeg-ls" | "jpeg-2000";

/** A transfer syntax. */
export interface TransferSyntax extends ElementEncoding {
  codec: PixelCodec;
  /** True if the whole data set is deflated. */
  isDeflated: boolean;
}

const LITTLE: TransferSyntax = { explicit: true, littleEndian: true, codec: "native", isDeflated: false };

/** Transfer syntaxes by the part of their UID after `1.2.840.10008.1.2`. */
const SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  "": { ...LITTLE, explicit: false },
  ".1": LITTLE,
  ".1.99": { ...LITTLE, isDeflated: true },
  ".2": { ...LITTLE, littleEndian: false },
  ".4.50": { ...LITTLE, codec: "jpeg" },
  ".4.51": { ...LITTLE, codec: "jpeg" },
  ".4.57": { ...LITTLE, codec: "jpeg-lossless" },
  ".4.70": { ...LITTLE, codec: "jpeg-lossless" },
  ".4.80": { ...LITTLE, codec: "jpeg-ls" },
  ".4.81": { ...LITTLE, codec: "jpeg-ls" },
  ".4.90": { ...LITTLE, codec: "jpeg-2000" },
  ".4.91": { ...LITTLE, codec: "jpeg-2000" },
  ".4.201": { ...LITTLE, codec: "jpeg-2000" },
  ".4.202": { ...LITTLE, codec: "jpeg-2000" },
  ".4.203": { ...LITTLE, codec: "jpeg-2000" },
  ".5": { ...LITTLE, codec: "rle" },
};

/** Names of transfer syntaxes that are refused, by the start of the rest of their UID. */
const REFUSED: readonly (readonly [start: string, name: string])[] = [
  [".4.10", "video"],
  [".4.9", "multi-component JPEG 2000"],
  [".4.5", "retired JPEG"],
  [".4.6", "retired JPEG"],
  [".4.11", "JPEG XL"],
];

const ROOT = "1.2.840.10008.1.2";

/**
 * The transfer syntax of a UID.
 *
 * @throws {ImageError} naming one that is not read.
 */
export function transferSyntax(uid: string): TransferSyntax {
  const rest = uid.startsWith(ROOT) ? uid.slice(ROOT.length) : undefined;
  const known = rest === undefined ? undefined : SYNTAXES[rest];
  if (known !== undefined) return known;
  const name = rest === undefined ? undefined : REFUSED.find(([start]) => rest.startsWith(start))?.[1];
  // A damaged file may have anything here; only what looks like a UID is repeated.
  const shown = /^[0-9.]{1,64}$/.test(uid) ? uid : "no UID";
  throw new ImageError(`the DICOM transfer syntax ${shown}${name === undefined ? "" : ` (${name})`} is not read`);
}
