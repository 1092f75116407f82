/**
 * How well a classifier of views does on held-out patients, and the table of its results.
 *
 * @module
 */
import { csvCell } from "../../base/csv_cell.ts";
import { type StudyIndex, VIEWS_COLUMNS } from "../../data/mod.ts";
import { mostProbableClass } from "../metrics/multiclass.ts";
import type { ViewImages } from "./classify_views.ts";

/** A labelled view is contradicted by another class of at least this probability. */
export const CONFIDENT = 0.95;

/** A share of images classified as labelled. */
export interface Share {
  /** Images classified as labelled. */
  right: number;
  /** All images. */
  count: number;
  /** `right / count`. */
  share: number;
  /** 95 % interval of the share. */
  interval: readonly [low: number, high: number];
}

/** Results of a classifier of views. */
export interface ViewAccuracy {
  /** Of all labelled images of held-out patients. */
  all: Share;
  /** Of those labelled as one of the data set's views, without `other`, which may be rare and of any appearance. */
  ofViews: Share;
  /** Held-out images by labelled class, then by predicted class. */
  confusion: readonly (readonly number[])[];
  /** Number of blank images by predicted class. */
  blank: readonly number[];
  /** Labelled images that are confidently contradicted, by position in `images`. */
  suspicious: readonly number[];
}

/** Compares the probabilities `[images, classes]` with the labels. */
export function viewAccuracy({ classes, labels, parts }: ViewImages, probabilities: Float64Array): ViewAccuracy {
  const called = mostProbableClass({ values: probabilities, classes: classes.length });
  const confusion = classes.map(() => classes.map(() => 0));
  const blank = classes.map(() => 0);
  const suspicious: number[] = [];
  called.forEach((predicted, i) => {
    const label = labels[i]!;
    if (parts[i] === "blank") {
      blank[predicted]!++;
      return;
    }
    if (predicted !== label && probabilities[i * classes.length + predicted]! >= CONFIDENT) suspicious.push(i);
    if (parts[i] === "held-out") confusion[label]![predicted]!++;
  });
  return { all: shareOf(confusion), ofViews: shareOf(confusion.slice(0, -1)), confusion, blank, suspicious };
}

/** The share of the diagonal in rows of a confusion table. */
function shareOf(rows: readonly (readonly number[])[]): Share {
  const right = rows.reduce((sum, row, i) => sum + row[i]!, 0);
  const count = rows.flat().reduce((sum, cell) => sum + cell, 0);
  return { right, count, share: right / count, interval: wilsonInterval(right, count) };
}

/** Wilson's score interval of a proportion, 95 %, which is sensible for proportions of 1 too. */
export function wilsonInterval(right: number, count: number): readonly [low: number, high: number] {
  const z = 1.959963984540054;
  const share = right / count;
  const scale = 1 + z * z / count;
  const middle = (share + z * z / (2 * count)) / scale;
  const half = z / scale * Math.sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The table of views as CSV: a row for each image, which `--views-file` reads. */
export function viewsTable(
  index: StudyIndex,
  views: ViewImages,
  { probabilities, accuracy }: { probabilities: Float64Array; accuracy: ViewAccuracy },
): string {
  const { classes, images, parts } = views;
  const called = mostProbableClass({ values: probabilities, classes: classes.length });
  const suspicious = new Set(accuracy.suspicious);
  const lines = [[...VIEWS_COLUMNS, ...classes].join(",")];
  images.forEach((image, i) => {
    const row = probabilities.subarray(i * classes.length, (i + 1) * classes.length);
    lines.push([
      csvCell(index.images.ids[image]!),
      csvCell(index.images.positions[index.images.position[image]!]!),
      classes[called[i]!],
      parts[i],
      suspicious.has(i) ? 1 : 0,
      ...Array.from(row, (probability) => probability.toFixed(4)),
    ].join(","));
  });
  return lines.join("\n") + "\n";
}
