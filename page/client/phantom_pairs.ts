/**
 * Draws pairs of phantoms for training in the page.
 *
 * @module
 */
import { preprocess } from "../../data/image/preprocess.ts";
import { drawImage, sceneOf } from "../../phantoms/draw.ts";
import { phantomStudies } from "../../phantoms/patients.ts";

/** A frontal and a lateral picture, prepared as for training. */
export type PhantomPair = readonly [frontal: Uint8Array, lateral: Uint8Array];

/** Most studies of a set: more than anyone waits for. */
const MOST = 1e5;
/** Full-size phantoms have about this many pixels a side. */
const FULL_SIDE = 2500;

/** Draws one study after another that has both views. */
export function* drawPhantomPairs({ seed, side }: { seed: number; side: number }): Generator<PhantomPair> {
  // Twice the size of the prepared picture keeps what resizing can keep.
  const scale = 2 * side / FULL_SIDE;
  for (const study of phantomStudies(seed, MOST)) {
    const isLateral = study.images.map(({ projection }) => projection === "LATERAL" || projection === "LL");
    const [frontal, lateral] = [isLateral.indexOf(false), isLateral.indexOf(true)];
    if (frontal < 0 || lateral < 0) continue;
    const scene = sceneOf(study);
    const [first, second] = [frontal, lateral].map((i) => {
      const { pixels, width, height } = drawImage(scene, study.images[i]!, { seed, scale });
      const image = { samples: pixels, width, height, bitsUsed: 8 };
      return preprocess(image, { size: side, preprocessing: "radiograph" });
    });
    yield [first!, second!];
  }
}
