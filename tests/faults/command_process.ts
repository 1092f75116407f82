import assert from "node:assert/strict";

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process whose standard error is read while it runs. */
export class CommandProcess {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  #stderr = "";
  #over = false;
  #wake: () => void = () => {};

  constructor([program, ...args]: readonly string[], { cwd }: { cwd: string }) {
    const env: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1" };
    // Where the tests were started from is not where the user of this command stands.
    delete env.INIT_CWD;
    const stdio = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(program!, { args, cwd, clearEnv: true, env, ...stdio }).spawn();
    this.ended = this.#follow();
  }

  /**
   * Waits until standard error shows a text.
   *
   * @throws {AssertionError} where the process ends without.
   */
  async until(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      assert.ok(!this.#over, `ended before it said ${JSON.stringify(text)}:\n${this.#stderr}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Sends a signal; nothing happens where the process has ended by itself. */
  kill(signal: "SIGKILL" | "SIGINT" | "SIGTERM"): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #follow(): Promise<Ended> {
    const decoder = new TextDecoder();
    const reading = (async () => {
      for await (const chunk of this.#child.stderr) {
        this.#stderr += decoder.decode(chunk, { stream: true });
        this.#wake();
      }
    })();
    const [stdout, { code, signal }] = await Promise.all([
      new Response(this.#child.stdout).text(),
      this.#child.status,
      reading,
    ]);
    this.#over = true;
    this.#wake();
    return { code, signal, stdout, stderr: this.#stderr };
  }
}
