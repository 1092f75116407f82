/**
 * Reading and writing `results.json`.
 *
 * @module
 */
import { dirname } from "node:path";
import type { z } from "zod";
import { makeFolder, readExactly, writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { openRegular, readRegularText } from "../../base/regular_file.ts";
import { type Results, RESULTS_VERSION } from "./results.ts";
import { resultsSchema } from "./results_schema.ts";

/** Most faults listed in one message. */
const SHOWN_FAULTS = 3;

/** Half of the longest possible string. Results of 100,000 test studies have about a fifth of it. */
const RESULTS = { maxBytes: 2 ** 28, kind: "a results file" };

/** Most nesting levels in a file: configurations may have any structure and are traversed recursively. */
const MAX_NESTING = 32;

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}

/** Formats a path within the file: `evaluations[2].metrics[0].brier`. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.map((key, i) => typeof key === "number" ? `[${key}]` : `${i > 0 ? "." : ""}${String(key)}`).join("");
}

/** Describes the first schema violations: `evaluations[2].seed: expected number, received string`. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  const shown = issues.slice(0, SHOWN_FAULTS).map((issue) => {
    const reason = issue.message.replace(/^Invalid input: /, "");
    return `${placeOf(issue.path) || "the file"}: ${reason}`;
  });
  const more = issues.length - shown.length;
  return `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** Checks what the schema cannot express: references between records, and matching lengths. */
function findInconsistency(results: Results): string | null {
  const labels = results.data.labels;
  const runs = new Set(results.runs.map((run) => run.name));
  const cases = new Map(results.cases.map((record) => [record.id, record]));
  for (const [i, record] of results.cases.entries()) {
    const count = record.studyIds.length;
    const lists: [string, readonly unknown[]][] = [
      ["subjectIds", record.subjectIds],
      ["viewPositions", record.viewPositions],
      ...record.labels.map((list, k): [string, readonly unknown[]] => [`labels[${k}]`, list]),
    ];
    for (const [name, list] of lists) {
      if (list.length !== count) return `cases[${i}].${name} has ${list.length} entries for ${count} studies`;
    }
    if (record.labels.length !== labels.length) {
      return `cases[${i}].labels covers ${record.labels.length} labels, but data.labels has ${labels.length}`;
    }
  }
  if (cases.size !== results.cases.length) return "two records of cases have the same id";
  if (runs.size !== results.runs.length) return "two runs have the same name";
  for (const [i, evaluation] of results.evaluations.entries()) {
    const at = `evaluations[${i}]`;
    if (!runs.has(evaluation.run)) return `${at}.run is "${evaluation.run}", which is none of the runs`;
    const record = cases.get(evaluation.cases);
    if (record === undefined) return `${at}.cases is "${evaluation.cases}", which is none of the cases`;
    if (evaluation.scores.length !== labels.length || evaluation.metrics.length !== labels.length) {
      return `${at} has scores for ${evaluation.scores.length} and metrics for ${evaluation.metrics.length} labels, ` +
        `but data.labels has ${labels.length}`;
    }
    for (const [label, scores] of evaluation.scores.entries()) {
      if (scores !== null && scores.length !== record.studyIds.length) {
        return `${at}.scores[${label}] has ${scores.length} entries for ${record.studyIds.length} studies`;
      }
      if (evaluation.metrics[label]!.label !== labels[label]) {
        return `${at}.metrics[${label}].label is "${evaluation.metrics[label]!.label}" where data.labels has "${
          labels[label]
        }"`;
      }
    }
  }
  return null;
}

/**
 * Checks that a value is a valid `results.json`: version, fields, finite numbers, references and lengths.
 *
 * @param options.file File name for error messages.
 * @throws DataError naming the file and the first invalid fields.
 */
function checkResults(value: unknown, { file }: { file: string }): Results {
  const head = value as { schema?: unknown; version?: unknown } | null;
  if (typeof head !== "object" || head === null || head.schema !== "mmvm-results") {
    throw new DataError('this is not a results file: it must be an object with "schema": "mmvm-results"', { file });
  }
  if (head.version !== RESULTS_VERSION) {
    throw new DataError(
      `this is version ${
        JSON.stringify(head.version)
      } of the results format, but version ${RESULTS_VERSION} is required; ` +
        "evaluate the run again",
      { file },
    );
  }
  if (nestsDeeper(value, MAX_NESTING)) {
    throw new DataError(`not a valid results file: it is nested more than ${MAX_NESTING} levels deep`, { file });
  }
  const parsed = resultsSchema.safeParse(value);
  if (!parsed.success) {
    throw new DataError(`not a valid results file: ${describeIssues(parsed.error.issues)}`, { file });
  }
  const inconsistency = findInconsistency(parsed.data);
  if (inconsistency !== null) throw new DataError(`not a valid results file: ${inconsistency}`, { file });
  return parsed.data;
}

/** Explains why a text is not JSON, in particular for NaN and Infinity, which other programs write. */
function describeSyntax(text: string, error: Error): string {
  const constant = /[:[,]\s*(-?(?:NaN|Infinity))\b/.exec(text);
  if (constant === null) return `it is not valid JSON (${error.message})`;
  const line = text.slice(0, constant.index).split("\n").length;
  return `it has the value ${constant[1]} in line ${line}, which JSON does not know; an undefined value must be null`;
}

/**
 * Reads and checks a `results.json`.
 *
 * @throws DataError naming the file and its invalid fields, or if it has another version, is not a regular file or is
 * too large.
 * @throws Deno.errors.NotFound and other errors of the file system.
 */
export async function readResults(path: string): Promise<Results> {
  await requireObject(path);
  const text = await readRegularText(path, RESULTS);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${describeSyntax(text, error as Error)}`, { file: path });
  }
  return checkResults(value, { file: path });
}

/** Rejects a large file of another kind by its first bytes. */
async function requireObject(path: string): Promise<void> {
  using opened = await openRegular(path, RESULTS);
  const head = new Uint8Array(Math.min(opened.size, 1024));
  readExactly(opened.file, head, 0);
  if (opened.size > 0 && !/^\uFEFF?\s*\{/.test(new TextDecoder().decode(head))) {
    throw new DataError('this is not a results file: it must be an object with "schema": "mmvm-results"', {
      file: path,
    });
  }
}

/** The file's text in chunks, with one record per line, so that no chunk exceeds the maximum string length. */
function* serialise(results: Results): Generator<string> {
  yield "{";
  let first = true;
  for (const [key, value] of Object.entries(results)) {
    yield `${first ? "" : ","}\n${JSON.stringify(key)}: `;
    first = false;
    if (!Array.isArray(value)) {
      yield JSON.stringify(value);
      continue;
    }
    yield "[";
    for (const [i, record] of value.entries()) yield `${i > 0 ? "," : ""}\n${JSON.stringify(record)}`;
    yield value.length > 0 ? "\n]" : "]";
  }
  yield "\n}\n";
}

/**
 * Checks a `results.json` and writes it atomically.
 *
 * @throws DataError naming the invalid fields (JSON would silently turn NaN into null); nothing is written then.
 */
export async function writeResults(path: string, results: Results): Promise<void> {
  checkResults(results, { file: path });
  await makeFolder(dirname(path));
  await writeFileAtomic(path, serialise(results));
}
