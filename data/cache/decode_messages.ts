/**
 * Messages between the decode pool and its workers.
 *
 * @module
 */
import type { DecodeMode, ImageLocation, Preprocessing } from "../image/image_source.ts";

/** Requests to a decode worker: first the settings, then one image at a time. */
export type DecodeRequest =
  | {
    kind: "start";
    size: number;
    preprocessing: Preprocessing;
    maxPixels: number;
    /** The window of DICOM images, as `--window` takes it. */
    window: string;
    decode: DecodeMode;
    /** Memory limit for decoding one image, in bytes. */
    maxBytes: number;
  }
  | { kind: "image"; image: number; name: string; location: ImageLocation };

/** Replies of a decode worker. */
export type DecodeReply =
  | {
    kind: "pixels";
    image: number;
    pixels: Uint8Array<ArrayBuffer>;
    /** Bits of `IMAGE_NOTES`. */
    notes: number;
  }
  /** The file was read completely but cannot be decoded. */
  | { kind: "bad"; image: number; reason: string }
  /** The file could not be read. */
  | { kind: "unread"; image: number; reason: string; isGone: boolean }
  /** Decoding would take more memory than allowed. */
  | { kind: "large"; image: number; bytes: number }
  /** The worker cannot go on. */
  | { kind: "failed"; message: string };
