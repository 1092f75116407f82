/**
 * The worker that performs runs of an experiment one at a time on its own device.
 *
 * @module
 */
import { openRunData, type RunData } from "../training/data/run_data.ts";
import type { NeededData } from "../training/data/run_views.ts";
import { ReplaceableDevice } from "../training/replaceable_device.ts";
import type { DataConfig } from "../training/run/run_config.ts";
import { performRun } from "./perform_run.ts";
import {
  failureOf,
  type OpenedData,
  type RunReply,
  type RunRequest,
  type RunSetup,
  testData,
  wholeData,
} from "./run_messages.ts";

/** The part of a module worker's global scope used here, which the DOM's `window` types do not describe. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<RunRequest>) => void) | null;
  postMessage(message: RunReply): void;
}

const scope = globalThis as unknown as WorkerScope;
const stop = new AbortController();
let setup: RunSetup | undefined;
let opened: OpenedData | undefined;
let devices: ReplaceableDevice | undefined;

scope.onmessage = ({ data: request }) => {
  answer(request).then(
    (reply) => reply && scope.postMessage(reply),
    (error) => {
      scope.postMessage(
        stop.signal.aborted && error === stop.signal.reason
          ? { kind: "performed", finished: false }
          : { kind: "failed", error: failureOf(error) },
      );
    },
  );
};

async function answer(request: RunRequest): Promise<RunReply | undefined> {
  switch (request.kind) {
    case "setup":
      setup = request.setup;
      return undefined;
    case "stop":
      stop.abort();
      return undefined;
    case "open":
      await open(request);
      return { kind: "opened" };
    case "perform": {
      devices ??= await ReplaceableDevice.open();
      const finished = await performRun(request.job, {
        ...setup!,
        whole: opened!.data,
        tests: opened!.tests,
        devices,
        signal: stop.signal,
        onProgress: (progress) => scope.postMessage({ kind: "progress", progress }),
        onWarning: (message) => scope.postMessage({ kind: "warning", message }),
      });
      return { kind: "performed", finished };
    }
  }
}

async function open({ data, imageSize, texts, tests }: NeededData & { tests: readonly string[] }): Promise<void> {
  const needed = { data: wholeData(data), imageSize, texts };
  const key = JSON.stringify([needed, tests]);
  if (opened?.key === key) return;
  opened = undefined;
  const read = (own: DataConfig) =>
    openRunData({ ...needed, data: own, cacheDir: setup!.cacheDir, signal: stop.signal });
  const own = await read(needed.data);
  const others = new Map<string, RunData>();
  for (const root of tests) others.set(root, await read(testData(needed.data, root)));
  opened = { key, data: own, tests: others };
}
