import type { ImageLocation, Preprocessing } from "../image/image_source.ts";

/** What decode workers are told: first how, then one image after the other. */
export type DecodeRequest =
  | { kind: "start"; size: number; preprocessing: Preprocessing; maxPixels: number }
  | { kind: "image"; image: number; name: string; location: ImageLocation };

/** What they answer: pixels, what is wrong with the image, or that they cannot go on. */
export type DecodeReply =
  | { kind: "pixels"; image: number; pixels: Uint8Array<ArrayBuffer> }
  | { kind: "bad"; image: number; reason: string }
  | { kind: "failed"; message: string };
