/**
 * The images of a study: projections, recorded view positions and sizes.
 *
 * @module
 */
import { Draws } from "./draws.ts";

/** The true projection of an image. */
export type ViewPosition = "AP" | "PA" | "LATERAL" | "LL";

/** The view that a projection is of. */
export function viewOf({ projection }: Pick<ImageState, "projection">): "frontal" | "lateral" {
  return projection === "AP" || projection === "PA" ? "frontal" : "lateral";
}

/** One image of a study, before it is drawn. */
export interface ImageState {
  /** Five groups of eight hexadecimal digits, as in MIMIC-CXR-JPG. */
  dicomId: string;
  /** The true projection, which the metadata may misstate. */
  projection: ViewPosition;
  /** ViewPosition in the metadata: usually the projection, sometimes blank, rarely something else. */
  viewPosition: string;
  /** Size in pixels at full scale. */
  fullRows: number;
  /** Width in pixels at full scale. */
  fullColumns: number;
  /** Random stream key of pose, exposure and noise. */
  key: string;
}

// Rows and columns of detectors, the most common first.
type Plates = readonly [readonly [number, number], ...(readonly [number, number])[]];
const FRONTAL_PLATES: Plates = [[3056, 2544], [3056, 2544], [2544, 3056], [2544, 3056], [2539, 3050], [2828, 2320], [
  2800,
  2800,
]];
const LATERAL_PLATES: Plates = [[3056, 2544], [3056, 2544], [3056, 2544], [3050, 2539], [2828, 2320], [3056, 2140]];
const RARE_FRONTAL = ["AP AXIAL", "PA LLD", "LPO"] as const;
const RARE_LATERAL = ["LAO", "RAO", "XTABLE LATERAL", "SWIMMERS"] as const;

/**
 * Draws the images of a study: mostly one frontal and one lateral; sometimes two frontals, two laterals, or only one
 * view. `variety(use)` returns a number in [0, 1) that is evenly distributed over the studies.
 */
export function imagesOf(
  seed: number,
  { index, portable, variety }: { index: number; portable: boolean; variety: (use: "views" | "position") => number },
): ImageState[] {
  const draws = new Draws("phantom images", seed, index);
  const plan = variety("views");
  const frontals = plan >= 0.80 && plan < 0.88 ? 2 : plan >= 0.98 ? 0 : 1;
  const laterals = plan >= 0.88 && plan < 0.92 ? 2 : plan >= 0.92 && plan < 0.98 ? 0 : 1;
  const images: ImageState[] = [];
  for (let i = 0; i < frontals + laterals; i++) {
    const frontal = i < frontals;
    const projection = frontal ? (portable ? "AP" : "PA") : draws.chance(0.7) ? "LATERAL" : "LL";
    const [rows, columns] = draws.pick(frontal ? FRONTAL_PLATES : LATERAL_PLATES);
    images.push({
      dicomId: dicomId(draws),
      projection,
      viewPosition: projection,
      fullRows: rows - draws.pick([0, 0, 0, 8, 14, 40]),
      fullColumns: columns - draws.pick([0, 0, 0, 8, 14, 40]),
      key: `${index}/${i}`,
    });
  }
  const last = images.at(-1);
  if (last !== undefined) {
    const named = variety("position");
    if (named < 0.025) last.viewPosition = "";
    else if (named < 0.035) {
      last.viewPosition = draws.pick(
        last.projection === "AP" || last.projection === "PA" ? RARE_FRONTAL : RARE_LATERAL,
      );
    }
  }
  return images;
}

function dicomId(draws: Draws): string {
  const group = () => draws.uint32().toString(16).padStart(8, "0");
  return [group(), group(), group(), group(), group()].join("-");
}
