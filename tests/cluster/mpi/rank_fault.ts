/**
 * Preload module: before step `at`, rank `rank` prints `RANK r PID p` on standard error, and then waits for SIGTERM
 * (`what=wait`), hangs for ever (`what=hang`), or exits as if nothing was wrong (`what=exit`).
 *
 * @module
 */
import { launchOf } from "../../../cluster/mpi/mod.ts";
import { ParallelTrainer } from "../../../models/mod.ts";

const parameters = new URL(import.meta.url).searchParams;
const number = (name: string) => Number(parameters.get(name));

const { promise: arrived, resolve } = Promise.withResolvers<void>();
if (parameters.get("what") === "wait") Deno.addSignalListener("SIGTERM", resolve);

const { step } = ParallelTrainer.prototype;
ParallelTrainer.prototype.step = async function (batch, settings, options) {
  const rank = launchOf((name) => Deno.env.get(name))!.rank;
  if (settings.step === number("at") && rank === number("rank")) {
    console.error(`RANK ${rank} PID ${Deno.pid}`);
    const what = parameters.get("what");
    if (what === "exit") Deno.exit(0);
    if (what === "wait") await arrived;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  await step.call(this, batch, settings, options);
};
