/**
 * Reads label tables, with one row per study or per image.
 *
 * @module
 */
import { describeRowFault, readCsv, type RowFault } from "./csv.ts";
import { DataError } from "../../base/errors.ts";
import { LABEL_ALIASES, type LabelState, parseLabelState } from "../index/labels.ts";
import { numericId } from "../index/cells.ts";
import { quoted } from "../../base/safe_path.ts";
import type { DropLog, DropReason, DropStep } from "../index/drop_log.ts";
import type { StudyIndex } from "../index/study_index.ts";

/** The drop reason for an unreadable record of a table. */
export function badRow(step: DropStep, fault: RowFault): DropReason {
  const reason = fault.kind === "quote"
    ? "row has a quote inside an unquoted field, or one that is never closed"
    : "row has another number of fields than the header";
  return { step, reason, unit: "row", fault: true };
}

/** Describes an unreadable record, for the drop log. */
export function badRowExample(path: string, line: number, fault: RowFault): string {
  return `${path}, line ${line}: ${describeRowFault(fault)}`;
}

/** The drop reason for a label cell with an unknown value. */
export const UNKNOWN_LABEL: DropReason = {
  step: "labels",
  reason: "label is none of 1, 0, -1 and blank",
  unit: "study",
  fault: true,
};

/** One study's row of a label file. */
export interface LabelRow {
  studyId: string;
  line: number;
  /** States in the order of the labels asked for; `undefined` if a cell has an unknown value. */
  states: LabelState[] | undefined;
  /** Describes the first bad cell: file, line, column and content. */
  problem: string | undefined;
}

/**
 * Reads a table with a `study_id` column and one column per label. Unknown label values are reported to `onRow`,
 * unreadable records to `onBadRow`.
 */
export async function readLabelTable(
  path: string,
  options: {
    labels: readonly string[];
    onRow: (row: LabelRow) => void;
    onBadRow: (reason: DropReason, example: string) => void;
    signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { labels } = options;
  const rows = await readCsv(path, {
    columns: ["study_id", ...labels],
    aliases: LABEL_ALIASES,
    onRow: (cells, line) => {
      const [studyId, ...values] = cells;
      const parsed = parseStates(values);
      const problem = typeof parsed === "number"
        ? `${path}, line ${line}, column ${JSON.stringify(labels[parsed])}: ${quoted(values[parsed]!)}`
        : undefined;
      options.onRow({
        studyId: numericId(studyId!) ?? studyId!,
        line,
        states: typeof parsed === "number" ? undefined : parsed,
        problem,
      });
    },
    onBadRow: (line, fault) => options.onBadRow(badRow("labels", fault), badRowExample(path, line, fault)),
    signal: options.signal,
  });
  if (rows === 0) throw new DataError("the label file has a header and no rows", { file: path });
}

/** The states of the cells, or the index of the first cell with an unknown value. */
export function parseStates(values: readonly string[]): LabelState[] | number {
  const states: LabelState[] = [];
  for (let i = 0; i < values.length; i++) {
    const state = parseLabelState(values[i]!);
    if (state === undefined) return i;
    states.push(state);
  }
  return states;
}

/** Collects study labels from per-image rows, checks that they agree, and writes them to the index at the end. */
export class StudyLabels {
  readonly #drops: DropLog;
  readonly #states = new Map<number, LabelState[]>();
  readonly #problems = new Map<number, string>();

  constructor(drops: DropLog) {
    this.#drops = drops;
  }

  /** Adds a row. If rows of one study disagree, the first one wins. */
  add(row: { study: number; cells: readonly string[]; place: string; names: readonly string[] }): void {
    const parsed = parseStates(row.cells);
    if (typeof parsed === "number") {
      const problem = `${row.place}, column ${JSON.stringify(row.names[parsed])}: ${quoted(row.cells[parsed]!)}`;
      if (!this.#problems.has(row.study)) this.#problems.set(row.study, problem);
      return;
    }
    const before = this.#states.get(row.study);
    if (before === undefined) {
      this.#states.set(row.study, parsed);
    } else if (before.some((state, i) => state !== parsed[i])) {
      const reason = "row's labels differ from those of the study's first row";
      this.#drops.add({ step: "labels", reason, unit: "row", fault: true }, row.place);
    }
  }

  /** Writes the states to the index and excludes studies with a bad cell. */
  fill(index: StudyIndex): void {
    for (const [study, states] of this.#states) index.studies.states.set(states, study * index.labels.length);
    for (const [study, problem] of this.#problems) index.dropStudy(study, UNKNOWN_LABEL, problem);
  }
}
