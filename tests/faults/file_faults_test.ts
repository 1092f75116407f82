/**
 * A fault in every file operation: whichever operation of a task fails, the task either copes or ends with a message
 * for the user, and run again without faults it has the same outcome as if nothing had happened.
 *
 * The suite tries a fixed sample. `deno task test:faults` tries every call with every kind of fault, in hours; the
 * variable MMVM_FAULTS=n every nth of them.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sentenceForUser } from "../../cli/terminal/errors.ts";
import { ReplaceableDevice } from "../../training/mod.ts";
import { Device } from "../../runtime/mod.ts";
import { startOf, type TaskName, TASKS, tryFault } from "./fault_sweep.ts";
import { FILE_FAULTS, type FileFault, injectFileFault } from "./inject_file_fault.ts";

/** The suite tries every STRIDE-th pair of a call and a fault; a prime, so that all kinds of both occur. */
const STRIDE = Number(Deno.env.get("MMVM_FAULTS") ?? 251);

let devices: ReplaceableDevice;
let folder: string;
Deno.test.beforeAll(async () => {
  devices = await ReplaceableDevice.open(() => Device.open());
  folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm_faults_" }));
});
Deno.test.afterAll(async () => {
  devices[Symbol.dispose]();
  await Deno.remove(folder, { recursive: true });
});

for (const task of Object.keys(TASKS) as TaskName[]) {
  Deno.test(`${task}: a fault in any file operation loses nothing (tries one in ${STRIDE})`, async (test) => {
    const start = join(folder, task);
    await startOf(task, { folder: start, devices });
    // The outcome without a fault, and the number of calls.
    let calls = 0;
    const { outcome: expected } = await tryFault(task, {
      start,
      devices,
      withFault: (folder, work) =>
        injectFileFault({ folder, nth: Infinity, fault: "EIO" }, work, (injected) => calls = injected.calls),
    });
    assert.ok(calls > 5);
    const cases = Array.from({ length: calls }, (_, call) => FILE_FAULTS.map((fault) => ({ nth: call + 1, fault })))
      .flat().filter((_, i) => i % STRIDE === 0);
    const problems: string[] = [];
    let failed = 0;
    for (const { nth, fault } of cases) {
      const { ended, problem } = await tryOne(task, { start, nth, fault, expected });
      failed += ended ? 1 : 0;
      if (problem !== undefined) problems.push(problem);
    }
    await test.step(
      `${calls} calls, ${cases.length} faults: ${failed} ended the task, ${problems.length} lost something`,
      () => assert.deepEqual(problems, []),
    );
  });
}

/** Injects a fault; returns whether the task failed, and what was wrong afterwards. */
async function tryOne(
  task: TaskName,
  { start, nth, fault, expected }: { start: string; nth: number; fault: FileFault; expected: Record<string, string> },
): Promise<{ ended: boolean; problem?: string }> {
  let what = `${task}: ${fault} at call ${nth}`;
  try {
    const { failed, error, outcome } = await tryFault(task, {
      start,
      devices,
      withFault: (folder, work) =>
        injectFileFault({ folder, nth, fault }, work, ({ hit }) => what = `${what}, ${hit ?? "which never came"}`),
    });
    const different = Object.keys(expected).filter((part) => outcome[part] !== expected[part]);
    if (different.length > 0) return { ended: failed, problem: `${what}: other ${different.join(", ")}` };
    if (!failed || sentenceForUser(error as Error) !== undefined) return { ended: failed };
    return { ended: true, problem: `${what} is called a bug: ${(error as Error).stack}` };
  } catch (error) {
    return { ended: true, problem: `${what}: the task cannot be run again: ${(error as Error).stack}` };
  }
}
