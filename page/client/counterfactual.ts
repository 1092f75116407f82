/**
 * Live counterfactuals: a slider moves a latent along a probe's direction, and all views follow, so that a reader sees
 * what a score rests on.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import type { LinearProbe, ViewProbes } from "../stored/page_model.ts";
import { probabilitiesOf } from "../stored/probabilities.ts";
import { paint, paintChange, pictureCanvas } from "./canvas.ts";
import type { Decoded, Latent, LoadedModel } from "./loaded_model.ts";
import type { Status } from "./status.ts";

/** How far the slider reaches, in standard deviations of the training latents, and its step. */
const REACH = 4;
const STEP = 0.1;

/** A latent moved by some standard deviations of the training latents along a probe's direction. */
export function moved(mu: ArrayLike<number>, probe: LinearProbe, by: number): Float32Array {
  const { coefficients, direction = coefficients, spread } = probe;
  const norm = Math.hypot(...direction) || 1;
  return Float32Array.from(direction, (weight, i) => mu[i]! + by * spread * weight / norm);
}

/** Places for what a latent decodes to. */
interface Targets {
  readonly element: HTMLElement;
  show(decoded: readonly Decoded[]): void;
  showBase(decoded: readonly Decoded[]): void;
}

/** The part of the page with the slider. */
export class Counterfactual {
  readonly element: HTMLElement;
  readonly #view: HTMLSelectElement;
  readonly #label: HTMLSelectElement;
  readonly #slider: HTMLInputElement;
  readonly #score: HTMLOutputElement;
  readonly #table: HTMLElement;
  readonly #note: HTMLElement;
  readonly #targets: Targets;
  #latents: ReadonlyMap<string, Latent> = new Map();
  #decoded: ReadonlyMap<string, readonly Decoded[]> = new Map();
  #wanted: (() => Promise<readonly Decoded[]>) | undefined;
  #busy = false;

  constructor(private readonly h: Builder, private readonly model: LoadedModel, private readonly status: Status) {
    this.#view = h("select", { id: "move-view" });
    this.#label = h("select", { id: "move-label" });
    const range = { min: -REACH, max: REACH, step: STEP, value: 0 };
    this.#slider = h("input", { type: "range", id: "move-by", ...range });
    this.#score = h("output", { for: "move-by move-label move-view", id: "move-score" });
    this.#table = h("tbody");
    this.#note = h(
      "p",
      { class: "note", hidden: true },
      "This label's probe lies between those of other labels: no direction raises its probability from every latent.",
    );
    this.#targets = decodedTargets(h, model);
    const reset = h("button", { type: "button", class: "plain-button" }, "Back to the picture");
    reset.addEventListener("click", () => this.#reset());
    this.#view.addEventListener("change", () => this.#chooseView());
    this.#label.addEventListener("change", () => this.#reset());
    this.#slider.addEventListener("input", () => this.#move());
    this.element = this.#build(reset);
  }

  /** Shows the latents of a study, and what each decodes to. */
  show(latents: ReadonlyMap<string, Latent>, decoded: ReadonlyMap<string, readonly Decoded[]>): void {
    this.#latents = latents;
    this.#decoded = decoded;
    this.#wanted = undefined;
    const views = this.#probes.map(({ view }) => view);
    this.element.hidden = views.length === 0;
    if (views.length === 0) return;
    this.#view.replaceChildren(...views.map((view) => this.h("option", { value: view }, view)));
    this.#chooseView();
  }

