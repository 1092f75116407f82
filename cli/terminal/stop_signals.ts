/** Whether the user asked a task to stop. */
export interface StopSignals {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** What the process should exit with once it has stopped: 130 after SIGINT, 143 after SIGTERM. */
  exitCode: number;
}

/**
 * Lets a task end in order: the first SIGINT or SIGTERM prints what is being done about it and aborts the signal, a second one ends the
 * process at once.
 */
export function stopSignals(doing: string): StopSignals {
  const controller = new AbortController();
  const stop = { signal: controller.signal, exitCode: 1 };
  const listen = (name: "SIGINT" | "SIGTERM", exitCode: number) =>
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(exitCode);
      stop.exitCode = exitCode;
      console.error(`\n${name}: ${doing}; once more to stop at once`);
      controller.abort();
    });
  listen("SIGINT", 130);
  // Windows knows no SIGTERM.
  if (Deno.build.os !== "windows") listen("SIGTERM", 143);
  return stop;
}
