/**
 * The text of each study: which section of its report is used, and what was found.
 *
 * @module
 */
import { tokenize } from "./tokenize.ts";

/**
 * Sections of a report to use: FINDINGS, IMPRESSION, or both, one after the other. A report without that section counts
 * as missing.
 */
export const TEXT_SELECTIONS = ["findings", "impression", "both"] as const;
/** One of {@linkcode TEXT_SELECTIONS}; if omitted, FINDINGS, else IMPRESSION, else the last paragraph. */
export type TextSelection = (typeof TEXT_SELECTIONS)[number];

/** Where a text was taken from. */
export const TEXT_ORIGINS = ["findings", "impression", "findings and impression", "last paragraph"] as const;
/** One of {@linkcode TEXT_ORIGINS}. */
export type TextOrigin = (typeof TEXT_ORIGINS)[number];

/** The parts of a report that may be used as a study's text; absent or blank if the report lacks them. */
export interface ReportParts {
  /** Text of the section FINDINGS. */
  readonly findings?: string | undefined;
  /** Text of the section IMPRESSION. */
  readonly impression?: string | undefined;
  /** Last paragraph of a report without sections. */
  readonly lastParagraph?: string | undefined;
  /** Number of reports in the file, 1 if omitted; the last one that says something is used. */
  readonly reports?: number;
  /** Number of addenda, 0 if omitted. */
  readonly addenda?: number;
}

/** What was found for a set of studies. */
export interface TextCounts {
  /** Number of studies. */
  studies: number;
  /** Studies with a text. */
  texts: number;
  /** Number of texts by the section they come from. */
  origins: Record<TextOrigin, number>;
  /** Studies without a report. */
  noReport: number;
  /** Studies whose report has none of the sections asked for. */
  noSection: number;
  /** Studies whose file holds several reports. */
  severalReports: number;
  /** Studies whose report has an addendum. */
  addenda: number;
}

/** Number of words (tokens without `<eos>`) of the texts of a set of studies; `NaN` without any. */
export interface TextLengths {
  /** Fewest words. */
  min: number;
  /** Median number of words. */
  median: number;
  /** Mean number of words. */
  mean: number;
  /** The length that 95 % of the texts do not exceed. */
  p95: number;
  /** Most words. */
  max: number;
}

/** The texts of the studies of an index. */
export class StudyTexts {
  /** What was asked for; `undefined` means FINDINGS, else IMPRESSION, else the last paragraph. */
  readonly selection: TextSelection | undefined;
  readonly #texts: (string | undefined)[];
  readonly #origins: Uint8Array;
  readonly #reports: Uint8Array;
  readonly #addenda: Uint8Array;

  /**
   * Texts of an index, none so far.
   *
   * @param studies Number of studies of the index.
   */
  constructor(studies: number, options: { selection?: TextSelection | undefined } = {}) {
    this.selection = options.selection;
    this.#texts = new Array(studies).fill(undefined);
    this.#origins = new Uint8Array(studies);
    this.#reports = new Uint8Array(studies);
    this.#addenda = new Uint8Array(studies);
  }

  /** The text of a study, with single spaces; `undefined` if it has none. */
  get(study: number): string | undefined {
    return this.#texts[study];
  }

  /** True if a report was found for the study, whether or not it has the sections asked for. */
  hasReport(study: number): boolean {
    return this.#reports[study]! > 0;
  }

  /** Sets a study's report. Returns false, and keeps the first, if the study has one already. */
  add(study: number, report: ReportParts): boolean {
    if (this.hasReport(study)) return false;
    this.#reports[study] = Math.min(255, Math.max(1, report.reports ?? 1));
    this.#addenda[study] = Math.min(255, report.addenda ?? 0);
    const chosen = choose(report, this.selection);
    if (chosen !== undefined) {
      this.#texts[study] = chosen.text;
      this.#origins[study] = TEXT_ORIGINS.indexOf(chosen.origin);
    }
    return true;
  }

  /** A copy in which the given studies have no report. */
  without(studies: ReadonlySet<number>): StudyTexts {
    const copy = new StudyTexts(this.#texts.length, { selection: this.selection });
    for (const study of this.#texts.keys()) {
      if (studies.has(study)) continue;
      copy.#texts[study] = this.#texts[study];
      copy.#origins[study] = this.#origins[study]!;
      copy.#reports[study] = this.#reports[study]!;
      copy.#addenda[study] = this.#addenda[study]!;
    }
    return copy;
  }

  /** The texts of two sets of studies, those of the second numbered after the first's. */
  static joined(first: StudyTexts, second: StudyTexts): StudyTexts {
    const start = first.#texts.length;
    const both = new StudyTexts(start + second.#texts.length, { selection: first.selection });
    [...first.#texts, ...second.#texts].forEach((text, study) => both.#texts[study] = text);
    for (const [from, at] of [[first, 0], [second, start]] as const) {
      both.#origins.set(from.#origins, at);
      both.#reports.set(from.#reports, at);
      both.#addenda.set(from.#addenda, at);
    }
    return both;
  }

  /** Counts what was found for the given studies, or all. */
  counts(studies?: Iterable<number>): TextCounts {
    const counts: TextCounts = {
      studies: 0,
      texts: 0,
      origins: { findings: 0, impression: 0, "findings and impression": 0, "last paragraph": 0 },
      noReport: 0,
      noSection: 0,
      severalReports: 0,
      addenda: 0,
    };
    for (const study of studies ?? this.#texts.keys()) {
      counts.studies++;
      if (this.#reports[study]! > 1) counts.severalReports++;
      if (this.#addenda[study]! > 0) counts.addenda++;
      if (!this.hasReport(study)) counts.noReport++;
      else if (this.#texts[study] === undefined) counts.noSection++;
      else {
        counts.texts++;
        counts.origins[TEXT_ORIGINS[this.#origins[study]!]!]++;
      }
    }
    return counts;
  }

  /** The lengths of the given studies' texts, or of all. */
  lengths(studies?: Iterable<number>): TextLengths {
    const lengths: number[] = [];
    for (const study of studies ?? this.#texts.keys()) {
      const text = this.#texts[study];
      if (text !== undefined) lengths.push(tokenize(text).length);
    }
    lengths.sort((a, b) => a - b);
    const last = lengths.length - 1;
    const at = (share: number) => lengths[Math.ceil(share * lengths.length) - 1] ?? NaN;
    return {
      min: lengths[0] ?? NaN,
      median: at(0.5),
      mean: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
      p95: at(0.95),
      max: lengths[last] ?? NaN,
    };
  }
}

function choose(
  report: ReportParts,
  selection: TextSelection | undefined,
): { text: string; origin: TextOrigin } | undefined {
  const [findings, impression, last] = [report.findings, report.impression, report.lastParagraph].map(plain);
  const found = findings !== "" && (selection !== "impression");
  const impressed = impression !== "" && selection !== "findings";
  // A section headed FINDINGS AND IMPRESSION is both.
  if (selection === "both" && found && impressed && findings !== impression) {
    return { text: `${findings} ${impression}`, origin: "findings and impression" };
  }
  if (found) return { text: findings!, origin: "findings" };
  if (impressed) return { text: impression!, origin: "impression" };
  if (selection === undefined && last !== "") return { text: last!, origin: "last paragraph" };
  return undefined;
}

function plain(text: string | undefined): string {
  return (text ?? "").replace(/\s+/g, " ").trim();
}
