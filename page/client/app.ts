/**
 * The page: pictures of a study in; latents, probabilities, translations and counterfactuals out.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import type { Device } from "../../runtime/mod.ts";
import { hasDecoders, type PageModel } from "../stored/page_model.ts";
import { Counterfactual } from "./counterfactual.ts";
import { combinedTable, latentChart, scoreTable, shownView } from "./figures.ts";
import { type Decoded, imageViewsOf, type Latent, LoadedModel } from "./loaded_model.ts";
import { NeighbourPart } from "./neighbours.ts";
import { PictureError, PictureOpener } from "./open_picture.ts";
import { painted, Status } from "./status.ts";
import { studyForm } from "./study_form.ts";
import { Timings } from "./timings.ts";

/** The running page. */
export class App {
  readonly element: HTMLElement;
  readonly #status: Status;
  readonly #times: HTMLElement;
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
    this.#times = h("div");
    this.#status.element.append(this.#times);
    this.#results = h("div", { class: "results" });
    this.#moves = h("div");
    if (page.neighbours) this.#neighbours = new NeighbourPart(h, page, page.neighbours);
    const form = studyForm(h, {
      views: imageViewsOf(page),
      onFiles: (files) => this.#inTurn(() => this.#take(files)),
      onClear: () => this.#inTurn(() => this.#clear()),
    });
    this.element = h(
      "div",
      null,
      form,
      this.#status.element,
      this.#results,
      this.#moves,
      this.#neighbours?.element,
    );
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
    await this.#showStudy(new Timings());
    this.#status.done("");
  }

  /** Takes pictures in the place of those before. Those that cannot be read leave their views without any. */
  async #take(files: ReadonlyMap<string, File>): Promise<void> {
    const times = new Timings();
    const faults: string[] = [];
    for (const [view, file] of files) {
      await this.#status.busy(`Reading the picture of the ${view} view…`, 0.1);
      this.#pictures.delete(view);
      try {
        const { pixels, decoding, preparing } = await this.#opener.open(file);
        this.#pictures.set(view, pixels);
        times.add("decoding", decoding);
        times.add("preparing", preparing);
      } catch (error) {
        if (!(error instanceof PictureError)) throw error;
        faults.push(error.message);
      }
    }
    await this.#showStudy(times);
    if (faults.length > 0) throw new PictureError(faults.join("\n"));
  }

  /** Encodes the pictures that there are, and shows everything that follows from them. */
  async #showStudy(times: Timings): Promise<void> {
    this.#results.replaceChildren();
    this.#times.replaceChildren();
    if (this.#pictures.size === 0) {
      this.#counterfactual?.show(new Map(), new Map());
      if (this.#neighbours) this.#neighbours.element.hidden = true;
      return;
    }
    const model = this.#model ?? await times.of("loading", () => this.#open());
    await this.#status.busy("Encoding…", 0.5);
    const latents = await times.of("encoding", () => model.encode(this.#pictures));
    const decoded = new Map<string, readonly Decoded[]>();
    for (const [view, { mu }] of latents) {
      await this.#status.busy(`Decoding from the ${view} view…`, 0.6 + 0.3 * decoded.size / latents.size);
      decoded.set(view, await times.of("views", () => model.decode(mu, view)));
    }
    await times.of("showing", async () => {
      this.#results.append(...this.#combined(latents));
      for (const [view, latent] of latents) this.#results.append(this.#viewResults(view, latent, decoded.get(view)!));
      await this.#neighbours?.show(latents);
    });
    this.#counterfactual?.show(latents, decoded);
    this.#times.replaceChildren(times.element(this.h));
    this.#status.done(`Encoded ${[...latents.keys()].join(" and ")} in ${(times.total / 1000).toFixed(2)} s.`);
  }

  async #open(): Promise<LoadedModel> {
    await this.#status.busy("Loading the weights and compiling the model…", 0.25);
    await painted();
    const model = await LoadedModel.open(this.device, this.page);
    await this.#status.busy("Compiling the model…", 0.35);
    await model.warmUp();
    if (hasDecoders(this.page.config)) {
      this.#counterfactual = new Counterfactual(this.h, model, this.#status);
      this.#moves.append(this.#counterfactual.element);
    }
    return this.#model = model;
  }

  /** The scores of a classifier that averages its views. */
  #combined(latents: ReadonlyMap<string, Latent>): HTMLElement[] {
    const { h, page: { combined, probes } } = this;
    if (!combined) return [];
    const title = h("h3", null, latents.size === 1 ? "The view given" : "The views together");
    return [
      h(
        "section",
        { class: "part", "data-results": combined.name },
        title,
        combinedTable(h, combined, { probes, latents }),
      ),
    ];
  }

  #viewResults(view: string, latent: Latent, decoded: readonly Decoded[]): HTMLElement {
    const { h, page } = this;
    const { views, imageSize: side } = page.config;
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
      hasDecoders(page.config) ? null : h("p", { class: "note" }, "The model has no decoders: it draws no pictures."),
      probes
        ? scoreTable(h, probes, latent)
        : h("p", { class: "note" }, "The run has no probes: it was not evaluated on labels."),
      latentChart(h, latent, view),
    );
  }
}
