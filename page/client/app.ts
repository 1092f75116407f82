/**
 * The page: pictures of a study in; latents, probabilities, translations and counterfactuals out.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import type { Device } from "../../runtime/mod.ts";
import type { PageModel } from "../stored/page_model.ts";
import { Counterfactual } from "./counterfactual.ts";
import { latentChart, scoreTable, shownView } from "./figures.ts";
import { imageViewsOf, type Latent, LoadedModel } from "./loaded_model.ts";
import { NeighbourPart } from "./neighbours.ts";
import { PictureError, PictureOpener } from "./open_picture.ts";
import { Status } from "./status.ts";
import { studyForm } from "./study_form.ts";

/** The running page. */
export class App {
  readonly element: HTMLElement;
  readonly #status: Status;
  readonly #results: HTMLElement;
  readonly #opener: PictureOpener;
  readonly #pictures = new Map<string, Uint8Array>();
  #counterfactual: Counterfactual | undefined;
  readonly #neighbours: NeighbourPart | undefined;
  readonly #moves: HTMLElement;
  #model: LoadedModel | undefined;
  /** Work is done in turn. */
  #queue: Promise<void> = Promise.resolve();

  constructor(private readonly h: Builder, private readonly page: PageModel, private readonly device: Device) {
    this.#status = new Status(h, "Model");
    this.#opener = new PictureOpener(page);
    this.#results = h("div", { class: "results" });
    this.#moves = h("div");
    if (page.neighbours) this.#neighbours = new NeighbourPart(h, page, page.neighbours);
    const form = studyForm(h, {
      views: imageViewsOf(page),
      onFiles: (files) => this.#inTurn(() => this.#take(files)),
      onClear: () => this.#inTurn(() => this.#clear()),
    });
    this.element = h("div", null, form, this.#status.element, this.#results, this.#moves, this.#neighbours?.element);
  }

  #inTurn(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error) => {
      // A device that was lost, or memory that ran out.
      const why = error instanceof Error ? error.message : String(error);
      this.#status.fail(
        error instanceof PictureError ? why : `the model cannot be run: ${why}: reload the page to start again`,
      );
    });
  }

  async #clear(): Promise<void> {
    this.#pictures.clear();
    await this.#showStudy();
    this.#status.done("");
  }

  /** Takes pictures in the place of those before. One that cannot be read leaves its view without any. */
  async #take(files: ReadonlyMap<string, File>): Promise<void> {
    let fault: PictureError | undefined;
    for (const [view, file] of files) {
      await this.#status.busy(`Reading the picture of the ${view} view…`, 0.1);
      this.#pictures.delete(view);
      try {
        this.#pictures.set(view, await this.#opener.open(file));
      } catch (error) {
        if (!(error instanceof PictureError)) throw error;
        fault = error;
      }
    }
    await this.#showStudy();
    if (fault) throw fault;
  }

  /** Encodes the pictures that there are, and shows everything that follows from them. */
  async #showStudy(): Promise<void> {
    this.#results.replaceChildren();
    if (this.#pictures.size === 0) {
      await this.#counterfactual?.show(new Map());
      if (this.#neighbours) this.#neighbours.element.hidden = true;
      return;
    }
    const start = performance.now();
    const model = await this.#open();
    await this.#status.busy("Encoding…", 0.5);
    const latents = await model.encode(this.#pictures);
    const seconds = (performance.now() - start) / 1000;
    let done = 0;
    for (const [view, latent] of latents) {
      await this.#status.busy(`Decoding from the ${view} view…`, 0.6 + 0.3 * done++ / latents.size);
      this.#results.append(await this.#viewResults(model, view, latent));
    }
    await this.#counterfactual!.show(latents);
    await this.#neighbours?.show(latents);
    this.#status.done(`Encoded ${[...latents.keys()].join(" and ")} in ${seconds.toFixed(2)} s.`);
  }

  async #open(): Promise<LoadedModel> {
    if (this.#model) return this.#model;
    await this.#status.busy("Loading the weights and compiling the model…", 0.25);
    this.#model = new LoadedModel(this.device, this.page);
    this.#counterfactual = new Counterfactual(this.h, this.#model, this.#status);
    this.#moves.append(this.#counterfactual.element);
    return this.#model;
  }

  async #viewResults(model: LoadedModel, view: string, latent: Latent): Promise<HTMLElement> {
    const { h, page } = this;
    const { views, imageSize: side } = page.config;
    const decoded = await model.decode(latent.mu);
    const probes = page.probes.find((one) => one.view === view);
    return h(
      "section",
      { class: "part", "aria-label": `Results of the ${view} view`, "data-results": view },
      h("h3", null, `The ${view} view`),
      h(
        "div",
        { class: "pictures" },
        shownView(h, this.#pictures.get(view)!, { side, caption: `${view}, as prepared` }),
        decoded.map((content, m) =>
          shownView(h, content, {
            side,
            caption: views[m] === view ? `${view}, reconstructed` : `translated to ${views[m]}`,
          })
        ),
      ),
      probes
        ? scoreTable(h, probes, latent)
        : h("p", { class: "note" }, "The run has no probes: it was not evaluated on labels."),
      latentChart(h, latent, view),
    );
  }
}
