/**
 * Turns stored values of a DICOM image into gray: modality transform, window, polarity and padding (PS3.3, C.11).
 *
 * @module
 */
import { bitsOfRange, type DecodedImage } from "../decoded_image.ts";
import { ImageError } from "../image_error.ts";
import { TAGS } from "./dicom_elements.ts";
import { type DicomFile, DicomValues } from "./dicom_file.ts";
import { lookUp, type LookupTable, readLookupTables } from "./lookup_table.ts";
import type { PixelLayout } from "./pixel_layout.ts";
import type { VoiWindow } from "./voi_window.ts";

/** Maps a stored value to gray before polarity; `bits` is the depth of the results. */
interface GrayMapping {
  map: (stored: number) => number;
  bits: number;
  /** True if larger results are darker. */
  isInverted: boolean;
}

/**
 * Converts stored values to a gray image in which larger is brighter.
 *
 * With a `full` window the values keep their depth and order, as in the conversion of MIMIC-CXR-JPG, which uses no
 * window; a rescale slope matters only by its sign. Pixels of the padding value become black.
 *
 * @throws {ImageError} for windows and tables that are damaged.
 */
export function toGray(
  stored: Int32Array,
  { file, layout, window }: { file: DicomFile; layout: PixelLayout; window: VoiWindow },
): DecodedImage {
  const { width, height, padding } = layout;
  const { map, bits, isInverted } = chooseMapping(file, layout, { stored, window });
  const white = 2 ** bits - 1;
  const samples = bits === 8 ? new Uint8Array(stored.length) : new Uint16Array(stored.length);
  const [from, to] = padding ?? [Infinity, -Infinity];
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]!;
    if (value >= from && value <= to) continue;
    const gray = map(value);
    samples[i] = isInverted ? white - gray : gray;
  }
  return { width, height, samples, bitsUsed: bits };
}

function chooseMapping(
  file: DicomFile,
  layout: PixelLayout,
  { stored, window }: { stored: Int32Array; window: VoiWindow },
): GrayMapping {
  const { isInverted, signed, bitsStored } = layout;
  const modality = readModality(file, layout);
  if (window.kind === "file") {
    // Tables may be signed if the values before them are.
    const tables = readLookupTables(file, { tag: TAGS.voiLuts, signed: signed || modality.intercept < 0 });
    const windows = readWindows(file);
    const number = Math.min(window.number, tables.length + windows.length);
    const table = tables[number - 1];
    if (table !== undefined) {
      return { map: (value) => lookUp(table, modality.map(value)), bits: table.bits, isInverted };
    }
    const chosen = windows[number - tables.length - 1];
    if (chosen !== undefined) return { ...throughWindow(modality.map, chosen, bitsStored), isInverted };
  }
  if (window.kind === "fixed") {
    return { ...throughWindow(modality.map, { ...window, shape: "LINEAR" }, bitsStored), isInverted };
  }
  return fullRange(stored, { layout, modality });
}

/** The modality transform: from stored values to the manufacturer's units. */
interface Modality {
  map: (stored: number) => number;
  table: LookupTable | undefined;
  slope: number;
  intercept: number;
}

function readModality(file: DicomFile, layout: PixelLayout): Modality {
  const [table] = readLookupTables(file, { tag: TAGS.modalityLuts, signed: layout.signed });
  if (table !== undefined) return { map: (value) => lookUp(table, value), table, slope: 1, intercept: 0 };
  const values = new DicomValues(file, file.elements);
  const slope = values.numbers(TAGS.slope, "rescale slope")[0] ?? 1;
  const intercept = values.numbers(TAGS.intercept, "rescale intercept")[0] ?? 0;
  if (slope === 0) throw new ImageError("the DICOM file's rescale slope is 0");
  return { map: (value) => value * slope + intercept, table: undefined, slope, intercept };
}

/** Stored values (or those of a modality table) at their own depth, from the smallest one if any is negative. */
function fullRange(
  stored: Int32Array,
  { layout, modality: { table, slope } }: { layout: PixelLayout; modality: Modality },
): GrayMapping {
  const { isInverted, padding, bitsStored } = layout;
  if (table !== undefined) return { map: (value) => lookUp(table, value), bits: table.bits, isInverted };
  const [from, to] = padding ?? [Infinity, -Infinity];
  let [smallest, largest] = [0, 0];
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]!;
    if (value >= from && value <= to) continue;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  const bits = bitsStored <= 8 ? 8 : bitsOfRange(largest - smallest);
  return { map: (value) => value - smallest, bits, isInverted: isInverted !== slope < 0 };
}

/** Shapes of a window (C.11.2.1.2 and C.11.2.1.3). */
const SHAPES = ["LINEAR", "LINEAR_EXACT", "SIGMOID"] as const;

interface Window {
  center: number;
  width: number;
  shape: (typeof SHAPES)[number];
}

function readWindows(file: DicomFile): Window[] {
  const values = new DicomValues(file, file.elements);
  const centers = values.numbers(TAGS.windowCenter, "window center");
  const widths = values.numbers(TAGS.windowWidth, "window width");
  const named = values.text(TAGS.windowFunction) ?? "LINEAR";
  const shape = SHAPES.find((known) => known === named);
  if (shape === undefined) throw new ImageError("the DICOM file's window has an unknown shape");
  return centers.slice(0, widths.length).map((center, i) => {
    const width = widths[i]!;
    if (width < (shape === "LINEAR" ? 1 : Number.MIN_VALUE)) {
      throw new ImageError(`the DICOM file has a window of width ${width}`);
    }
    return { center, width, shape };
  });
}

/** Maps through a window to the depth of the stored values, at least 8 bits. */
function throughWindow(
  modality: (stored: number) => number,
  { center, width, shape }: Window,
  bitsStored: number,
): Pick<GrayMapping, "map" | "bits"> {
  const bits = Math.max(8, bitsStored);
  const white = 2 ** bits - 1;
  if (shape === "SIGMOID") {
    return { map: (value) => Math.round(white / (1 + Math.exp(-4 * (modality(value) - center) / width))), bits };
  }
  // LINEAR maps whole numbers: its center is half a unit lower and its width one less.
  const [middle, span] = shape === "LINEAR" ? [center - 0.5, width - 1] : [center, width];
  const map = (stored: number) => {
    const value = modality(stored);
    if (value <= middle - span / 2) return 0;
    if (value > middle + span / 2) return white;
    return Math.round(((value - middle) / span + 0.5) * white);
  };
  return { map, bits };
}
