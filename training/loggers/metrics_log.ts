/**
 * `metrics.jsonl`, the log that every run has: one JSON object a line.
 *
 * @module
 */
import { syncFile, writeAll, writeFileAtomic } from "../../base/atomic_file.ts";
import { nameFile } from "../../base/errors.ts";
import { openForUpdateSync } from "../../base/regular_file.ts";
import type { LoggedLine, RunLogger } from "./logger.ts";

/** The lines of a run as JSON. */
export class MetricsLog implements RunLogger {
  /** @param path The file. */
  constructor(private readonly path: string) {}

  async begin(lines: readonly LoggedLine[]): Promise<void> {
    await writeFileAtomic(this.path, jsonLines(lines));
  }

  write(lines: readonly LoggedLine[]): void {
    if (lines.length === 0) return;
    try {
      using file = openForUpdateSync(this.path, { append: true });
      writeAll(file, new TextEncoder().encode(jsonLines(lines)));
    } catch (error) {
      throw nameFile(error, this.path);
    }
  }

  async sync(): Promise<void> {
    await syncFile(this.path);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  evaluated(): Promise<void> {
    return Promise.resolve();
  }
}

function jsonLines(lines: readonly LoggedLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
