/**
 * SIGINT, SIGTERM and SIGHUP as an abort signal and an exit code.
 *
 * @module
 */

/** Whether the user asked a task to stop. */
export interface StopSignals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** What the process should exit with once it has stopped: 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP. */
  exitCode: number;
}

/** Milliseconds within which further signals count as the same request. */
const SAME_REQUEST = 2000;

/** The parts of the system that {@linkcode stopSignals} uses. */
export interface SignalSource {
  readonly listen: (name: "SIGINT" | "SIGTERM" | "SIGHUP", handler: () => void) => void;
  readonly exit: (code: number) => void;
  /** Milliseconds since any fixed moment. */
  readonly now: () => number;
}

const SYSTEM: SignalSource = {
  listen: (name, handler) => Deno.addSignalListener(name, handler),
  exit: (code) => Deno.exit(code),
  now: () => performance.now(),
};

/**
 * Lets a task shut down gracefully: the first SIGINT, SIGTERM or SIGHUP prints what is being done and aborts the
 * signal; a later one exits immediately. Signals within two seconds of the first are the same request: a terminal
 * signals the whole process group and `deno task` forwards its own signal, so that one Ctrl-C may arrive twice, and
 * closing a window sends SIGHUP and often SIGTERM.
 *
 * A process that handles SIGHUP is not protected by `nohup`, which only makes the system ignore that signal: closing
 * the terminal then saves and stops the run. `setsid` or a terminal multiplexer keeps it running.
 *
 * @param doing What is being done, for example `saving what is prepared`.
 */
export function stopSignals(doing: string, { listen, exit, now }: SignalSource = SYSTEM): StopSignals {
  const controller = new AbortController();
  const stop = { signal: controller.signal, exitCode: 1 };
  let first = 0;
  const on = (name: "SIGINT" | "SIGTERM" | "SIGHUP", exitCode: number) =>
    listen(name, () => {
      if (controller.signal.aborted) {
        if (now() - first >= SAME_REQUEST) exit(exitCode);
        return;
      }
      first = now();
      stop.exitCode = exitCode;
      console.error(`\n${name}: ${doing}; again after ${SAME_REQUEST / 1000} s to stop at once`);
      controller.abort();
    });
  on("SIGINT", 130);
  // Windows has no SIGTERM.
  if (Deno.build.os !== "windows") {
    on("SIGTERM", 143);
    on("SIGHUP", 129);
  }
  return stop;
}