  /** The probes of the views that were given. */
  get #probes(): ViewProbes[] {
    return this.model.page.probes.filter(({ view, labels }) =>
      this.#latents.has(view) && labels.some(({ probe }) => probe !== null)
    );
  }

  get #chosen(): { probes: ViewProbes; index: number; probe: LinearProbe; mu: Float32Array } {
    const probes = this.#probes.find(({ view }) => view === this.#view.value)!;
    const index = Number(this.#label.value);
    return { probes, index, probe: probes.labels[index]!.probe!, mu: this.#latents.get(probes.view)!.mu };
  }

  #chooseView(): void {
    const probes = this.#probes.find(({ view }) => view === this.#view.value)!;
    const kept = this.#label.value;
    this.#label.replaceChildren(
      ...probes.labels.flatMap(({ label, probe }, i) => probe ? [this.h("option", { value: i }, label)] : []),
    );
    if (probes.labels[Number(kept)]?.probe && kept !== "") this.#label.value = kept;
    this.#slider.value = "0";
    this.#move();
  }

  #reset(): void {
    this.#slider.value = "0";
    this.#move();
  }

  /** Shows the score at once; the views follow as fast as the GPU decodes. */
  #move(): void {
    const { probes, index, probe, mu } = this.#chosen;
    const by = Number(this.#slider.value);
    const z = moved(mu, probe, by);
    const [before, after] = [probabilitiesOf(probes, mu), probabilitiesOf(probes, z)];
    this.#note.hidden = !probes.exclusive || probe.direction !== undefined;
    const text = `${probes.labels[index]!.label}: ${after[index]!.toFixed(3)}`;
    this.#score.textContent = text;
    this.#score.dataset["score"] = String(after[index]);
    this.#slider.setAttribute("aria-valuetext", `${by.toFixed(1)} standard deviations, ${text}`);
    this.#table.replaceChildren(...probes.labels.flatMap(({ label }, i) =>
      before[i] === null ? [] : [
        this.h(
          "tr",
          { class: i === index ? "chosen" : null },
          this.h("th", { scope: "row" }, label),
          this.h("td", null, before[i]!.toFixed(3)),
          this.h("td", null, after[i]!.toFixed(3)),
        ),
      ]
    ));
    const base = this.#decoded.get(probes.view)!;
    this.#targets.showBase(base);
    this.#wanted = () => by === 0 ? Promise.resolve(base) : this.model.decode(z, probes.view);
    if (!this.#busy) this.#decode();
  }

  async #decode(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#wanted) {
        const decode = this.#wanted;
        this.#wanted = undefined;
        const latents = this.#latents;
        const decoded = await decode();
        // Another study may have been opened meanwhile, or this one closed.
        if (latents === this.#latents) this.#targets.show(decoded);
      }
    } catch (error) {
      this.status.fail(`the views cannot be decoded: ${(error as Error).message}`);
    } finally {
      this.#busy = false;
    }
  }

  #build(reset: HTMLElement): HTMLElement {
    const { h } = this;
    const field = (id: string, text: string, control: HTMLElement) =>
      h("div", { class: "field" }, h("label", { for: id }, text), control);
    return h(
      "section",
      { class: "part", "aria-labelledby": "move-title", hidden: true },
      h("h3", { id: "move-title" }, "What does a score rest on?"),
      h(
        "p",
        null,
        "The slider moves the latent along a probe's direction, in standard deviations of the training studies, and " +
          "the decoder draws what every view would look like. What changes beside the finding is what else the score " +
          "rests on.",
      ),
      h(
        "div",
        { class: "fields" },
        field("move-view", "View", this.#view),
        field("move-label", "Finding", this.#label),
        field("move-by", "Move the latent", this.#slider),
        this.#score,
        reset,
      ),
      this.#note,
      this.#targets.element,
      h(
        "div",
        { class: "scroll", role: "region", tabindex: 0, "aria-label": "Probabilities before and after" },
        h(
          "table",
          { class: "plain" },
          h("caption", null, "Probabilities before and after"),
          h(
            "thead",
            null,
            h("tr", null, ["Finding", "Picture", "Moved"].map((text) => h("th", { scope: "col" }, text))),
          ),
          this.#table,
        ),
      ),
    );
  }
}

/** A canvas or a text for each view, and beside a picture its change. */
function decodedTargets(h: Builder, model: LoadedModel): Targets {
  const { views, imageSize: side } = model.page.config;
  const images = model.imageViews;
  const places = views.map((view) => {
    if (!images.includes(view)) return { view, text: h("blockquote", { "aria-label": `${view}, moved` }) };
    return {
      view,
      canvas: pictureCanvas(h, { side, label: `${view}, moved` }),
      change: pictureCanvas(h, { side, label: `${view}: change; lighter where the moved one is brighter` }),
    };
  });
  let base: readonly Decoded[] = [];
  return {
    element: h(
      "div",
      { class: "pictures", id: "moved" },
      places.map(({ view, canvas, change, text }) =>
        canvas
          ? [
            h("figure", { class: "shown" }, canvas, h("figcaption", null, `${view}, moved`)),
            h("figure", { class: "shown" }, change, h("figcaption", null, `${view}: change; gray is none`)),
          ]
          : h("figure", { class: "shown words" }, text, h("figcaption", null, `${view}, moved`))
      ),
    ),
    showBase: (decoded) => base = decoded,
    show: (decoded) =>
      decoded.forEach((content, m) => {
        const { canvas, change, text } = places[m]!;
        if (typeof content === "string") text!.textContent = content;
        else {
          paint(canvas!, content);
          paintChange(change!, base[m] as Float32Array, content);
        }
      }),
  };
}
