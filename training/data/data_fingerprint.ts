/**
 * A fingerprint of a run's training data, to detect changes before the run is resumed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { PairTable } from "../../data/mod.ts";
import type { RunConfig } from "../run/run_config.ts";
import { isSupervised, trainingPairs } from "../run_trainer.ts";
import type { RunData } from "./run_data.ts";
import { wantsText } from "./run_views.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const sums = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/**
 * A fingerprint of a run's training pairs, a few bytes per image: enough to tell whether anything changed, and what.
 * Images are identified by their prepared pixels, so that copying or touching files does not matter.
 */
export interface DataFingerprint {
  /**
   * SHA-256 of all training pairs in their order: studies, images, their prepared pixels and what is learned from
   * labels.
   */
  digest: string;
  /** Number of training pairs. */
  pairs: number;
  /** The studies of the training pairs. */
  studies: string[];
  /** CRC-32 of each study's labels, uint32 in base64; empty where labels are not learned from. */
  labels: string;
  /** CRC-32 of each study's text, uint32 in base64, 0 without one; absent where texts are not learned from. */
  texts?: string;
  /** CRC-32 of each image's name and of its prepared pixels, uint32 in base64; ascending by name. */
  images: { names: string; pixels: string };
}

/** Checks {@linkcode DataFingerprint}. */
export const dataFingerprintSchema: z.ZodType<DataFingerprint> = z.object({
  digest: hash,
  pairs: z.int().nonnegative(),
  studies: z.array(z.string()),
  labels: sums,
  texts: sums.exactOptional(),
  images: z.object({ names: sums, pixels: sums }),
});

/** An image in the fingerprint. */
interface ImageSums {
  name: string;
  nameSum: number;
  pixelSum: number;
}

