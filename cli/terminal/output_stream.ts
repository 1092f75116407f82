/**
 * Standard output as a stream for progress that is itself what was asked for.
 *
 * @module
 */
import type { ProgressStream } from "./progress.ts";

/**
 * Standard output, with a live bar only on a terminal that can redraw a line: a dumb one (`TERM=dumb`) gets plain lines
 * like a pipe.
 *
 * @param options.onGone Called when nobody reads any more, as behind `| head`; what is written then is dropped.
 */
export function plainOrTerminal({ onGone }: { onGone: () => void }): ProgressStream {
  const isTTY = Deno.stdout.isTerminal() && !isDumb();
  const encoder = new TextEncoder();
  return {
    isTTY,
    columns: isTTY ? columns() : 80,
    write(text) {
      try {
        const bytes = encoder.encode(text);
        for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
        return true;
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        onGone();
        return false;
      }
    },
  };
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

function isDumb(): boolean {
  try {
    return Deno.env.get("TERM") === "dumb";
  } catch {
    // The installed program may not look.
    return false;
  }
}
