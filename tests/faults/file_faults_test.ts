/**
 * A fault in every kind of file operation: whichever operation of a task fails, the task either copes or ends with a
 * message for the user, and run again without faults it has the same outcome as if nothing had happened.
 *
 * Calls are grouped by where they come from (`call_sites.ts`); the first, a middle and the last call of each site are
 * tried with every kind of fault. The suite tries a fixed sample. `deno task test:faults` tries all, in hours. Its
 * variables:
 * - MMVM_FAULTS=n tries every nth case.
 * - MMVM_FAULTS_MINUTES ends a task's cases after that long.
 * - MMVM_FAULTS_LOG names a file that gets a line after every case. Cases that stand in it and lost nothing are not
 *   tried again, so the same command goes on with what is left.
 * - MMVM_FAULTS_KINDS, such as `EINTR,half`, restricts the kinds of faults, which are tried in this order.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sentenceForUser } from "../../cli/terminal/errors.ts";
import { ReplaceableDevice } from "../../training/mod.ts";
import { Device } from "../../runtime/mod.ts";
import { chosenCalls, type SiteCall } from "./call_sites.ts";
import { startOf, type TaskName, TASKS, tryFault } from "./fault_sweep.ts";
import { FaultLog } from "./fault_log.ts";
import { type FaultCase, FILE_FAULTS, type FileFault } from "./file_intervention.ts";
import { injectFileFault } from "./inject_file_fault.ts";

/** The suite tries every STRIDE-th pair of a call and a fault; a prime, so that all kinds of both occur. */
const STRIDE = Number(Deno.env.get("MMVM_FAULTS") ?? 173);
const MINUTES = Number(Deno.env.get("MMVM_FAULTS_MINUTES") ?? Infinity);
const LOG = new FaultLog(Deno.env.get("MMVM_FAULTS_LOG"));
const KINDS = Deno.env.get("MMVM_FAULTS_KINDS")?.split(",").map(faultOf) ?? FILE_FAULTS;

function faultOf(name: string): FileFault {
  const fault = FILE_FAULTS.find((fault) => fault === name);
  assert.ok(fault, `MMVM_FAULTS_KINDS names ${name}, which is not one of ${FILE_FAULTS.join(", ")}`);
  return fault;
}

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
    // The outcome without a fault, and the sites of all calls.
    let sites: readonly string[] = [];
    const { outcome: expected } = await tryFault(task, {
      start,
      devices,
      withFault: (folder, work) =>
        injectFileFault({ folder, fault: "EIO" }, work, (injected) => sites = injected.sites),
    });
    assert.ok(sites.length > 5);
    const calls = chosenCalls(sites);
    const cases: readonly FaultCase[] = KINDS.flatMap((fault) => calls.map((target) => ({ ...target, fault })))
      .filter((_, i) => i % STRIDE === 0)
      .filter((each) => !LOG.hasPassed(task, each));
    const end = performance.now() + MINUTES * 60_000;
    const problems: string[] = [];
    let [tried, hit, failed] = [0, 0, 0];
    for (const { fault, ...target } of cases) {
      if (performance.now() > end) break;
      const { came, ended, problem } = await tryOne(task, { start, target, fault, expected });
      tried++;
      hit += came ? 1 : 0;
      failed += ended ? 1 : 0;
      if (problem !== undefined) problems.push(problem);
      await LOG.add({ task, tried, of: cases.length, hit, failed, problem, fault, ...target });
    }
    const count = new Set(sites).size;
    await test.step(
      `${sites.length} calls of ${count} sites, ${cases.length} faults, ${tried} tried: ${hit} took place, ` +
        `${failed} ended the task, ${problems.length} lost something`,
      () => assert.deepEqual(problems, []),
    );
  });
}

/** Injects a fault; returns whether it took place, whether the task failed, and what was wrong afterwards. */
async function tryOne(
  task: TaskName,
  { start, target, fault, expected }: {
    start: string;
    target: SiteCall;
    fault: FileFault;
    expected: Record<string, string>;
  },
): Promise<{ came: boolean; ended: boolean; problem?: string }> {
  let what = `${task}: ${fault} at call ${target.occurrence} of ${target.site}`;
  let came = false;
  const onEnd = ({ hit }: { hit: string | undefined }) => {
    came = hit !== undefined;
    what = `${what}, ${hit ?? "which never came"}`;
  };
  try {
    const { failed, error, outcome } = await tryFault(task, {
      start,
      devices,
      withFault: (folder, work) => injectFileFault({ folder, target, fault }, work, onEnd),
    });
    const different = Object.keys(expected).filter((part) => outcome[part] !== expected[part]);
    if (different.length > 0) return { came, ended: failed, problem: `${what}: other ${different.join(", ")}` };
    if (!failed || sentenceForUser(error as Error) !== undefined) return { came, ended: failed };
    return { came, ended: true, problem: `${what} is called a bug: ${(error as Error).stack}` };
  } catch (error) {
    return { came, ended: true, problem: `${what}: the task cannot be run again: ${(error as Error).stack}` };
  }
}
