/**
 * What augmentation does to pictures of the data.
 *
 * @module
 */
import type { AugmentedPictures } from "../../../eval/results/augmentation_record.ts";
import { figure, note, type ReportContext } from "../context.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { capitalise } from "../markup/format.ts";
import { isPng, picture } from "../markup/picture.ts";

/** Budget for these pictures in base64 characters, see the one of other pictures. */
const AUGMENTATION_BUDGET = 600_000;

/** An amount as a range in words. */
const RANGES: Readonly<Record<string, (amount: number) => string>> = {
  shift: (amount) => `shifted by up to ${percent(amount)} of the side along each axis`,
  scale: (amount) => `scaled to ${percent(1 - amount)} to ${percent(1 + amount)}`,
  rotate: (amount) => `rotated by up to ${rounded(amount)}° in either direction`,
  crop: (amount) => `cropped by up to ${percent(amount)} of each side`,
  flip: (amount) => `mirrored with probability ${rounded(amount)}`,
  contrast: (amount) => `contrast of ${percent(1 - amount)} to ${percent(1 + amount)}`,
  brightness: (amount) => `brightness changed by up to ${percent(amount)} of the range from black to white`,
  noise: (amount) => `noise with a standard deviation of up to ${percent(amount)} of that range`,
};

/**
 * Renders originals and augmented versions of them with the ranges, once for runs with the same ones; nothing without
 * augmentation. The caller decides whether pictures may be shown.
 */
export function augmentationPart(ctx: ReportContext): Child {
  const { h, results } = ctx;
  const all = (results.augmentations ?? []).filter(isSound);
  if (all.length === 0) return null;
  const groups = [...Map.groupBy(all, ({ amounts }) => JSON.stringify(amounts)).values()];
  let room = AUGMENTATION_BUDGET;
  return [
    h("h3", null, "Augmentation"),
    groups.map((group) => {
      const shown = group.filter(({ run }) => run === group[0]!.run);
      const studies = studiesWithin(shown, room);
      if (studies === 0) return note(h, `Augmented pictures of ${runsOf(group)} are too large for this file.`);
      room -= sizeOf(shown, studies);
      return figure(
        ctx,
        {
          class: "wide",
          caption: `Augmentation in the training of ${runsOf(group)}: one study per column, the original on top and ` +
            `below it versions as different steps would draw them. Ranges: ${rangesOf(group[0]!.amounts)}.`,
        },
        h("div", { class: "picture-groups" }, shown.map((view) => grid(h, view, studies))),
      );
    }),
  ];
}

/** The ranges of amounts in words, in their order. */
export function rangesOf(amounts: AugmentedPictures["amounts"]): string {
  const given = Object.entries(amounts).filter(([, amount]) => amount > 0);
  return given.map(([name, amount]) => RANGES[name]?.(amount) ?? `${name} ${amount}`).join("; ");
}

function grid(h: Builder, { view, size, items }: AugmentedPictures, studies: number): HTMLElement {
  return h(
    "div",
    { class: "picture-grid" },
    h("h4", null, capitalise(view)),
    h(
      "div",
      { class: "strips" },
      items.slice(0, studies).map(({ original, augmented }, i) =>
        h(
          "div",
          { class: "picture-strip" },
          picture(h, original, { alt: `Study ${i + 1}: ${view}, original`, size }),
          augmented.map((png, k) =>
            picture(h, png, { alt: `Study ${i + 1}: ${view}, augmented, version ${k + 1}`, size })
          ),
        )
      ),
    ),
  );
}

function isSound({ items }: AugmentedPictures): boolean {
  return items.length > 0 && items.every(({ original, augmented }) => [original, ...augmented].every(isPng));
}

/** The largest number of studies whose pictures have room. */
function studiesWithin(views: readonly AugmentedPictures[], room: number): number {
  let studies = Math.max(...views.map(({ items }) => items.length));
  while (studies > 0 && sizeOf(views, studies) > room) studies--;
  return studies;
}

function sizeOf(views: readonly AugmentedPictures[], studies: number): number {
  return views.flatMap(({ items }) => items.slice(0, studies))
    .flatMap(({ original, augmented }) => [original, ...augmented])
    .reduce((sum, { length }) => sum + length, 0);
}

function runsOf(group: readonly AugmentedPictures[]): string {
  return [...new Set(group.map(({ run }) => run))].join(", ");
}

function percent(fraction: number): string {
  return `${rounded(fraction * 100)} %`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
