import type { ImageLocation, Preprocessing } from "../image/image_source.ts";

/** What decode workers are told: first how, then one image after another. */
export type DecodeRequest =
  | {
    kind: "start";
    size: number;
    preprocessing: Preprocessing;
    maxPixels: number;
    /** Bytes of memory that decoding one image may take. */
    maxBytes: number;
  }
  | { kind: "image"; image: number; name: string; location: ImageLocation };

/** What they answer. */
export type DecodeReply =
  | {
    kind: "pixels";
    image: number;
    pixels: Uint8Array<ArrayBuffer>;
    /** Bits of `IMAGE_NOTES`. */
    notes: number;
  }
  /** The bytes were read whole and are not an image that is read. */
  | { kind: "bad"; image: number; reason: string }
  /** The bytes could not be read. */
  | { kind: "unread"; image: number; reason: string; isGone: boolean }
  /** Decoding would take more memory than allowed. */
  | { kind: "large"; image: number; bytes: number }
  /** The worker cannot go on. */
  | { kind: "failed"; message: string };
