/**
 * The studies of the cohort that a page compares a picture with.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { StudyTable, ViewLatents } from "../../eval/protocol/study_table.ts";
import type { OpenEncoders } from "../../eval/runs/open_model.ts";
import type { Neighbours } from "../stored/page_model.ts";
import { rowsOfPairs } from "./rows_of_pairs.ts";

/** Most studies: their pictures make up most of what is added to a page. */
const MOST_STUDIES = 300;
/** Largest side of the pictures in pixels. */
const LARGEST_SIDE = 64;

/**
 * Selects studies that have all image views, evenly over the cohort, with the latents and the prepared pictures of each
 * one's first pair. No identifier is kept.
 *
 * @returns What the page says of them, and the bytes of {@linkcode Neighbours}' block before compression.
 */
export function collectNeighbours(
  latents: readonly ViewLatents[],
  { open, data, table }: { open: OpenEncoders; data: RunData; table: StudyTable },
): { studies: Neighbours; bytes: Uint8Array<ArrayBuffer> } {
  const { pairs } = open.views;
  const images = latents.map(({ view }) => open.views.names.indexOf(view));
  const rows = images.map((view) => rowsOfPairs(pairs, view));
  const complete = Array.from({ length: pairs.count }, (_, pair) => pair)
    .filter((pair) => rows.every((own) => own[pair]! >= 0) && pairs.study[pair] !== pairs.study[pair - 1]);
  const count = Math.min(MOST_STUDIES, complete.length);
  const chosen = Array.from({ length: count }, (_, i) => complete[Math.floor(i * complete.length / count)]!);
  const size = open.model.shape.imageSize;
  const side = Math.min(size, LARGEST_SIDE);
  const parts: Uint8Array[] = [];
  latents.forEach(({ values, dimension }, m) => {
    for (const pair of chosen) {
      const row = rows[m]![pair]!;
      parts.push(new Uint8Array(values.slice(row * dimension, (row + 1) * dimension).buffer));
    }
  });
  for (const view of images) {
    for (const pair of chosen) {
      const image = pairs.images[pair * pairs.views + view]!;
      parts.push(shrink(data.pixels.read(image), { size, side }));
    }
  }
  return {
    studies: {
      side,
      views: latents.map(({ view }) => view),
      positives: chosen.map((pair) =>
        table.targets.flatMap((target, label) => target[pairs.study[pair]!] === 1 ? [label] : [])
      ),
    },
    bytes: concatBytes(parts),
  };
}

/** Shrinks a square picture by averaging the pixels that each of its own covers. */
export function shrink(pixels: Uint8Array, { size, side }: { size: number; side: number }): Uint8Array {
  if (size === side) return pixels;
  const out = new Uint8Array(side * side);
  const edge = (i: number) => Math.floor(i * size / side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let [sum, count] = [0, 0];
      for (let v = edge(y); v < edge(y + 1); v++) {
        for (let u = edge(x); u < edge(x + 1); u++) [sum, count] = [sum + pixels[v * size + u]!, count + 1];
      }
      out[y * side + x] = Math.round(sum / count);
    }
  }
  return out;
}