/** The fingerprint of a run's training pairs. */
export function fingerprintOf(config: RunConfig, data: RunData): DataFingerprint {
  const { index, pixels } = data;
  const pairs = trainingPairs(config, data);
  const images = imagesOf(pairs, (image) => ({
    name: index.source.name(image),
    nameSum: crc32(index.source.name(image)),
    pixelSum: pixels.sum(image),
  }));
  const labelSums = new Map<number, number>();
  for (const study of isSupervised(config) ? pairs.study : []) {
    const { length } = index.labels;
    labelSums.set(study, crc32(index.studies.states.subarray(study * length, (study + 1) * length)));
  }
  const textSum = textSumsOf(config, data);
  const digest = createHash("sha256");
  for (let pair = 0; pair < pairs.count; pair++) {
    const study = pairs.study[pair]!;
    const row = Array.from(pairs.images.subarray(pair * pairs.views, (pair + 1) * pairs.views), (image) => {
      const sums = images.get(image);
      return sums === undefined ? null : [sums.name, sums.pixelSum];
    });
    const text = textSum ? [textSum(study)] : [];
    digest.update(`${JSON.stringify([index.studies.ids[study], labelSums.get(study) ?? null, row, ...text])}\n`);
  }
  const studies = [...new Set(pairs.study)];
  const sorted = [...images.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  return {
    digest: digest.digest("hex"),
    pairs: pairs.count,
    studies: studies.map((study) => index.studies.ids[study]!),
    labels: encode(studies.flatMap((study) => labelSums.get(study) ?? [])),
    ...(textSum ? { texts: encode(studies.map(textSum)) } : {}),
    images: { names: encode(sorted.map((one) => one.nameSum)), pixels: encode(sorted.map((one) => one.pixelSum)) },
  };
}

/** The digest of a run's training pairs: equal if all that is learned from is equal. */
export function digestOf(config: RunConfig, data: RunData): string {
  return fingerprintOf(config, data).digest;
}

/**
 * Describes the differences; empty if there are none.
 *
 * @param data The data of `now`, to name images.
 */
export function describeDataChanges(
  before: DataFingerprint,
  now: DataFingerprint,
  { index }: Pick<RunData, "index">,
): string[] {
  if (before.digest === now.digest) return [];
  const changes: string[] = [];
  const [oldStudies, newStudies] = [new Set(before.studies), new Set(now.studies)];
  note(changes, [...oldStudies.difference(newStudies)], {
    one: "training study is gone",
    many: "training studies are gone",
  });
  note(changes, [...newStudies.difference(oldStudies)], {
    one: "training study is new",
    many: "training studies are new",
  });
  const [oldImages, newImages] = [imageSums(before), imageSums(now)];
  const gone = [...oldImages.keys()].filter((name) => !newImages.has(name)).length;
  if (gone > 0) changes.push(gone === 1 ? "1 image is gone" : `${gone} images are gone`);
  const names = namesBySum(index);
  const named = (sums: number[]) => sums.map((sum) => names.get(sum) ?? "?");
  const added = [...newImages.keys()].filter((name) => !oldImages.has(name));
  note(changes, named(added), { one: "image is new", many: "images are new" });
  const other = [...newImages].filter(([name, pixels]) => oldImages.has(name) && oldImages.get(name) !== pixels);
  note(changes, named(other.map(([name]) => name)), {
    one: "image has other pixels",
    many: "images have other pixels",
  });
  const oldLabels = sumsByStudy(before, before.labels);
  const relabelled = [...sumsByStudy(now, now.labels)].filter(([study, sum]) =>
    oldLabels.has(study) && oldLabels.get(study) !== sum
  );
  note(changes, relabelled.map(([study]) => study), {
    one: "study has other labels",
    many: "studies have other labels",
  });
  const oldTexts = sumsByStudy(before, before.texts);
  const rewritten = [...sumsByStudy(now, now.texts)].filter(([study, sum]) => (oldTexts.get(study) ?? sum) !== sum);
  note(changes, rewritten.map(([study]) => study), {
    one: "study has another text",
    many: "studies have other texts",
  });
  if (before.pairs !== now.pairs) changes.push(`there are ${now.pairs} training pairs, not ${before.pairs}`);
  return changes.length > 0
    ? changes
    : ["the training pairs are in another order, or made of the images in another way"];
}

/** Adds a count with the first few things counted. */
function note(changes: string[], what: readonly string[], words: { one: string; many: string }): void {
  if (what.length === 0) return;
  const shown = what.slice(0, 3).join(", ") + (what.length > 3 ? ", ..." : "");
  changes.push(`${what.length} ${what.length === 1 ? words.one : words.many} (${shown})`);
}

function imagesOf(pairs: PairTable, sumsOf: (image: number) => ImageSums): Map<number, ImageSums> {
  const images = new Map<number, ImageSums>();
  for (const image of pairs.images) if (image >= 0 && !images.has(image)) images.set(image, sumsOf(image));
  return images;
}

/** Pixel sums by name sum. */
function imageSums({ images }: DataFingerprint): Map<number, number> {
  const [names, pixels] = [decode(images.names), decode(images.pixels)];
  return new Map(Array.from(names, (name, i) => [name, pixels[i]!]));
}

/** A sum of each study, none where there are none. */
function sumsByStudy({ studies }: DataFingerprint, encoded = ""): Map<string, number> {
  return new Map(Array.from(decode(encoded), (sum, i) => [studies[i]!, sum]));
}

/** The CRC-32 of a study's text, for a run that learns from texts. */
function textSumsOf(config: RunConfig, { index: { texts } }: RunData): ((study: number) => number) | undefined {
  if (!wantsText(config.model) || texts === undefined) return undefined;
  return (study) => crc32(texts.get(study) ?? "");
}

function namesBySum(index: RunData["index"]): Map<number, string> {
  const names = new Map<number, string>();
  for (let image = 0; image < index.images.count; image++) {
    const name = index.source.name(image);
    names.set(crc32(name), name);
  }
  return names;
}

function encode(sums: readonly number[]): string {
  const bytes = new Uint8Array(4 * sums.length);
  const view = new DataView(bytes.buffer);
  sums.forEach((sum, i) => view.setUint32(4 * i, sum, true));
  return bytes.toBase64();
}

function decode(text: string): Uint32Array {
  const bytes = Uint8Array.fromBase64(text);
  const view = new DataView(bytes.buffer);
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getUint32(4 * i, true));
}
