/**
 * Removes patient identifiers from results, so that reports can be shared by default.
 *
 * @module
 */
import type { Results } from "../../eval/results/results.ts";

/** Replaces a removed identifier. */
export const REDACTED = "[identifier removed]";

/** MIMIC-CXR's formats: `p10000032`, `s50414267` and the five blocks of a DICOM id. */
const WELL_KNOWN = /\b(?:p1\d{7}|s\d{8}|[0-9a-f]{8}(?:-[0-9a-f]{8}){4})\b/g;

/**
 * Shortest identifier searched for in text: shorter ones (`7`, `p3`) are indistinguishable from ordinary numbers and
 * names.
 */
const SHORTEST = 6;

/**
 * Returns a copy of the results without identifiers: study identifiers are blank, subject identifiers are replaced by
 * numbers, and wherever one appears in another string (a command, a path, a reason in the cohort table) it is replaced
 * by {@linkcode REDACTED}. Numbers, scores and pictures are shared with the original.
 */
export function withoutIdentifiers(results: Results): Results {
  const known = new Set<string>();
  for (const cases of results.cases) {
    for (const id of [...cases.studyIds, ...cases.subjectIds]) if (id.length >= SHORTEST) known.add(id);
  }
  const seen = new Map<string, string>();
  const clean = <T>(value: T): T => cleaned(value, { known, seen, numbers: false }) as T;
  return {
    ...results,
    title: clean(results.title),
    data: clean(results.data),
    runs: results.runs.map((run) => ({
      ...clean({ ...run, training: null }),
      config: cleaned(run.config, { known, seen, numbers: true }) as Record<string, unknown>,
      training: run.training,
    })),
    cases: results.cases.map((cases) => ({
      ...cases,
      id: clean(cases.id),
      studyIds: cases.studyIds.map(() => ""),
      viewPositions: clean(cases.viewPositions),
      subjectIds: pseudonyms(cases.subjectIds),
    })),
    evaluations: results.evaluations.map((evaluation) => ({
      ...evaluation,
      run: clean(evaluation.run),
      method: clean(evaluation.method),
      view: clean(evaluation.view),
      cases: clean(evaluation.cases),
      setting: clean(evaluation.setting),
      metrics: evaluation.metrics.map((metrics) => ({ ...metrics, label: clean(metrics.label) })),
      macro: clean(evaluation.macro),
      ...(evaluation.subgroups ? { subgroups: clean(evaluation.subgroups) } : {}),
      ...(evaluation.labelSets ? { labelSets: clean(evaluation.labelSets) } : {}),
    })),
    comparisons: clean(results.comparisons),
    pictures: results.pictures.map((pictures) => ({
      ...pictures,
      run: clean(pictures.run),
      from: clean(pictures.from),
      to: clean(pictures.to),
      items: pictures.items.map((item) => ({
        input: pictures.fromKind === "text" ? clean(item.input) : item.input,
        target: pictures.toKind === "text" ? clean(item.target) : item.target,
        output: pictures.toKind === "text" ? clean(item.output) : item.output,
      })),
    })),
    ...(results.augmentations
      ? {
        augmentations: results.augmentations.map((each) => ({
          ...each,
          run: clean(each.run),
          view: clean(each.view),
        })),
      }
      : {}),
    projections: results.projections.map((projection) => ({
      ...projection,
      run: clean(projection.run),
      view: clean(projection.view),
      cases: clean(projection.cases),
    })),
  };
}

/**
 * Numbers the identifiers in order of appearance: the report must know which studies belong to the same patient, not
 * who it is.
 */
function pseudonyms(ids: readonly string[]): string[] {
  const numbers = new Map<string, string>();
  return ids.map((id) => {
    if (!numbers.has(id)) numbers.set(id, String(numbers.size + 1));
    return numbers.get(id)!;
  });
}

interface Cleaning {
  readonly known: ReadonlySet<string>;
  /** Cache of cleaned texts: results repeat few names many times. */
  readonly seen: Map<string, string>;
  /**
   * Whether numbers that equal an identifier are removed as well: only in configurations, since elsewhere a number may
   * be a count.
   */
  readonly numbers: boolean;
}

function cleaned(value: unknown, cleaning: Cleaning): unknown {
  if (typeof value === "string") return cleanText(value, cleaning);
  if (typeof value === "number") return cleaning.numbers && cleaning.known.has(String(value)) ? REDACTED : value;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, cleaning));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [cleanText(key, cleaning), cleaned(item, cleaning)]),
  );
}

function cleanText(text: string, cleaning: Cleaning): string {
  const before = cleaning.seen.get(text);
  if (before !== undefined) return before;
  const clean = withoutKnown(text, cleaning.known);
  cleaning.seen.set(text, clean);
  return clean;
}

function withoutKnown(text: string, known: ReadonlySet<string>): string {
  const plain = text.replace(WELL_KNOWN, REDACTED);
  if (known.size === 0) return plain;
  if (known.has(plain)) return REDACTED;
  return plain.replace(/[\p{L}\p{N}_.-]*[\p{L}\p{N}]/gu, (token) => redactToken(token, known));
}

/**
 * Redacts a token that is an identifier, is one preceded by a letter (`p10000032`), or contains one among other parts.
 */
function redactToken(token: string, known: ReadonlySet<string>): string {
  const isKnown = (part: string) => known.has(part) || known.has(part.slice(1));
  if (isKnown(token)) return REDACTED;
  return token.replace(/[\p{L}\p{N}]+/gu, (part) => isKnown(part) ? REDACTED : part);
}
