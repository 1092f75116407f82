/**
 * A run trained in the page, with its loss and its reconstructions.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import type { Device } from "../../runtime/mod.ts";
import { paint, pictureCanvas } from "./canvas.ts";
import { lossChart } from "./loss_chart.ts";
import { PhantomTraining, SIDE, VIEWS } from "./phantom_training.ts";
import { painted, Status } from "./status.ts";

/** Seconds of training. */
const SECONDS = 60;
/** Pairs drawn before training starts. */
const FIRST_PAIRS = 16;
/** Steps between two readings of the loss, and between two looks at the reconstructions. */
const READ_EVERY = 10;
const SHOW_EVERY = 30;

/** The part of the page that trains. */
export class TryIt {
  readonly element: HTMLElement;
  readonly #status: Status;
  readonly #start: HTMLButtonElement;
  readonly #chart: HTMLElement;
  readonly #shown: HTMLCanvasElement[][];
  readonly #pictures: HTMLElement;
  #stopped = false;
  #running = false;

  constructor(private readonly h: Builder, private readonly device: Device) {
    this.#status = new Status(h, "Training");
    this.#start = h("button", { type: "button", class: "plain-button", id: "try-start" }, "Try it");
    this.#start.addEventListener("click", () => this.#toggle());
    this.#chart = h("div", { class: "loss" });
    const canvas = (label: string) => pictureCanvas(h, { side: SIDE, label });
    this.#shown = VIEWS.map((view, m) => [
      canvas(`${view} phantom`),
      canvas(`${view}, reconstructed`),
      canvas(`${view}, translated from the ${VIEWS[1 - m]}`),
    ]);
    this.#pictures = h(
      "div",
      { class: "pictures", hidden: true },
      this.#shown.flat().map((canvas) =>
        h("figure", { class: "shown" }, canvas, h("figcaption", null, canvas.getAttribute("aria-label")))
      ),
    );
    this.element = h(
      "section",
      { class: "part", "aria-labelledby": "try-title" },
      h("h3", { id: "try-title" }, "Train a model here"),
      h(
        "p",
        null,
        `A minute of training in this page: it draws synthetic chest X-rays (phantoms) and trains the small network ` +
          `at ${SIDE} pixels on them, with the engine and the code that trained the model above.`,
      ),
      this.#start,
      this.#status.element,
      this.#chart,
      this.#pictures,
    );
  }

  async #toggle(): Promise<void> {
    if (this.#running) {
      this.#stopped = true;
      return;
    }
    [this.#running, this.#stopped] = [true, false];
    this.#start.textContent = "Stop";
    try {
      await this.#train();
    } catch (error) {
      this.#status.fail(`the training stopped: ${(error as Error).message}: press Try it to start again`);
    } finally {
      this.#running = false;
      this.#start.textContent = "Try it";
    }
  }

  async #train(): Promise<void> {
    using training = new PhantomTraining();
    while (training.pairs.length < FIRST_PAIRS && !this.#stopped) {
      const { length } = training.pairs;
      await this.#status.busy(`Drawing phantoms: ${length} of ${FIRST_PAIRS}…`, length / FIRST_PAIRS);
      training.draw();
    }
    await this.#status.busy("Compiling the training step…", 0);
    if (!this.#stopped) await training.compile(this.device);
    const end = performance.now() + SECONDS * 1000;
    while (performance.now() < end && !this.#stopped) {
      training.step();
      training.draw();
      if (training.steps % READ_EVERY !== 0) continue;
      await this.#report(training, Math.max(0, Math.ceil((end - performance.now()) / 1000)));
    }
    if (training.steps === 0) return this.#status.done("Stopped before the first step.");
    await training.readLosses();
    await this.#show(training);
    const { losses, pairs } = training;
    const [first, last] = [mean(losses.slice(0, 5)), mean(losses.slice(-5))];
    this.#status.done(
      `${losses.length} steps on ${pairs.length} studies: the loss went from ${first.toFixed(1)} to ${
        last.toFixed(1)
      }.`,
    );
  }

  /** Shows the loss so far and, now and then, the reconstructions. */
  async #report(training: PhantomTraining, secondsLeft: number): Promise<void> {
    await training.readLosses();
    const { losses, steps, pairs } = training;
    this.#chart.replaceChildren(lossChart(this.h, losses));
    if (steps % SHOW_EVERY === 0) await this.#show(training);
    const text = `Step ${steps}, ${pairs.length} studies, loss ${losses.at(-1)!.toFixed(1)}, ${secondsLeft} s left`;
    await this.#status.busy(text, 1 - secondsLeft / SECONDS);
  }

  /** Shows what the model makes of the first pair. */
  async #show(training: PhantomTraining): Promise<void> {
    const pair = training.pairs[0]!;
    const decoded = await training.decode(pair);
    this.#shown.forEach(([picture, own, other], m) => {
      paint(picture!, pair[m]!);
      paint(own!, decoded[m]![m]!);
      paint(other!, decoded[1 - m]![m]!);
    });
    this.#pictures.hidden = false;
    await painted();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
