/**
 * The form by which a reader gives a study: one picture for each image view, chosen or dropped.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";

/** The formats that are read, for the file dialog. */
const ACCEPT = "image/jpeg,image/png,image/tiff,image/bmp,application/dicom,.dcm,.dicom,.tif,.bmp";

/**
 * Creates the form.
 *
 * @param options.views The image views in the order in which dropped files fill them.
 * @param options.onFiles Called with the files that were given, each with its view.
 * @param options.onClear Called when the study is to be forgotten.
 */
export function studyForm(
  h: Builder,
  options: {
    views: readonly string[];
    onFiles: (files: ReadonlyMap<string, File>) => void;
    onClear: () => void;
  },
): HTMLElement {
  const { views, onFiles, onClear } = options;
  const inputs = views.map((view, i) => {
    const input = h("input", { type: "file", accept: ACCEPT, id: `file-${i}`, "data-view": view });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) onFiles(new Map([[view, file]]));
    });
    return input;
  });
  const clear = h("button", { type: "button", class: "plain-button" }, "Clear");
  clear.addEventListener("click", () => {
    for (const input of inputs) input.value = "";
    onClear();
  });
  const form = h(
    "div",
    { class: "study-form", role: "group", "aria-label": "Pictures of the study" },
    views.map((view, i) =>
      h(
        "div",
        { class: "slot", "data-slot": view },
        h("label", { for: `file-${i}` }, `Picture of the ${view} view`),
        inputs[i],
      )
    ),
    h("p", { class: "note" }, "Or drop one or more pictures here: on a view, or anywhere in the order of the views."),
    clear,
  );
  acceptDrops(form, views, onFiles);
  return form;
}

/** Takes dropped files: the first one for the view that it was dropped on, the others for the views after it. */
function acceptDrops(
  form: HTMLElement,
  views: readonly string[],
  onFiles: (files: ReadonlyMap<string, File>) => void,
): void {
  const isOver = (over: boolean) => form.classList.toggle("over", over);
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    isOver(true);
  });
  form.addEventListener("dragleave", () => isOver(false));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    isOver(false);
    const slot = (event.target as Element).closest<HTMLElement>("[data-slot]")?.dataset["slot"];
    const first = Math.max(0, views.indexOf(slot ?? ""));
    const files = [...event.dataTransfer?.files ?? []].slice(0, views.length - first);
    if (files.length > 0) onFiles(new Map(files.map((file, i) => [views[first + i]!, file])));
  });
  // A file that misses the form must not replace the page.
  for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
}
