import type { Results } from "../../eval/results/results_schema.ts";

/** What stands in place of a removed identifier. */
export const REDACTED = "[identifier removed]";

/** MIMIC-CXR's own forms: `p10000032`, `s50414267` and the five blocks of a dicom id. */
const WELL_KNOWN = /\b(?:p1\d{7}|s\d{8}|[0-9a-f]{8}(?:-[0-9a-f]{8}){4})\b/g;

/** Shorter identifiers (`7`, `p3`) cannot be told from ordinary numbers and names in a command or a configuration. */
const SHORTEST = 6;

/**
 * A copy of the results in which no patient can be recognised: study and subject identifiers are blank, and wherever one
 * appears in another string (a command, a path, a reason in the cohort table) {@linkcode REDACTED} stands instead. Numbers,
 * scores and pictures are the same objects as before.
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
    })),
    comparisons: clean(results.comparisons),
    pictures: results.pictures.map((pictures) => ({
      ...pictures,
      run: clean(pictures.run),
      from: clean(pictures.from),
      to: clean(pictures.to),
    })),
    projections: results.projections.map((projection) => ({
      ...projection,
      run: clean(projection.run),
      view: clean(projection.view),
      cases: clean(projection.cases),
    })),
  };
}

/** Numbers in order of appearance: the report still has to know which studies are of one patient, not which patient. */
function pseudonyms(ids: readonly string[]): string[] {
  const numbers = new Map<string, string>();
  return ids.map((id) => {
    if (!numbers.has(id)) numbers.set(id, String(numbers.size + 1));
    return numbers.get(id)!;
  });
}

interface Cleaning {
  readonly known: ReadonlySet<string>;
  /** Texts that were cleaned before: a file repeats few names very often. */
  readonly seen: Map<string, string>;
  /** Whether numbers that equal an identifier go too: only in a configuration, where a count cannot be meant. */
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

/** A token may be the identifier itself, the identifier behind one letter (`p10000032`), or hold it among other parts. */
function redactToken(token: string, known: ReadonlySet<string>): string {
  const isKnown = (part: string) => known.has(part) || known.has(part.slice(1));
  if (isKnown(token)) return REDACTED;
  return token.replace(/[\p{L}\p{N}]+/gu, (part) => isKnown(part) ? REDACTED : part);
}
