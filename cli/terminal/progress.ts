/**
 * Progress of long jobs on standard error: a live bar on a terminal, otherwise plain lines at intervals (logs, CI,
 * pipes).
 *
 * @module
 */
import process from "node:process";
import cliProgress from "cli-progress";

/** The stream on which progress is drawn, such as `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

/** Options of {@linkcode startProgress}. */
export interface ProgressOptions {
  /** Total units of work: steps, images, bytes. */
  readonly total: number;
  /** Units completed earlier, for a resumed job. */
  readonly from?: number;
  /** How numbers of units are shown; as they are by default. */
  readonly show?: (units: number) => string;
  /** Standard error by default. */
  readonly stream?: ProgressStream;
  /** Milliseconds between plain lines. */
  readonly lineInterval?: number;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

/** Values shown next to the bar in order, for example `{ loss: "812.4", "studies/s": "41" }`. */
export type ProgressFields = Readonly<Record<string, string>>;

/** Progress display of a job; dispose of it (`using`) when the job ends. */
export interface Progress extends Disposable {
  /** Updates the number of completed units; cheap enough to call at every step. */
  update(done: number, fields?: ProgressFields): void;
  /** Prints a permanent line above the bar. */
  log(line: string): void;
  /** Draws the final state and leaves it on the screen. Idempotent. */
  stop(): void;
}

/** The used part of cli-progress, which has no types of its own (and whose types package pulls in all of Node's). */
interface SingleBar {
  start(total: number, from: number, payload: Payload): void;
  update(done: number, payload?: Payload): void;
  render(force: boolean): void;
  stop(): void;
}

interface Payload {
  readonly fields?: ProgressFields;
}

interface BarOptions {
  readonly stream: ProgressStream;
  readonly fps: number;
  readonly hideCursor: boolean;
  readonly linewrap: boolean;
  readonly format: (options: unknown, state: { progress: number; value: number }, payload: Payload) => string;
}

const { SingleBar } = cliProgress as { SingleBar: new (options: BarOptions) => SingleBar };

const LINE_INTERVAL = 10_000;
const BAR_WIDTH = 24;

/**
 * Starts showing progress.
 *
 * @param label Names the job, for example `training`.
 *
 * @example
 * ```ts
 * import { startProgress } from "./progress.ts";
 *
 * using progress = startProgress("training", { total: 400 });
 * for (let step = 1; step <= 400; step++) progress.update(step, { loss: (1 / step).toFixed(3) });
 * ```
 */
export function startProgress(label: string, options: ProgressOptions): Progress {
  const stream = options.stream ?? process.stderr;
  const clock = new Clock(options);
  return stream.isTTY ? new Bar(label, { ...options, stream, clock }) : new Lines(label, { ...options, stream, clock });
}

/** Estimates the remaining time from the mean speed. */
class Clock {
  readonly now: () => number;
  readonly #start: number;
  readonly #from: number;
  readonly #total: number;

  constructor(options: ProgressOptions) {
    this.now = options.now ?? (() => performance.now());
    this.#start = this.now();
    this.#from = options.from ?? 0;
    this.#total = options.total;
  }

  /** For example `1:05 left`, or `0:42 in all` when the job is done, or nothing before the first unit. */
  describe(done: number): string {
    const elapsed = this.now() - this.#start;
    if (done >= this.#total) return `${duration(elapsed)} in all`;
    if (done <= this.#from) return "";
    return `${duration(elapsed * (this.#total - done) / (done - this.#from))} left`;
  }
}

interface View extends ProgressOptions {
  readonly stream: ProgressStream;
  readonly clock: Clock;
}

class Bar implements Progress {
  readonly #bar: SingleBar;
  readonly #stream: ProgressStream;
  #done: number;
  #stopped = false;

  constructor(label: string, { total, from = 0, show = String, stream, clock }: View) {
    this.#stream = stream;
    this.#done = from;
    this.#bar = new SingleBar({
      stream,
      fps: 8,
      // A killed process could not restore the cursor and line wrapping, so leave both alone and truncate the line.
      hideCursor: false,
      linewrap: true,
      format: (_, { progress, value }, payload) => {
        const full = Math.round(progress * BAR_WIDTH);
        const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
        const parts = [
          `${label} ${bar} ${show(value)}/${show(total)}`,
          ...describeFields(payload.fields),
          clock.describe(value),
        ];
        return parts.filter((part) => part !== "").join("  ").slice(0, (stream.columns ?? 80) - 1);
      },
    });
    this.#bar.start(total, from, {});
  }

  update(done: number, fields?: ProgressFields): void {
    this.#done = done;
    if (!this.#stopped) this.#bar.update(done, fields ? { fields } : {});
  }

  log(line: string): void {
    this.#stream.write(`\r\x1b[K${line}\n`);
    // The bar redraws itself only when its text changes, but it was just overwritten.
    if (!this.#stopped) this.#bar.render(true);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#bar.update(this.#done);
    this.#bar.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

class Lines implements Progress {
  readonly #label: string;
  readonly #view: View;
  #last = -Infinity;
  #shown: number;
  #done: number;
  #fields: ProgressFields = {};
  #stopped = false;

  constructor(label: string, view: View) {
    this.#label = label;
    this.#view = view;
    this.#done = this.#shown = view.from ?? 0;
  }

  update(done: number, fields?: ProgressFields): void {
    this.#done = done;
    if (fields) this.#fields = fields;
    const now = this.#view.clock.now();
    if (this.#stopped || now - this.#last < (this.#view.lineInterval ?? LINE_INTERVAL)) return;
    this.#last = now;
    this.#print();
  }

  log(line: string): void {
    this.#view.stream.write(`${line}\n`);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#done !== this.#shown) this.#print();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #print(): void {
    this.#shown = this.#done;
    const { total, show = String, clock, stream } = this.#view;
    const parts = [
      `${this.#label} ${show(this.#done)}/${show(total)}`,
      ...describeFields(this.#fields),
      clock.describe(this.#done),
    ];
    stream.write(`${parts.filter((part) => part !== "").join("  ")}\n`);
  }
}

function describeFields(fields: ProgressFields = {}): string[] {
  return Object.entries(fields).map(([name, value]) => `${name} ${value}`);
}

/** Formats a duration in milliseconds as `m:ss` or `h:mm:ss`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
