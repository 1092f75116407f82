/**
 * Reads the JUnit reports that `deno test --junit-path` writes.
 *
 * @module
 */

/** A test by its file and name. */
export interface TestName {
  readonly file: string;
  readonly name: string;
}

/** Outcome of a run of the tests. Steps count as part of their test, except that a skipped step is listed. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly TestName[];
  /** Wall-clock seconds that each file's tests took. */
  readonly seconds: ReadonlyMap<string, number>;
}

const STEP = " > ";

/** Counts the tests of a JUnit report. It does not contain the tests of a file that could not be loaded. */
export function countTests(xml: string): TestCounts {
  let passed = 0;
  let failed = 0;
  const skipped: TestName[] = [];
  const seconds = new Map<string, number>();
  const tests = new Set<string>();
  for (const [, attributes = "", body = ""] of xml.matchAll(/<testcase\s([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
    const test = { file: attribute(attributes, "classname"), name: attribute(attributes, "name") };
    if (body.includes("<skipped")) skipped.push(test);
    tests.add(`${test.file}\n${test.name}`);
    if (isStep(test, tests)) continue;
    seconds.set(test.file, (seconds.get(test.file) ?? 0) + Number(attribute(attributes, "time")));
    if (/<(failure|error)\b/.test(body)) failed++;
    else if (!body.includes("<skipped")) passed++;
  }
  return { passed, failed, skipped, seconds };
}

/** Whether a test is a step: those are called `TEST > STEP` and follow their test. */
function isStep({ file, name }: TestName, tests: ReadonlySet<string>): boolean {
  for (let end = name.indexOf(STEP); end >= 0; end = name.indexOf(STEP, end + 1)) {
    if (tests.has(`${file}\n${name.slice(0, end)}`)) return true;
  }
  return false;
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replaceAll(/&(lt|gt|quot|apos|amp|#\d+|#x[0-9a-f]+);/gi, (_, entity: string) => unescaped(entity));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescaped(entity: string): string {
  const named = ENTITIES[entity];
  if (named !== undefined) return named;
  const hex = entity.startsWith("#x");
  return String.fromCodePoint(Number.parseInt(entity.slice(hex ? 2 : 1), hex ? 16 : 10));
}
