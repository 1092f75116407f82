/**
 * The "Pictures and latents" section.
 *
 * @module
 */
import type { Pictures } from "../../../eval/results/results.ts";
import { figure, note, type ReportContext, section } from "../context.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { capitalise, formatNumberOf } from "../markup/format.ts";
import { augmentationPart } from "./augmentation_part.ts";
import { methodName } from "../figures/palette.ts";
import { isPng, picture } from "../markup/picture.ts";
import { bestMethod } from "../figures/ties.ts";
import { generativePart } from "./generative_part.ts";
import { latentsPart } from "./latents_part.ts";
import { hasText, textTable } from "./texts_part.ts";

/** Budget for pictures in base64 characters, to keep the report below 3 MB. */
const PICTURE_BUDGET = 1_200_000;

/** Renders reconstructions and translations next to the originals, and projections of the latents. */
export function picturesSection(ctx: ReportContext): HTMLElement {
  const { h } = ctx;
  return section(
    h,
    "pictures",
    h("h3", null, "Reconstructions and translations"),
    pictures(ctx),
    mayShow(ctx) ? augmentationPart(ctx) : null,
    h("h3", null, "Generative quality"),
    generativePart(ctx),
    h("h3", null, "Latents"),
    latentsPart(ctx),
  );
}

/** Pictures of patients are shown on demand only. */
function mayShow({ results, includeImages }: ReportContext): boolean {
  return results.data.synthetic || includeImages;
}

function pictures(ctx: ReportContext): Child {
  const { h, results } = ctx;
  const { synthetic, dataset } = results.data;
  if (!mayShow(ctx)) {
    return note(
      h,
      `Pictures are omitted because ${dataset} shows patients; by default only pictures of phantoms and MNIST ` +
        `digits are ` +
        "embedded. If the data's terms of use allow it, --include-images embeds them.",
    );
  }
  if (results.pictures.length === 0) return note(h, "The results contain no pictures.");
  const { kept, dropped } = chosen(ctx);
  return [
    synthetic ? null : note(
      h,
      h("strong", null, "This file contains pictures of patients"),
      " because it was made with --include-images. Share it only with people who may see them under the data's " +
        "terms of use.",
    ),
    kept.map((group, i) => {
      const grids = runFigure(ctx, group);
      if (i === 0) return grids;
      return h("details", null, h("summary", null, `Pictures of ${runTitle(ctx, group[0]!.run)}`), grids);
    }),
    dropped === 0 ? null : note(
      h,
      `${
        formatNumberOf(dropped, { one: "grid of pictures is", many: "grids of pictures are" })
      } omitted: from other seeds, too large for this file, or not PNG.`,
    ),
  ];
}

/** Chooses one run per method, the best method first, as far as the budget allows; other seeds look alike. */
function chosen(ctx: ReportContext): { kept: Pictures[][]; dropped: number } {
  const { results, summary } = ctx;
  const sound = results.pictures.filter((group) =>
    group.items.length > 0 &&
    group.items.every((item) =>
      (isText(group.fromKind) || isPng(item.input)) &&
      (isText(group.toKind) || (isPng(item.target) && isPng(item.output)))
    )
  );
  const method = new Map(results.runs.map((run) => [run.name, run.method]));
  const best = bestMethod(summary, new Set(sound.map((group) => method.get(group.run) ?? "")));
  const byMethod = Map.groupBy(sound, (group) => method.get(group.run) ?? group.run);
  const ordered = [...byMethod].sort(([a], [b]) => Number(b === best) - Number(a === best));
  const kept: Pictures[][] = [];
  let room = PICTURE_BUDGET;
  for (const [, groups] of ordered) {
    const run = groups.filter((group) => group.run === groups[0]!.run);
    const size = run.flatMap((group) => group.items)
      .reduce((sum, item) => sum + item.input.length + item.target.length + item.output.length, 0);
    if (size > room) continue;
    room -= size;
    kept.push(run);
  }
  return { kept, dropped: results.pictures.length - kept.flat().length };
}

function isText(kind: Pictures["fromKind"]): boolean {
  return kind === "text";
}

function runTitle(ctx: ReportContext, name: string): string {
  const run = ctx.results.runs.find((one) => one.name === name);
  return run === undefined ? `run ${name}` : `${methodName(run.method)} (run ${name})`;
}

function runFigure(ctx: ReportContext, groups: readonly Pictures[]): Child {
  const pictured = groups.filter((group) => !hasText(group));
  const written = groups.filter(hasText);
  return [
    pictured.length > 0 ? pictureFigure(ctx, pictured) : null,
    written.length > 0 ? textFigure(ctx, written) : null,
  ];
}

function textFigure(ctx: ReportContext, groups: readonly Pictures[]): HTMLElement {
  return figure(
    ctx,
    {
      class: "wide",
      caption:
        `${runTitle(ctx, groups[0]!.run)}: one test study per row. A translated text is the most probable word ` +
        "at each position, each chosen by itself; <unk> stands for words that are not in the vocabulary.",
    },
    ctx.h("div", { class: "text-groups" }, groups.map((group) => textTable(ctx.h, group))),
  );
}

function pictureFigure(ctx: ReportContext, groups: readonly Pictures[]): HTMLElement {
  const { h } = ctx;
  return figure(
    ctx,
    {
      class: "wide",
      caption: `${runTitle(ctx, groups[0]!.run)}: one test study per column. Rows from top to bottom: the input, for ` +
        `translations ` +
        "the true image of the other view, and the output.",
    },
    h("div", { class: "picture-groups" }, groups.map((group) => grid(h, group))),
  );
}

function grid(h: Builder, group: Pictures): HTMLElement {
  const translation = group.kind === "translation";
  const rows: readonly (readonly ["input" | "target" | "output", string])[] = translation
    ? [["input", `${group.from}, given`], ["target", `${group.to}, true`], ["output", `${group.to}, translated`]]
    : [["input", `${group.from}, original`], ["output", `${group.from}, reconstructed`]];
  return h(
    "div",
    { class: "picture-grid" },
    h("h4", null, capitalise(translation ? `${group.from} → ${group.to}` : `${group.from}, reconstructed`)),
    h(
      "div",
      { class: "strips" },
      group.items.map((item, i) =>
        h(
          "div",
          { class: "picture-strip" },
          rows.map(([key, text]) => picture(h, item[key], { alt: `Study ${i + 1}: ${text}`, size: group.size })),
        )
      ),
    ),
  );
}
