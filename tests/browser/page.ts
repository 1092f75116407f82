/**
 * The page's side of running the engine's tests in a browser: what stands for `Deno.test()` and `Deno.readFile()` there.
 *
 * @module
 */

/** How a test, or a step of one, ended. */
export interface Outcome {
  readonly name: string;
  readonly milliseconds: number;
  /** What was thrown, if anything. */
  readonly error?: string;
}

interface Steps {
  step(name: string, body: (steps: Steps) => Promise<void> | void): Promise<boolean>;
}

type Body = (steps: Steps) => Promise<void> | void;

/** What the test's side calls. */
export interface TestPage {
  /** Loads a bundle and runs the tests that it registers, one after another. */
  runTests(bundle: string): Promise<Outcome[]>;
  /** The test that is running, or the last one that ran. */
  currentTest: string;
}

const tests: { name: string; body: Body }[] = [];
const page = globalThis as unknown as TestPage;

async function run(name: string, body: Body, outcomes: Outcome[]): Promise<boolean> {
  page.currentTest = name;
  const start = performance.now();
  const failed: string[] = [];
  const step = async (child: string, work: Body) => {
    const passed = await run(`${name} > ${child}`, work, outcomes);
    if (!passed) failed.push(child);
    return passed;
  };
  let error: string | undefined;
  try {
    await body({ step });
    if (failed.length) error = `steps failed: ${failed.join(", ")}`;
  } catch (reason) {
    error = reason instanceof Error ? reason.stack ?? String(reason) : String(reason);
  }
  outcomes.push({ name, milliseconds: performance.now() - start, ...(error === undefined ? {} : { error }) });
  return error === undefined;
}

Object.assign(globalThis, {
  testInBrowser(name: string, body: Body): void {
    tests.push({ name, body });
  },
  async readFileInBrowser(path: string | URL): Promise<Uint8Array> {
    const response = await fetch(new URL(path, location.origin));
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  },
  currentTest: "none yet",
  async runTests(bundle: string): Promise<Outcome[]> {
    await import(bundle);
    const outcomes: Outcome[] = [];
    for (const { name, body } of tests.splice(0)) await run(name, body, outcomes);
    return outcomes;
  },
});
