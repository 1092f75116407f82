/**
 * Loggers: where the lines of a run in training go, besides what is printed.
 *
 * @module
 */

/** A line of `metrics.jsonl`: of a training step or, with a `kind`, of something else, such as a validation. */
export interface LoggedLine {
  /** What the line is about; a training step if left out. */
  readonly kind?: string;
  /** For a training step its number, from 0; for other kinds the number of steps done. */
  readonly step: number;
  /** Seconds of training so far. */
  readonly seconds?: number;
}

/** A picture of a run's evaluation. */
export interface LoggedImage {
  /** What it shows, for example `reconstruction/frontal`. */
  readonly name: string;
  /** A grayscale PNG file. */
  readonly png: Uint8Array;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
}

/** Latents of one view, to be looked at in projections. */
export interface LoggedLatents {
  /** Name of the view. */
  readonly view: string;
  /** One row per study, [count, width]. */
  readonly values: Float32Array;
  /** Dimensions of a latent. */
  readonly width: number;
  /** What is known of each row, under these headings. */
  readonly columns: readonly string[];
  /** The cells of each row. */
  readonly rows: readonly (readonly string[])[];
  /** Small pictures of all rows in one PNG file, row by row of a square of them, where pictures may be shown. */
  readonly sprite?: { readonly png: Uint8Array; readonly size: number };
}

/** What an evaluation leaves for loggers. */
export interface LoggedEvaluation {
  /** Number of steps that the run has been trained for. */
  readonly step: number;
  /** Scores by name. */
  readonly scores: Readonly<Record<string, number>>;
  /** Reconstructions, translations and samples; none where pictures may not be shown. */
  readonly images: readonly LoggedImage[];
  /** Latents of each view. */
  readonly latents: readonly LoggedLatents[];
  /** Files of the run to keep with the log. */
  readonly files: readonly string[];
}

/** Where lines go. A logger that cannot write throws, and training stops with what its last checkpoint holds. */
export interface RunLogger {
  /** Starts a session: the log holds exactly these lines then, whatever it held before. */
  begin(lines: readonly LoggedLine[]): Promise<void>;
  /** Adds lines. */
  write(lines: readonly LoggedLine[]): void;
  /** Makes durable what was added; called before each checkpoint. */
  sync(): Promise<void>;
  /** Ends a session, at the last step or before. */
  end(state: { readonly finished: boolean }): Promise<void>;
  /** Adds what an evaluation found, after the session. */
  evaluated(found: LoggedEvaluation): Promise<void>;
}

/** The numbers of a line by name: nested ones are named `outer/inner`. Its step, time and epoch are not among them. */
export function numbersOf(line: LoggedLine): [name: string, value: number][] {
  const { kind: _kind, step: _step, seconds: _seconds, ...values } = line;
  const { epoch: _epoch, ...rest } = values as Record<string, unknown>;
  return flatNumbers(rest, "");
}

function flatNumbers(value: unknown, name: string): [string, number][] {
  if (typeof value === "number") return [[name, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => flatNumbers(inner, name === "" ? key : `${name}/${key}`));
}

/** The name of a line's group of numbers. */
export function groupOf({ kind }: LoggedLine): string {
  return kind ?? "train";
}

/** The number of steps done when a line was logged. */
export function stepsDone({ kind, step }: LoggedLine): number {
  return kind === undefined ? step + 1 : step;
}
