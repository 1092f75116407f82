/**
 * The page script that runs the engine's tests in a browser: replacements for `Deno.test()` and `Deno.readFile()`.
 *
 * @module
 */

import { shareDevices } from "./shared_devices.ts";

/** The outcome of a test or test step. */
export interface Outcome {
  readonly name: string;
  readonly milliseconds: number;
  /** The error, if one was thrown. */
  readonly error?: string;
}

interface Steps {
  step(name: string, body: (steps: Steps) => Promise<void> | void): Promise<boolean>;
}

type Body = (steps: Steps) => Promise<void> | void;

/** The interface called by the driving test. */
export interface TestPage {
  /** Loads a bundle and runs the tests it registers in sequence. */
  runTests(bundle: string): Promise<Outcome[]>;
  /** The name of the running test, or of the last one. */
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

// Tests of what a device is need devices of their own.
if (location.search !== "?own-devices") shareDevices();
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
