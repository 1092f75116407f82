/**
 * Starts the project's workers through `faulty_worker.ts`, so that faults reach their file operations.
 *
 * @module
 */
import type { FaultyStart, Injection, InjectionReport } from "./file_intervention.ts";

/** Workers that open files. */
const READS_FILES = /\/(decode|loader)_worker\.ts$/;

/** Replaces `Worker`: while there is an injection, workers that open files take part in it. */
export function interceptWorkers(
  injectionNow: () => { injection: Injection; report: (what: InjectionReport) => void } | undefined,
): void {
  const Original = globalThis.Worker;
  const ports = new WeakMap<Worker, MessagePort>();
  globalThis.Worker = class extends Original {
    constructor(module: string | URL, options?: WorkerOptions) {
      const now = READS_FILES.test(String(module)) ? injectionNow() : undefined;
      super(now ? new URL("./faulty_worker.ts", import.meta.url) : module, options);
      if (!now) return;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }: MessageEvent<InjectionReport>) => now.report(data);
      ports.set(this, port1);
      this.postMessage(
        { module: String(module), injection: now.injection, port: port2 } satisfies FaultyStart,
        [port2],
      );
    }

    override terminate(): void {
      super.terminate();
      const port = ports.get(this);
      // What it had sent is still delivered.
      if (port) setTimeout(() => port.close());
    }
  };
}
